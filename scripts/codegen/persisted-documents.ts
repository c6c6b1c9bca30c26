/** Plugin of graphql-codegen: the operations as a manifest of persisted documents. */
import { type DocumentNode, print } from 'graphql';
import { toHash } from '../../src/graphql/documents/persisted-documents.ts';

/** Each as clients print it, by the SHA-256 of that text, in hex. */
export function plugin(_schema: unknown, documents: readonly { readonly document?: DocumentNode }[]): string {
  const texts = documents.flatMap(({ document }) => (document === undefined ? [] : [print(document)]));
  const manifest = texts.map((text) => [toHash(text), text]);
  return `${JSON.stringify(Object.fromEntries(manifest), null, 2)}\n`;
}
