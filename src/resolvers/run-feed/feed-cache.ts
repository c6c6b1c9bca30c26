/**
 * What the pages of a feed remember for the pages behind them, by credential: lists of monitors, and what has been read of each
 * monitor's runs. It saves upstream calls; no result depends on it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Account } from '../../core/accounts.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import {
  arrayOf,
  either,
  isAbsent,
  isBoolean,
  isNull,
  isNumber,
  isObject,
  isString,
  objectOf,
  parseJson,
  type ShapeType,
  tupleOf,
} from '../../json/lossless.ts';
import { toFingerprint } from '../../providers/lists.ts';
import {
  type CacheOwner,
  type CredentialCache,
  createCredentialCache,
  maxUnpackedBytes,
  pack,
  unpack,
} from '../../run-cache/credential-cache.ts';
import type { RunCache } from '../../run-cache/run-cache.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { FeedArguments } from './feed-context.ts';
import { compareKeys, type FeedRow, type SortKey } from './feed-order.ts';
import type { RunStream, StartPage, StreamState } from './run-stream.ts';

export interface FeedCacheOptions {
  readonly store: RunCache;
  /** The digest of the credential for an account. */
  readonly digestOf: (account: Account) => string;
  readonly args: FeedArguments;
  /** How long an entry is used, in milliseconds; and how long one that holds an unfinished run is. */
  readonly ttlMs: number;
  readonly freshMs: number;
  /** Unix milliseconds. */
  readonly now: number;
}

/** The pages of a list of monitors by their paths, as an earlier page of the same feed has read them. */
export interface CachedList {
  readonly pages: ReadonlyMap<string, Body>;
  readonly readAt: number;
}

/** So many bytes of entries are read or written in a turn of the event loop: a page may have hundreds of streams. */
const bytesPerTurn = 256 * 1024;

export class FeedCache {
  readonly #options: FeedCacheOptions;
  readonly #lists: CredentialCache;
  readonly #streams: CredentialCache;

  constructor(options: FeedCacheOptions) {
    this.#options = options;
    this.#lists = createCredentialCache(options.store, 'feed-monitors');
    this.#streams = createCredentialCache(options.store, 'feed-runs');
  }

  /** All pages of an account's list of monitors: some of them beside newer ones would hide what a deletion moved. */
  async getList(account: Account): Promise<CachedList | undefined> {
    const [entry] = await this.#lists.getMany(this.#ownerOf(account), [this.#list], this.#options.ttlMs);
    const bytes = entry && (await unpack(entry.bytes));
    const pages = bytes && toPages(bytes);
    return pages && entry && { pages, readAt: entry.fetchedAt };
  }

  /** @param readAt when the oldest of the pages was received, in Unix milliseconds */
  async setList(account: Account, pages: ReadonlyMap<string, Body>, readAt: number): Promise<void> {
    const { ttlMs } = this.#options;
    try {
      const parts: Buffer[] = [];
      let length = 0;
      for (const [path, body] of pages) {
        const page = body.toBytes();
        length += page.length;
        if (length > maxUnpackedBytes) return;
        parts.push(Buffer.from(`${parts.length === 0 ? '{' : ','}${JSON.stringify(path)}:`), page);
      }
      const bytes = await pack(Buffer.concat([...parts, Buffer.from('}')]));
      this.#lists.set(this.#ownerOf(account), this.#list, { bytes, fetchedAt: readAt }, ttlMs);
    } catch {
      // One of them is nested deeper than can be written.
    }
  }

  /** Goes on with the streams that an earlier page of the same feed has read. */
  async resume(streams: readonly RunStream[], boundary: SortKey): Promise<void> {
    const byAccount = Map.groupBy(streams, ({ accountId }) => accountId);
    await Promise.all([...byAccount.values()].map((own) => this.#resumeOf(own, boundary)));
  }

  async #resumeOf(streams: readonly RunStream[], boundary: SortKey): Promise<void> {
    const [first] = streams;
    if (first === undefined) return;
    const keys = streams.map((stream) => this.#toStreamKey(stream));
    const entries = await this.#streams.getMany(this.#ownerOf(first.account), keys, this.#options.ttlMs);
    const pace = createPace();
    for (const [place, stream] of streams.entries()) {
      const entry = entries[place];
      const bytes = entry && (await unpack(entry.bytes));
      if (bytes !== undefined) await pace(bytes.length);
      const found = bytes && toState(stream, bytes, entry.fetchedAt);
      if (found === undefined || compareKeys(boundary, found.start) < 0) continue;
      stream.resume(found.state, compareKeys(boundary, found.start) === 0);
    }
  }

  /** Remembers what streams have read behind `boundary`. @param isFinalOf tells whether a row of the stream stays as it is */
  async remember(
    streams: readonly RunStream[],
    boundary: SortKey,
    isFinalOf: (stream: RunStream) => (row: FeedRow) => boolean,
  ): Promise<void> {
    const pace = createPace();
    for (const stream of streams) await pace(await this.#remember(stream, boundary, isFinalOf(stream)));
  }

  /** @returns how many bytes were written */
  async #remember(stream: RunStream, boundary: SortKey, isFinal: (row: FeedRow) => boolean): Promise<number> {
    const { now, ttlMs, freshMs } = this.#options;
    const state = stream.toState(boundary);
    const ms = state.rows.every(isFinal) ? ttlMs : freshMs;
    if (state.readAt + ms <= now) return 0;
    try {
      const bytes = toBytes(state, boundary);
      const entry = { bytes: await pack(bytes), fetchedAt: state.readAt };
      this.#streams.set(this.#ownerOf(stream.account), this.#toStreamKey(stream), entry, ms);
      return bytes.length;
    } catch {
      // One of its rows is nested deeper than can be written.
      return 0;
    }
  }

  #ownerOf(account: Account): CacheOwner {
    return { credential: { digest: this.#options.digestOf(account) }, provider: account.provider };
  }

  /** No other arguments share it, and no other first page. */
  #toStreamKey({ monitorId }: RunStream): string {
    return `${monitorId}/${this.#options.args.fingerprint}.${this.#firstPage}`;
  }

  /** What the list of monitors is remembered by: but for its tags, it is the same whatever else is requested. */
  get #list(): string {
    const { tags } = this.#options.args;
    return tags.length === 0 ? this.#firstPage : `${this.#firstPage}.${toFingerprint(tags)}`;
  }

  /** Which first page of a feed it was. */
  get #firstPage(): string {
    const { snapshotTime, firstPageTime } = this.#options.args;
    return `${snapshotTime}.${firstPageTime}`;
  }
}

