/** Manifests of persisted documents, as the tools of clients write them -> the documents in them. */
import { isObject } from '../../json/lossless.ts';
import { isHash, toHash, toKey } from './document-id.ts';

/** The texts by their ids, as graphql-codegen's client preset and Relay write them; or all that Apollo writes. */
export type Manifest = Readonly<Record<string, string>> | ApolloManifest;

export interface ApolloManifest {
  readonly format: 'apollo-persisted-query-manifest';
  readonly version: 1;
  readonly operations: readonly { readonly id: string; readonly body: string }[];
}

/** A document that clients may name. */
export interface ListedDocument {
  readonly id: string;
  readonly text: string;
}

/**
 * The documents of a manifest, without those that are wrong; adds what that is to `problems`.
 *
 * An id that has the form of a SHA-256 is held to its text, as clients may add texts under such ids themselves. Other ids
 * (Relay's MD5, SHA-1, numbers of a store) are as good as names: the author of the manifest says what they mean.
 */
export function readManifest(manifest: unknown, problems: string[]): ListedDocument[] {
  const entries = toEntries(manifest);
  if (entries === undefined) {
    problems.push('expected an object of texts by their ids, or a manifest of Apollo, version 1');
    return [];
  }
  return entries.flatMap(([id, text], place) => {
    const isListed = typeof id === 'string' && id !== '' && typeof text === 'string';
    if (isListed && (!isHash(id) || toKey(id) === toHash(text))) return [{ id, text }];
    const expected = isListed ? 'the SHA-256 of its text, in lower-case hex' : 'an id and a text';
    problems.push(`${typeof id === 'string' ? JSON.stringify(id) : `operation ${place + 1}`}: expected ${expected}`);
    return [];
  });
}

/** Ids and texts, not checked yet. */
function toEntries(manifest: unknown): [id: unknown, text: unknown][] | undefined {
  if (!isObject(manifest)) return undefined;
  const { format, version, operations } = manifest;
  if (format !== 'apollo-persisted-query-manifest') return Object.entries(manifest);
  if (version !== 1 || !Array.isArray(operations)) return undefined;
  return operations.map((operation) => (isObject(operation) ? [operation.id, operation.body] : [undefined, undefined]));
}
