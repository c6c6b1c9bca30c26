/** A question as a contender understands it, and what must be answered. */
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { runs } from '../upstream/runs.ts';

export interface SendRequest {
  readonly path: string;
  readonly body: string;
  /** The whole answer. */
  readonly expected: unknown;
  /** How many upstream calls it costs. */
  readonly calls: number;
}

/** `graph`: our schema. `openapi`: the schema that a gateway makes of our OpenAPI documents. */
export type Dialect = 'bare' | 'rest' | 'graph' | 'openapi';

/** The same request in every dialect that it can be sent in. */
export interface Requests extends Readonly<Partial<Record<Dialect, SendRequest>>> {
  /** How many upstream calls it costs our service, where that knows of fewer. */
  readonly oursCalls?: number;
}

/** The request for a contender; `undefined` when there is none. */
export function requestOf(
  { oursCalls, ...variants }: Requests,
  { dialect, isOurs = false }: { dialect: Dialect; isOurs?: boolean },
) {
  const execute = variants[dialect];
  return execute && isOurs && oursCalls !== undefined ? { ...execute, calls: oursCalls } : execute;
}

/** A list of runs, answered with what the upstream says of each. */
export function requestBare(keys: readonly MonitorRunKey[]): SendRequest {
  const bodies = new Map(runs.map(({ key, body }) => [key, body]));
  return {
    path: '/',
    body: JSON.stringify(keys),
    expected: keys.map((key) => bodies.get(key)),
    calls: new Set(keys).size,
  };
}

/** A route of the REST backend. */
export const requestRest = (path: string, question: unknown, expected: unknown, calls: number): SendRequest => ({
  path,
  body: JSON.stringify(question),
  expected,
  calls,
});

/** An operation on a graph. */
export const requestGraph = (query: string, variables: object, data: unknown, calls: number): SendRequest => ({
  path: '/graphql',
  body: JSON.stringify({ query, variables }),
  expected: { data },
  calls,
});