/** Tells of bytes that are read or written now. Resolves in another turn of the event loop, when this one has had its share. */
function createPace(): (bytes: number) => Promise<void> {
  let left = bytesPerTurn;
  return async (bytes) => {
    left -= bytes;
    if (left > 0) return;
    left = bytesPerTurn;
    await turn();
  };
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(bytes.toString());
    return isObject(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function toPages(bytes: Buffer): ReadonlyMap<string, Body> | undefined {
  const pages = Object.entries(parseObject(bytes) ?? {});
  if (pages.length === 0 || !pages.every(([, page]) => isObject(page))) return undefined;
  return new Map(pages.map(([path, page]) => [path, new ParsedObject(page as Record<string, unknown>)]));
}

/** The state as JSON. The rows are written as their provider wrote them, digit for digit. */
function toBytes({ rows, readAt, ...state }: StreamState, start: SortKey): Buffer {
  const bound = state.isExhausted ? null : state.bound;
  const head = JSON.stringify({ ...state, bound, start });
  const written = rows.map(
    ({ time, runId, row, readAt: rowReadAt }) =>
      `[${time},${JSON.stringify(runId)},${rowReadAt},${row === undefined ? 'null' : row.toBytes().toString()}]`,
  );
  return Buffer.from(`{"head":${head},"rows":[${written.join(',')}]}`);
}

const isStartPage = objectOf({
  token: either(either(isString, isNumber), isAbsent),
  timeAbove: either(isNumber, isAbsent),
  lastTime: either(isNumber, isAbsent),
});

/** Another writer of the store may have spoilt an entry: it is checked as a client's input is. */
const isEntry = objectOf({
  head: objectOf({
    start: objectOf({ time: isNumber, accountId: isString, monitorId: isString, runId: isString }),
    bound: either(isNumber, isNull),
    isExhausted: isBoolean,
    isOpen: isBoolean,
    next: isStartPage,
    upper: either(isNumber, isAbsent),
    probe: either(isNumber, isAbsent),
    pages: arrayOf(isStartPage),
    lastIds: arrayOf(isString),
    count: either(isNumber, isAbsent),
    shift: isNumber,
  }),
  rows: arrayOf(tupleOf(isNumber, isString, isNumber, either(isObject, isNull))),
});

/** What {@link toBytes} wrote; `undefined` when it is anything else. */
function toState(
  { account, accountId, monitorId }: RunStream,
  bytes: Buffer,
  readAt: number,
): { readonly state: StreamState; readonly start: SortKey } | undefined {
  const entry: unknown = parseObject(bytes);
  if (!isEntry(entry)) return undefined;
  const { start, isExhausted, isOpen, lastIds, shift, upper, probe, count, ...head } = entry.head;
  const rows = entry.rows.map(
    ([time, runId, rowReadAt, row]): FeedRow => ({
      ...{ time, account, accountId, monitorId, runId, readAt: rowReadAt },
      row: row === null ? undefined : new ParsedObject(row),
    }),
  );
  const pages = head.pages.map(toStartPage);
  const next = toStartPage(head.next);
  const state = { isExhausted, isOpen, lastIds, shift, upper, probe, count, pages, next, rows, readAt };
  return { state: { ...state, bound: head.bound ?? Number.NEGATIVE_INFINITY }, start };
}

/** Each member is there, even if undefined. */
const toStartPage = ({ token, timeAbove, lastTime }: ShapeType<typeof isStartPage>): StartPage => ({
  token,
  timeAbove,
  lastTime,
});
