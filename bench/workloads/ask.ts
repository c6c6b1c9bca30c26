/** A question as one contender understands it, and what it must answer. */
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { runs } from '../upstream/runs.ts';

export interface Ask {
  readonly path: string;
  readonly body: string;
  /** The whole answer. */
  readonly expected: unknown;
  /** How many upstream calls it may cost. */
  readonly calls: number;
}

/** A list of runs to the bare proxy, which answers what the upstream does. */
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
  // As clients send it: with the blanks of a document that somebody wrote.
  body: JSON.stringify({ query, variables }),
  expected: { data },
  calls,
});
