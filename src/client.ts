/**
 * What a client of the graph needs, published as `monitor-graph/client`: the example operations as typed documents, the
 * types of the schema, and which types each interface has. It imports nothing of the service.
 */
import fragments from './generated/possible-types.ts';

export * from './generated/operations.ts';
export type * from './generated/types.ts';

/** The object types of each interface by its name, as Apollo Client's `InMemoryCache` takes them. */
export const { possibleTypes } = fragments;
