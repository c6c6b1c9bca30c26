/**
 * Which text a request executes, by its parameters: the one it brings, or the one of the id that it names. The allowlist has the documents that the
 * service is started with, read from manifests, as the tools of clients write them.
 */
import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { ErrorCode } from '../../core/errors.ts';
import { once } from '../../core/lazy.ts';
import type { Limits } from '../../core/limits.ts';
import { parameterNames, presentText } from '../../core/operation-params.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { DocumentCache } from './document-cache.ts';

/** The parameters of a request as the client has sent them: nothing of them is checked yet. */
export interface OperationParams {
  readonly query?: unknown;
  readonly variables?: unknown;
  readonly operationName?: unknown;
  /** May hold Apollo's `persistedQuery`, an id that a text may come with. */
  readonly extensions?: unknown;
  /** The id as GraphQL over HTTP has it. */
  readonly documentId?: unknown;
  /** The id as network layers of Relay have it. */
  readonly doc_id?: unknown;
  /** Likewise. */
  readonly id?: unknown;
}

export interface PersistedDocuments {
  /** The text, or what is wrong with the parameters. */
  textOf(params: OperationParams): string | GraphQLError;
}

export interface PersistedDocumentsOptions {
  readonly documents: DocumentCache;
  readonly listed: Allowlist;
  /** Whether only listed documents are executed. */
  readonly isOnly: boolean;
  readonly limits: Limits;
}

export function createPersistedDocuments(options: PersistedDocumentsOptions): PersistedDocuments {
  const { documents, listed, isOnly, limits } = options;
  /** Those that clients have brought along with their hash: Apollo's automatic persisted queries. */
  const automatic = new LRUCache<string, string>({
    max: limits.apqCacheEntries,
    maxSize: limits.apqCacheChars,
  });

  const find = (id: string) => {
    const key = toKey(id);
    return listed.find(key) ?? automatic.get(key);
  };

  const ofText = (query: unknown) => {
    if (isOnly && !(typeof query === 'string' && listed.has(query))) return toNotListed();
    if (typeof query === 'string') return query;
    return toBadRequest(isNullish(query) ? expectedDocument : 'Expected `query` to be text.');
  };

  const ofId = (id: string) => find(id) ?? (isOnly ? toNotListed() : toNotFound());

  const ofBoth = (id: string, query: unknown) => {
    // What is no text is refused as it is without an id.
    if (typeof query !== 'string' || find(id) === query) return ofText(query);
    if (isOnly && !listed.has(query)) return toNotListed();
    const key = toHash(query);
    if (key !== toKey(id))
      return toBadRequest('Expected `sha256Hash` to be the SHA-256 of `query`, in lower-case hex.');
    if (documents.prepare(query).errors.length === 0) automatic.set(key, query, { size: query.length });
    return query;
  };

  return {
    textOf(params) {
      const mistake = findMistake(params);
      if (mistake !== undefined) return mistake;
      const { query, extensions } = params;
      const documentId = presentText(params.documentId);
      const docId = presentText(params.doc_id);
      const id = presentText(params.id);
      const persistedQuery = readPersistedQuery(extensions);
      const given = documentId ?? docId ?? id ?? undefined;
      // Most requests bring a text and no id.
      if (given === undefined && persistedQuery === undefined) return ofText(query);
      if (given === undefined) {
        const hash = toSha256Hash(persistedQuery);
        if (hash === undefined)
          return toBadRequest('Expected `persistedQuery` with `version` 1 and a `sha256Hash` of text.');
        return isNullish(query) ? ofId(hash) : ofBoth(hash, query);
      }
      const ids = [query, persistedQuery, documentId, docId, id].filter((value) => !isNullish(value));
      if (ids.length > 1 || typeof given !== 'string')
        return toBadRequest('Expected one of `query`, `documentId`, `doc_id` and `id`, as text.');
      return ofId(given);
    },
  };
}

/** The id by which the parameters name their document, if they do. */
export function documentIdOf({ documentId, doc_id, id, extensions }: OperationParams): string | undefined {
  const given =
    documentId ?? doc_id ?? id ?? (extensions == null ? undefined : toSha256Hash(readPersistedQuery(extensions)));
  return typeof given === 'string' && given !== '' ? given : undefined;
}

const readPersistedQuery = (extensions: unknown): unknown =>
  isObject(extensions) ? (extensions.persistedQuery ?? undefined) : undefined;

/** What is wrong with the parameters, whichever document they are for. */
function findMistake(params: OperationParams): GraphQLError | undefined {
  // An unknown parameter may be the query, misspelt.
  for (const name in params) {
    if (parameterNames.has(name) || isNullish(params[name as keyof OperationParams])) continue;
    return toBadRequest(`Unexpected parameter "${name}" in the request body.`);
  }
  const { variables, extensions } = params;
  if (!isNullish(variables) && !isObject(variables)) return toBadRequest(expectedObject('variables'));
  if (!isNullish(extensions) && !isObject(extensions)) return toBadRequest(expectedObject('extensions'));
  return undefined;
}

const expectedObject = (name: string) => `Expected \`${name}\` to be a JSON object, null, or left out.`;

const expectedDocument =
  'Expected a `query`, or the id of a document: `documentId`, `doc_id`, `id` or `extensions.persistedQuery`.';

/** The id in Apollo's `persistedQuery`. */
const toSha256Hash = (persistedQuery: unknown): string | undefined =>
  isObject(persistedQuery) && persistedQuery.version === 1 && typeof persistedQuery.sha256Hash === 'string'
    ? persistedQuery.sha256Hash
    : undefined;

/** Clients of Apollo look for this message or this code, with status 200, and send the text then. */
const toNotFound = () =>
  new GraphQLError('PersistedQueryNotFound', {
    extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' satisfies ErrorCode },
  });

/** Not the same, as to send the text wouldn't help. */
const toNotListed = () => toBadRequest('Expected a listed document: this service executes no others.');

const toBadRequest = (expected: string) =>
  new GraphQLError(expected, { extensions: { code: 'BAD_USER_INPUT' satisfies ErrorCode } });

interface Allowlist {
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
const toKey = (id: string): string => (id.startsWith('sha256:') ? id.replace(prefix, '') : id);

/** Whether an id says that it is the SHA-256 of its document. */
const isHash = (id: string): boolean => id.startsWith('sha256:') || /^[0-9a-f]{64}$/i.test(id);
