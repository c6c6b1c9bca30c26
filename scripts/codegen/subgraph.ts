/**
 * Writes the subgraph's SDL to `schema.graphql`, for composition without a running service. `npm run schema:print` runs it;
 * with `--check` it writes nothing and fails when the file isn't up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createSchema } from '../../src/schema/create-schema.ts';
import { printSubgraph } from '../../src/schema/federation/subgraph-sdl.ts';

const path = 'schema.graphql';
const { values: flags } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const sdl = `# Generated from schema/ by \`npm run schema:print\`. Do not edit.\n\n${printSubgraph(createSchema())}`;
if (!flags.check) {
  writeFileSync(path, sdl);
} else if (readFileSync(path, 'utf8') !== sdl) {
  console.error(`${path} is not up to date: npm run schema:print`);
  process.exitCode = 1;
}
