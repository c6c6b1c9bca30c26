/** Our schema with straightforward resolvers: for every GraphQL server that takes a schema. */
import { globSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import type { DatafoldBody, OlostepBody } from '../upstream/runs.ts';
import { schemaFolder } from './environment.ts';
import { finishOf, type OlostepRun, phaseOf, startOf, toDatafoldRun, toLogPage, toOlostepRun } from './run.ts';

/** Created for each request. */
export interface Context {
  readonly runs: { load(key: MonitorRunKey): Promise<unknown> };
}

/** What a loader makes of the upstream's answer. */
export const toRun = (key: MonitorRunKey, body: unknown): unknown =>
  key.provider === 'DATAFOLD' ? toDatafoldRun(key, body as DatafoldBody) : toOlostepRun(key, body as OlostepBody);

type Ids = Omit<MonitorRunKey, 'provider'>;
interface PageArguments {
  readonly first: number;
  readonly after?: string;
  readonly kind?: string;
}

const resolvers = {
  Query: {
    monitorRun: (_: unknown, { key }: { key: MonitorRunKey }, { runs }: Context) => runs.load(key),
    monitorRuns: (_: unknown, { keys }: { keys: MonitorRunKey[] }, { runs }: Context) =>
      Promise.all(keys.map((key) => runs.load(key))),
    datafoldRun: (_: unknown, ids: Ids, { runs }: Context) => runs.load({ provider: 'DATAFOLD', ...ids }),
    olostepRun: (_: unknown, ids: Ids, { runs }: Context) => runs.load({ provider: 'OLOSTEP', ...ids }),
  },
  OlostepRun: {
    phase: phaseOf,
    startedAt: startOf,
    finishedAt: finishOf,
    events: ({ log }: OlostepRun, { first, after, kind }: PageArguments) => {
      return toLogPage(kind === undefined ? log : log.filter(({ event }) => event?.event === kind), first, after);
    },
  },
};

export function createSchema(): GraphQLSchema {
  const files = globSync('*.graphql', { cwd: schemaFolder }).sort();
  return makeExecutableSchema({
    typeDefs: files.map((file) => readFileSync(`${schemaFolder}${file}`, 'utf8')),
    resolvers,
    inheritResolversFromInterfaces: false,
  });
}
