/** Separate responses beside runs and monitors: a data diff, the plan of a monitor. Each is fetched once in a request. */
import DataLoader from 'dataloader';
import { type Account, toAccountId } from '../core/accounts.ts';
import { isRefusal } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { CredentialOf } from '../providers/accounts.ts';
import type { DetailDefinition } from '../providers/fields.ts';
import {
  type CacheEntries,
  type CacheOwner,
  type CredentialCache,
  createCredentialCache,
} from '../run-cache/credential-cache.ts';
import type { RunCache } from '../run-cache/run-cache.ts';
import type { CallReport } from '../upstream/call-report.ts';
import { type Body, fromBytes } from '../upstream/read-response.ts';
import { loadOf } from './account-errors.ts';
import { explainCached } from './planner.ts';
import type { RequestFetcher } from './request-fetcher.ts';

export interface DetailLoaderOptions {
  readonly fetches: RequestFetcher;
  readonly credentialOf: CredentialOf;
  /** Where the responses of what has finished are cached. @default nowhere */
  readonly runCache?: RunCache | undefined;
  readonly callReport: CallReport;
  readonly limits: Pick<
    Limits,
    'runCacheTtlMs' | 'runCacheSettlingTtlMs' | 'runCacheMaxEntryBytes' | 'lazyParseThresholdBytes' | 'maxValues'
  >;
  /** How old an entry may be for this client, in milliseconds. @default as old as the limits allow */
  readonly maxAgeMs?: number | undefined;
}

interface Want {
  readonly account: Account;
  readonly definition: DetailDefinition;
  readonly id: string;
  readonly allowStale: boolean;
}

/** The details of a request. */
export class DetailLoader {
  readonly #options: DetailLoaderOptions;
  readonly #caches = new Map<string, CredentialCache>();
  readonly #loader: DataLoader<Want, Body | null, string>;

  constructor(options: DetailLoaderOptions) {
    this.#options = options;
    this.#loader = new DataLoader(
      // A promise a want, so that each fails alone.
      async (wants) => this.#load(wants) as unknown as (Body | null)[],
      {
        cacheKeyFn: ({ account, definition, id, allowStale }) =>
          `${toAccountId(account)} ${definition.name} ${id} ${allowStale}`,
      },
    );
  }

  /**
   * The provider's response, or `null` when the provider has no such object.
   * @param allowStale whether an older response may be shown while the provider is down
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed
   */
  load(account: Account, definition: DetailDefinition, id: string, allowStale = false): Promise<Body | null> {
    const { callReport } = this.#options;
    if (callReport.isVerbose) callReport.recordRequested(account, `${definition.name} ${id}`);
    return loadOf(account, this.#loader.load({ account, definition, id, allowStale }));
  }

  #load(wants: readonly Want[]): readonly Promise<Body | null>[] {
    const found = new Array<Promise<Body | null>>(wants.length);
    const places = Map.groupBy(wants.keys(), (place) => {
      const { account, definition } = wants[place] as Want;
      return `${toAccountId(account)} ${definition.name}`;
    });
    for (const some of places.values()) {
      const loading = this.#loadSame(some.map((place) => wants[place] as Want));
      for (const [index, place] of some.entries()) found[place] = loading[index] as Promise<Body | null>;
    }
    return found;
  }

  /** Of one account and one definition. */
  #loadSame(wants: readonly Want[]): readonly Promise<Body | null>[] {
    const [{ account, definition }] = wants as readonly [Want, ...Want[]];
    const { limits, maxAgeMs = Number.POSITIVE_INFINITY } = this.#options;
    const cache = this.#cacheOf(definition);
    if (cache === undefined) return this.#fetch(wants, undefined);
    try {
      const ids = wants.map(({ id }) => id);
      const entries = cache.getMany(this.#ownerOf(account), ids, Math.min(maxAgeMs, limits.runCacheTtlMs));
      if (!(entries instanceof Promise)) return this.#fetch(wants, entries);
      // A store isn't to fail; one that does costs no response.
      const loading = entries.then(
        (known) => this.#fetch(wants, known),
        () => this.#fetch(wants, undefined),
      );
      return wants.map((_want, place) => loading.then((bodies) => bodies[place] as Promise<Body | null>));
    } catch (error) {
      return wants.map(() => Promise.reject(error));
    }
  }

  #fetch(wants: readonly Want[], entries: CacheEntries | undefined): readonly Promise<Body | null>[] {
    const { callReport } = this.#options;
    const cached = wants.map((want, place) => this.#readEntry(want, entries?.[place]));
    const count = cached.filter((body) => body !== undefined).length;
    const [{ account, definition }] = wants as readonly [Want, ...Want[]];
    if (count > 0) {
      callReport.of(account).cacheHits += count;
      callReport.explain(account, () => [explainCached(count)]);
    }
    const missing = wants.length - count;
    if (missing > 0)
      callReport.explain(account, () => [
        {
          source: 'DETAIL',
          list: definition.name,
          count: missing,
          calls: missing,
          reason: 'Each has a separate response.',
        },
      ]);
    return wants.map((want, place) => {
      const body = cached[place];
      return body === undefined ? this.#get(want) : Promise.resolve(body);
    });
  }

  /** What an entry holds, if it is still as sure as when it was written; a store outside the process may have spoilt it. */
  #readEntry({ definition }: Want, entry: CacheEntries[number]): Body | undefined {
    if (entry === undefined) return undefined;
    const { limits, callReport } = this.#options;
    try {
      const body = fromBytes(entry.bytes, limits);
      if (definition.cacheability(body) === 'none') return undefined;
      callReport.noteReadAt(entry.fetchedAt);
      return body;
    } catch {
      return undefined;
    }
  }

  async #get({ account, definition, id, allowStale }: Want): Promise<Body | null> {
    const { fetches } = this.#options;
    const cache = this.#cacheOf(definition);
    try {
      const body = await fetches.get(account, definition.toRequest(id), allowStale);
      if (body === null) cache?.delete(this.#ownerOf(account), [id]);
      else if (!fetches.isStale(body)) this.#store(account, definition, id, body);
      return body;
    } catch (error) {
      if (isRefusal(error)) cache?.delete(this.#ownerOf(account), [id]);
      throw error;
    }
  }

  #store(account: Account, definition: DetailDefinition, id: string, body: Body): void {
    const { limits, fetches } = this.#options;
    const cache = this.#cacheOf(definition);
    const { runCacheTtlMs, runCacheSettlingTtlMs, runCacheMaxEntryBytes } = limits;
    const ttlMs = { lasting: runCacheTtlMs, unsure: runCacheSettlingTtlMs, none: 0 }[definition.cacheability(body)];
    if (cache === undefined || ttlMs === 0) return;
    try {
      const bytes = body.toBytes();
      const fetchedAt = fetches.readAtOf(body) ?? Date.now();
      if (bytes.length <= runCacheMaxEntryBytes) cache.set(this.#ownerOf(account), id, { bytes, fetchedAt }, ttlMs);
    } catch {
      // It is nested deeper than can be written.
    }
  }

  #cacheOf({ name, isCached }: DetailDefinition): CredentialCache | undefined {
    const { runCache } = this.#options;
    if (runCache === undefined || !isCached) return undefined;
    const cache = this.#caches.get(name) ?? createCredentialCache(runCache, name);
    this.#caches.set(name, cache);
    return cache;
  }

  #ownerOf(account: Account): CacheOwner {
    return { credential: this.#options.credentialOf(account), provider: account.provider };
  }
}
