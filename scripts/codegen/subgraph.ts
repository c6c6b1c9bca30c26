/**
 * Writes the subgraph's SDL to `schema.graphql`, for composition without a running service. `npm run schema:print` runs it;
 * with `--check` it writes nothing and fails when the file isn't up to date.
 */
import { createSchema } from '../../src/schema/create-schema.ts';
import { printSubgraph } from '../../src/schema/federation/subgraph-sdl.ts';
import { writeGenerated } from './write-generated.ts';

const sdl = `# Generated from schema/ by \`npm run schema:print\`. Do not edit.\n\n${printSubgraph(createSchema())}`;
writeGenerated('schema.graphql', sdl, 'npm run schema:print');
