/** A second subgraph: incidents, which refer to runs by their ids. `node incidents.ts` serves it at port 4001. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';

export interface Incident {
  readonly id: string;
  readonly title: string;
  /** The `id` of a `MonitorRun`. */
  readonly runId: string;
}

/** Runs of the sandbox. */
const examples: readonly Incident[] = [
  { id: '1', title: 'Orders lack their discount code', runId: 'DATAFOLD:7:42' },
  { id: '2', title: 'Lever One got cheaper', runId: 'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd' },
  { id: '3', title: 'The discount report is empty', runId: 'DATAFOLD:7:42' },
];

/** What federation gateways request of every subgraph. */
const federation = `
  scalar _Any
  union _Entity = Incident | MonitorRun
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
`;

interface Representation {
  readonly __typename: 'Incident' | 'MonitorRun';
  readonly id: string;
}

/** The subgraph as a listener for `node:http`, and as a value with `fetch`. */
export function createIncidents(incidents: readonly Incident[] = examples) {
  const schema = createSchema({
    // The directives are defined by federation, and by nothing here.
    assumeValidSDL: true,
    typeDefs: [readFileSync(new URL('incidents.graphql', import.meta.url), 'utf8'), federation],
    resolvers: {
      Query: {
        incidents: () => incidents,
        _entities: (_query: unknown, { representations }: { representations: readonly Representation[] }) =>
          representations.map(({ __typename, id }) =>
            __typename === 'MonitorRun'
              ? { __typename, id }
              : { __typename, ...incidents.find((one) => one.id === id) },
          ),
      },
      Incident: { run: ({ runId }: Incident) => ({ id: runId }) },
      MonitorRun: { incidents: ({ id }: { id: string }) => incidents.filter(({ runId }) => runId === id) },
    },
  });
  return createYoga({ schema, logging: false });
}

if (import.meta.main) createServer(createIncidents()).listen(4001);
