/**
 * Writes the schema as single files: `schema.graphql` for clients and their tools, and `subgraph.graphql`, with the directives of
 * federation, for composition without a running service. `npm run schema:print` runs it; with `--check` it writes nothing and
 * fails when a file isn't up to date.
 */
import { buildSchema, printSchema } from 'graphql';
import { sdl } from '../../src/generated/sdl.ts';
import { createSchema } from '../../src/schema/create-schema.ts';
import { printSubgraph } from '../../src/schema/federation.ts';
import { writeGenerated } from './write-generated.ts';

const command = 'npm run schema:print';
const banner = `# Generated from schema/ by \`${command}\`. Do not edit.\n\n`;
writeGenerated('schema.graphql', `${banner}${printSchema(buildSchema(sdl.join('\n')))}\n`, command);
writeGenerated('subgraph.graphql', banner + printSubgraph(createSchema()), command);
