/** A question as a contender understands it, and what must be answered. */
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { runs } from '../upstream/runs.ts';

export interface Ask {
  readonly path: string;
  readonly body: string;
  /** The whole answer. */
  readonly expected: unknown;
  /** How many upstream calls it costs. */
  readonly calls: number;
}

/** `graph`: our schema. `openapi`: the schema that a gateway makes of our OpenAPI documents. */
export type Dialect = 'bare' | 'rest' | 'graph' | 'openapi';

/** The same question in every dialect that it can be asked in. */
export interface Asks extends Readonly<Partial<Record<Dialect, Ask>>> {
  /** How many upstream calls it costs our service, where that knows of fewer. */
  readonly oursCalls?: number;
}

/** The question for a contender; `undefined` when it can't be asked. */
export function askOf(
  { oursCalls, ...asks }: Asks,
  { dialect, isOurs = false }: { dialect: Dialect; isOurs?: boolean },
) {
  const ask = asks[dialect];
  return ask && isOurs && oursCalls !== undefined ? { ...ask, calls: oursCalls } : ask;
}

/** A list of runs, answered with what the upstream says of each. */
export function askBare(keys: readonly MonitorRunKey[]): Ask {
  const bodies = new Map(runs.map(({ key, body }) => [key, body]));
  return {
    path: '/',
    body: JSON.stringify(keys),
    expected: keys.map((key) => bodies.get(key)),
    calls: new Set(keys).size,
  };
}

/** A route of the REST backend. */
export const askRest = (path: string, question: unknown, expected: unknown, calls: number): Ask => ({
  path,
  body: JSON.stringify(question),
  expected,
  calls,
});

/** An operation on a graph. */
export const askGraph = (query: string, variables: object, data: unknown, calls: number): Ask => ({
  path: '/graphql',
  body: JSON.stringify({ query, variables }),
  expected: { data },
  calls,
});
