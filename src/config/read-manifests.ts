/** The manifests of persisted documents: those that the environment names, and the one of the example operations. */
import { readFileSync } from 'node:fs';
import exampleDocuments from '../generated/persisted-documents.json' with { type: 'json' };
import otherPrints from '../generated/persisted-documents-17.json' with { type: 'json' };
import type { Manifest } from '../graphql/documents/persisted-documents.ts';
import { withoutMarkInText } from '../json/lossless.ts';

/**
 * Reads them from their files, and adds what is wrong with one as JSON to `problems`, by its place and without its name.
 * What is in it is for the gateway to check.
 */
export function readManifests(paths: readonly string[], problems: string[]): Manifest[] {
  return paths.flatMap((path, place) => {
    try {
      return [JSON.parse(withoutMarkInText(readFileSync(path, 'utf8'))) as Manifest];
    } catch (error) {
      const expected = error instanceof SyntaxError ? 'JSON' : 'a file that can be read';
      problems.push(`PERSISTED_DOCUMENTS: manifest ${place + 1}: expected ${expected}`);
      return [];
    }
  });
}

/** Each example operation as clients print it, with graphql 16 and 17. Made by codegen. */
export const exampleManifest: Manifest = { ...exampleDocuments, ...otherPrints };
