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

/** The SDL of each subject. */
export const readSdl = (): string[] =>
  globSync('*.graphql', { cwd: folder })
    .sort()
    .map((file) => readFileSync(`${folder}${file}`, 'utf8'));

export function createSchema(): GraphQLSchema {
  const plain = makeExecutableSchema({
    typeDefs: readSdl(),
    resolvers,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    // At each start these would take a third of the time: a test sees that it is sound, and nobody else has it yet.
    assumeValidSDL: true,
    updateResolversInPlace: true,
  });
  return withPaidTexts(withExactIds(toSubgraph(plain)));
}
