/**
 * Writes the example operations as graphql 17 prints them, where that is another text than version 16 prints: clients name a
 * document by the SHA-256 of its text. `npm run codegen` runs it, behind what writes the manifest of version 16.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { toHash } from '../../src/graphql/documents/persisted-documents.ts';
import { writeGenerated } from './write-generated.ts';

const { parse, print } = createRequire(import.meta.url)('graphql-17') as typeof import('graphql');

const manifest: Record<string, string> = JSON.parse(readFileSync('src/generated/persisted-documents.json', 'utf8'));
const texts = Object.values(manifest).map((text) => print(parse(text)));
const others = texts.filter((text) => manifest[toHash(text)] === undefined).map((text) => [toHash(text), text]);
writeGenerated(
  'src/generated/persisted-documents-17.json',
  `${JSON.stringify(Object.fromEntries(others), null, 2)}\n`,
  'npm run codegen',
);
