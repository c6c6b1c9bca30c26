/** Which text a request executes: the one it brings, or the one of the id that it names. */
import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { ErrorCode } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import { presentText } from '../../core/operation-params.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import { type Allowlist, toHash, toKey } from './allowlist.ts';
import type { DocumentCache } from './document-cache.ts';

/** What a request says of its document, as it came: nothing of it is checked yet. */
export interface DocumentParams {
  readonly query?: unknown;
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
  /** The text, or why it is none that is executed; `undefined` where the request brings no text and names none. */
  textOf(params: DocumentParams): string | GraphQLError | undefined;
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
    return typeof query === 'string' ? query : undefined;
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
      const { query, extensions } = params;
      const documentId = presentText(params.documentId);
      const docId = presentText(params.doc_id);
      const id = presentText(params.id);
      const persistedQuery = isObject(extensions) ? (extensions.persistedQuery ?? undefined) : undefined;
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
  new GraphQLError(expected, {
    extensions: { code: 'BAD_USER_INPUT' satisfies ErrorCode, http: { status: 400 } },
  });
