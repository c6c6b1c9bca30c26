/** SDL + resolvers -> executable schema. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { sdl } from '../generated/sdl.ts';
import { resolvers } from '../resolvers/resolvers.ts';
import { withStringCosts } from './charge-strings.ts';
import { toSubgraph } from './federation/subgraph.ts';
import { withExactIds } from './id-scalar.ts';

export function createSchema(): GraphQLSchema {
  const plain = makeExecutableSchema({
    typeDefs: [...sdl],
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    // At each start these would take a third of the time: a test checks that it is valid, and no other code has it yet.
    assumeValidSDL: true,
    updateResolversInPlace: true,
  });
  return withStringCosts(withExactIds(toSubgraph(plain)));
}
