/** Hive Gateway before the two subgraphs. */
import type { GatewayConfigSupergraph } from '@graphql-hive/gateway-runtime';

/** What of a client's request the service of runs uses: who sends it, with which keys, and under which id. */
const forwarded = ['authorization', 'x-datafold-api-key', 'x-olostep-api-key', 'x-request-id'];

export const gatewayConfig = {
  supergraph: './supergraph.graphql',
  propagateHeaders: {
    // To the service of runs alone: keys are no business of any other subgraph.
    fromClientToSubgraphs: ({ request, subgraphName }) =>
      subgraphName === 'runs' ? Object.fromEntries(forwarded.map((name) => [name, request.headers.get(name)])) : {},
  },
} satisfies GatewayConfigSupergraph;
