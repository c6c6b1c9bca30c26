/**
 * The persisted documents that the service is started with, by their ids: read from manifests, as the tools of clients write them.
 */

import { createHash } from 'node:crypto';
import { once } from '../../core/lazy.ts';
import { isObject } from '../../json/lossless.ts';
import type { DocumentCache } from './document-cache.ts';

export interface Allowlist {
  /** The text of an id. A SHA-256 finds every document, whatever its manifest calls it. */
  find(key: string): string | undefined;
  has(text: string): boolean;
}

/** The manifests aren't usable. Says everything that is wrong with them. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';

  constructor(problems: readonly string[]) {
    super(['The persisted documents are not usable:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

/**
 * @param manifests each document of them has to be valid, and within the limits
 * @param examples those that aren't are left out, as a service with tighter limits is to start all the same; they are looked at
 * when an id is first requested that isn't in a manifest
 * @throws {ManifestError}
 */
export function createAllowlist(
  documents: DocumentCache,
  manifests: readonly Manifest[],
  examples: Manifest,
): Allowlist {
  const problems: string[] = [];
  const texts = new Map<string, string>();

  const list = ({ id, text }: ListedDocument): string[] => {
    if ((texts.get(toKey(id)) ?? text) !== text) return ['expected one text for an id'];
    const { errors } = documents.pin(text);
    if (errors.length === 0) texts.set(toKey(id), text).set(toHash(text), text);
    return errors.map(({ message }) => message);
  };

  for (const [place, manifest] of manifests.entries()) {
    const found: string[] = [];
    for (const listed of readManifest(manifest, found))
      found.push(...list(listed).map((problem) => `${JSON.stringify(listed.id)}: ${problem}`));
    problems.push(...found.map((problem) => `manifest ${place + 1}: ${problem}`));
  }
  if (problems.length > 0) throw new ManifestError(problems);

  const listExamples = once(() => {
    for (const example of readManifest(examples, [])) list(example);
    return new Set(texts.values());
  });
  return {
    find: (key) => texts.get(key) ?? (listExamples() && texts.get(key)),
    has: (text) => listExamples().has(text),
  };
}

/** The texts by their ids, as graphql-codegen's client preset and Relay write them; or all that Apollo writes. */
export type Manifest = Readonly<Record<string, string>> | ApolloManifest;

interface ApolloManifest {
  readonly format: 'apollo-persisted-query-manifest';
  readonly version: 1;
  readonly operations: readonly { readonly id: string; readonly body: string }[];
}

/** A document that clients may name. */
interface ListedDocument {
  readonly id: string;
  readonly text: string;
}

/**
 * The documents of a manifest, without those that are wrong; adds what that is to `problems`.
 *
 * An id that has the form of a SHA-256 is held to its text, as clients may add texts under such ids themselves. Other ids
 * (Relay's MD5, SHA-1, numbers of a store) are as good as names: the author of the manifest says what they mean.
 */
function readManifest(manifest: unknown, problems: string[]): ListedDocument[] {
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

/** The SHA-256 of a document's text, in hex: what most clients name it by. */
export const toHash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** How GraphQL over HTTP marks such an id, and Apollo doesn't. */
const prefix = /^sha256:(?=[0-9a-f]{64}$)/;

/** The id by which a document is found, with that mark or without it. */
export const toKey = (id: string): string => (id.startsWith('sha256:') ? id.replace(prefix, '') : id);

/** Whether an id says that it is the SHA-256 of its document. */
const isHash = (id: string): boolean => id.startsWith('sha256:') || /^[0-9a-f]{64}$/i.test(id);
