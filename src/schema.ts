/** SDL + resolvers -> executable schema. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { toSubgraph } from './federation/subgraph.ts';
import { withExactIds } from './id-scalar.ts';
import { withPaidTexts } from './paid-texts.ts';
import { resolvers } from './resolvers.ts';

/** The folder of the SDL, one file a subject. Beside `src`, and beside what is built from it. */
const folder = fileURLToPath(new URL('../schema/', import.meta.url));

export function createSchema(): GraphQLSchema {
  const files = globSync('*.graphql', { cwd: folder }).sort();
  const plain = makeExecutableSchema({
    typeDefs: files.map((file) => readFileSync(`${folder}${file}`, 'utf8')),
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
  return withPaidTexts(withExactIds(toSubgraph(plain)));
}
