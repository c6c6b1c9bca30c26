/**
 * Responses of providers that may still change, reused for a moment: by whatever query requests them, but only with the credential and the
 * base URL that they were fetched with. Coalescing shares a call that is in flight; this shares what came just before.
 */
import { LRUCache } from 'lru-cache';
import type { Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import {
  type CacheEntry,
  type CredentialCache,
  createCredentialCache,
  pack,
  unpack,
} from '../run-cache/credential-cache.ts';
import type { RunCache } from '../run-cache/run-cache.ts';
import type { Call, UpstreamRequest } from '../upstream/call-context.ts';
import type { Credential } from '../upstream/credential.ts';
import { type Body, fromBytes, loadRows } from '../upstream/read-response.ts';
import { maxUncountedBytes, type ResponseBudget } from '../upstream/response-budget.ts';

/** A response, as it was received. Times are Unix milliseconds. */
export interface CachedResponse {
  readonly body: Body;
  /** How many bytes it has. */
  readonly length: number;
  readonly readAt: number;
  /**
   * When the first page of its list was received, by the operation that read both. `undefined` for what continues no list, or
   * continues one that another operation began.
   */
  readonly listReadAt: number | undefined;
}

export interface ResponseCacheOptions {
  /** Where responses are stored; others close it. */
  readonly store: RunCache;
  /** Whether the store is outside the process: it takes no large entries, so that they are compressed. */
  readonly isShared: boolean;
  /** Of all large responses: those that are reused take memory too. */
  readonly budget: ResponseBudget;
  /** How long a response is of use at the most, in milliseconds. */
  readonly ttlMs: number;
  readonly limits: Pick<Limits, 'responseCacheMaxEntryBytes' | 'lazyParseThresholdBytes' | 'maxValues'>;
}

/** A call whose response may be stored. */
export interface PendingResponse {
  readonly provider: Provider;
  readonly credential: Credential;
  readonly path: string;
  /** Whether the credential was refused while the call was in flight: what the provider said before doesn't count any more. */
  isRevoked: boolean;
}

/** So many bytes of responses stay parsed: what is parsed takes several times as much memory. */
const maxParsedBytes = 2 * 1024 * 1024;

/** How many lists are remembered: each credential has one or two. */
const maxLists = 1_000;

/** What an entry has before the response, in bytes: when the first page of its list was received, as a 64-bit float; NaN for none. */
export const headBytes = 8;

export class ResponseCache {
  readonly #options: ResponseCacheOptions;
  readonly #responses: CredentialCache;
  /** When the first page of each list was received last whose rows don't move on to other pages, in Unix milliseconds. */
  readonly #listReadAt = new LRUCache<string, number>({ max: maxLists });
  /** Responses of a store in memory as they were parsed last, by their bytes. */
  readonly #parsed = new LRUCache<Buffer, CachedResponse>({
    maxSize: maxParsedBytes,
    sizeCalculation: ({ length }) => length,
  });
  /** What was made of these, by its name. */
  readonly #made = new WeakMap<Body, Map<string, unknown>>();
  /** The calls in flight, by the digest of their credential. */
  readonly #pending = new Map<string, Set<PendingResponse>>();

  constructor(options: ResponseCacheOptions) {
    this.#options = options;
    this.#responses = createCredentialCache(options.store, 'response');
  }

  /** The response to the request, if one is younger than `maxAgeMs`; at once, or soon. */
  find(
    provider: Provider,
    credential: Credential,
    request: UpstreamRequest,
    maxAgeMs: number,
  ): CachedResponse | undefined | Promise<CachedResponse | undefined> {
    const entries = this.#responses.getMany({ provider, credential }, [request.path], maxAgeMs);
    const { digest } = credential;
    if (entries instanceof Promise) return entries.then(([entry]) => entry && this.#read(entry, request, digest));
    const [entry] = entries;
    return entry && this.#read(entry, request, digest);
  }

  #read({ bytes, fetchedAt }: CacheEntry, request: UpstreamRequest, digest: string) {
    if (!this.#options.isShared) return this.#parseOnce(bytes, fetchedAt, request, digest);
    return unpack(bytes).then((content) => content && this.#parse(content, fetchedAt, request, digest));
  }

  /** The store has the bytes of a response once. Operations that reuse them share what is parsed, as those of a coalesced call do. */
  #parseOnce(bytes: Buffer, readAt: number, request: UpstreamRequest, digest: string) {
    const known = this.#parsed.get(bytes);
    if (known !== undefined) return known;
    const parsed = this.#parse(bytes, readAt, request, digest);
    if (parsed !== undefined && !(parsed instanceof Promise)) {
      this.#parsed.set(bytes, parsed);
      this.#made.set(parsed.body, new Map());
    }
    return parsed;
  }

  /**
   * What is made of the body of a response: once, as long as the response stays parsed.
   * @param name what it is
   */
  make<Made>(body: Body, name: string, make: (body: Body) => Made): Made {
    const made = this.#made.get(body);
    if (made?.has(name)) return made.get(name) as Made;
    const value = make(body);
    made?.set(name, value);
    return value;
  }

  #parse(
    content: Buffer,
    readAt: number,
    request: UpstreamRequest,
    digest: string,
  ): CachedResponse | undefined | Promise<CachedResponse> {
    const { limits } = this.#options;
    const { length } = content;
    if (length <= headBytes || length > limits.responseCacheMaxEntryBytes + headBytes) return undefined;
    const listReadAt = content.readDoubleBE(0);
    const toResponse = (body: Body): CachedResponse => ({
      body,
      length,
      readAt,
      listReadAt: Number.isNaN(listReadAt) ? undefined : listReadAt,
    });
    try {
      const body = loadRows(fromBytes(content.subarray(headBytes), limits), length, request, digest);
      return body instanceof Promise ? body.then(toResponse) : toResponse(body);
    } catch {
      // Another writer of the store may have spoilt it.
      return undefined;
    }
  }

  /** Counts the bytes of a response for an operation, until it is complete. @returns whether there is room for it */
  count({ length }: CachedResponse, call: Call): boolean {
    if (length <= Math.min(maxUncountedBytes, call.uncountedBytes)) {
      call.addUncounted(length);
      return true;
    }
    const user = {};
    const bytes = this.#options.budget.openReused(length, user);
    if (bytes === undefined) return false;
    call.hold(bytes);
    bytes.release(user);
    return true;
  }

  /** Notes that the first page of a list is in use, so that a page behind it is stored with it. @param readAt Unix milliseconds */
  noteList({ digest }: Credential, list: string, readAt: number): void {
    const name = `${digest} ${list}`;
    if (!(readAt <= (this.#listReadAt.get(name) ?? Number.NEGATIVE_INFINITY))) this.#listReadAt.set(name, readAt);
  }

  /** When the first page of the list was received that was noted last. */
  listReadAt({ digest }: Credential, list: string): number | undefined {
    return this.#listReadAt.get(`${digest} ${list}`);
  }

  /** Call before the request is sent; then one of the three methods below. */
  open(provider: Provider, credential: Credential, { path }: UpstreamRequest): PendingResponse {
    const pending = { provider, credential, path, isRevoked: false };
    const { digest } = credential;
    const others = this.#pending.get(digest);
    if (others === undefined) this.#pending.set(digest, new Set([pending]));
    else others.add(pending);
    return pending;
  }

  /** There is no response. */
  close(pending: PendingResponse): void {
    const { digest } = pending.credential;
    const all = this.#pending.get(digest);
    all?.delete(pending);
    if (all?.size === 0) this.#pending.delete(digest);
  }

  /** What the response is of is gone, or is forbidden for the credential now: an earlier response isn't reused any more. */
  drop(pending: PendingResponse): void {
    const { provider, credential, path } = pending;
    this.close(pending);
    this.#responses.delete({ provider, credential }, [path]);
  }

  /**
   * Stores a response.
   * @param readAt when it was received, in Unix milliseconds
   * @param listReadAt as in {@link CachedResponse}
   */
  store(pending: PendingResponse, body: Body, readAt: number, listReadAt: number | undefined): void {
    const { isShared, limits } = this.#options;
    const json = toBytes(body);
    if (json === undefined || json.length > limits.responseCacheMaxEntryBytes) {
      this.drop(pending);
      return;
    }
    const head = Buffer.allocUnsafe(headBytes);
    head.writeDoubleBE(listReadAt ?? Number.NaN);
    const content = Buffer.concat([head, json]);
    if (isShared)
      pack(content).then(
        (bytes) => this.#write(pending, bytes, readAt),
        () => this.close(pending),
      );
    else this.#write(pending, content, readAt);
  }

  #write(pending: PendingResponse, bytes: Buffer, fetchedAt: number): void {
    const { provider, credential, path, isRevoked } = pending;
    this.close(pending);
    if (!isRevoked) this.#responses.set({ provider, credential }, path, { bytes, fetchedAt }, this.#options.ttlMs);
  }

  /** Ends all reuse for a credential that its provider has refused, calls in flight included. */
  revoke(digest: string): void {
    for (const pending of this.#pending.get(digest) ?? []) pending.isRevoked = true;
    const { store, isShared } = this.#options;
    // The run cache revokes it in a shared store, which is its own too.
    if (!isShared) store.forget(digest);
  }
}

/** `undefined` when it can't be written, as it is nested without end. */
function toBytes(body: Body): Buffer | undefined {
  try {
    return body.toBytes();
  } catch {
    return undefined;
  }
}
