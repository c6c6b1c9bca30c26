/**
 * A page of the run feed: merges the runs of all monitors, newest first, cuts the page, and says where the page behind it begins. It
 * reads no more than that takes: in rounds, each of which requests one page of every stream that may have one of the runs that are
 * wanted.
 */
import type { AccountId } from '../../core/accounts.ts';
import {
  exhaustedCode,
  type FeedCursor,
  type FleetCodes,
  failedCode,
  fromDistanceCode,
  toDistanceCode,
  toFleetHash,
} from './feed-cursor.ts';
import { compareKeys, type FeedRow, type SortKey } from './feed-order.ts';
import type { RunStream } from './run-stream.ts';

export interface MergeOptions {
  readonly streams: readonly RunStream[];
  readonly boundary: SortKey;
  /** How many runs are wanted. */
  readonly first: number;
  /** Whether earlier pages came no further: then one stream has all calls. */
  readonly isStuck: boolean;
  /** Goes on with what earlier pages have read of these streams. */
  resume(streams: readonly RunStream[]): Promise<void>;
  /** Those of the streams, in their order, that may still be read: none once the deadline is near. */
  takeReadable(streams: readonly RunStream[]): readonly RunStream[];
  /** Reads the next page of each stream and gives the rows that came in time. */
  read(streams: readonly RunStream[]): Promise<readonly FeedRow[]>;
}

/** The first runs that have been read, in order. Where a stream may have an earlier one, the page ends before it. */
export async function mergeStreams(options: MergeOptions): Promise<readonly FeedRow[]> {
  const { streams, boundary, first, isStuck } = options;
  let found: readonly FeedRow[] = [];
  const add = (rows: readonly FeedRow[]) => {
    if (rows.length > 0) found = takeRuns([...found, ...rows].sort(compareKeys), first);
  };
  const undated = streams.filter(({ isLive, bound }) => isLive && bound === boundary.time).length;
  for (let wave = 0; first > 0; ) {
    const last = countRuns(found) < first ? undefined : found.at(-1);
    const needed = streams
      .filter((stream) => stream.isLive && (last === undefined || compareKeys(stream.head, last) < 0))
      .sort((one, other) => compareKeys(one.head, other.head));
    if (needed.length === 0) return found;
    if (last !== undefined) wave = needed.length;
    else wave = isStuck ? 1 : Math.max(undated + first - countRuns(found), 2 * wave);
    const chosen = needed.slice(0, wave);
    const unknown = chosen.filter(({ isLookedUp }) => !isLookedUp);
    if (unknown.length > 0) {
      await options.resume(unknown);
      for (const stream of unknown) stream.isLookedUp = true;
      add(unknown.flatMap(({ rows }) => rows));
      if (unknown.some(({ isOpen }) => isOpen)) continue;
    }
    const readable = options.takeReadable(chosen);
    if (readable.length === 0) return found;
    add(await options.read(readable));
  }
  return found;
}

/** A row without a run is no run: it costs no place on the page. */
const countRuns = (rows: readonly FeedRow[]): number =>
  rows.reduce((sum, { row }) => sum + Number(row !== undefined), 0);

/** All rows up to the run of that number. */
function takeRuns(rows: readonly FeedRow[], first: number): readonly FeedRow[] {
  let runs = 0;
  const end = rows.findIndex(({ row }) => row !== undefined && ++runs === first);
  return end === -1 ? rows : rows.slice(0, end + 1);
}

export interface FeedPage {
  /** The runs of the page, and among them what stands for runs that can't be read. */
  readonly rows: readonly FeedRow[];
  readonly hasNextPage: boolean;
  /** Every matching run before it has been delivered; on the last page, the last run. */
  readonly boundary: SortKey;
}

/** @param found the first runs that have been read, in order: at most `first` */
export function cutPage(
  streams: readonly RunStream[],
  found: readonly FeedRow[],
  first: number,
  start: SortKey,
): FeedPage {
  const heads = streams.filter(({ isLive }) => isLive).map(({ head }) => head);
  const nextHead = heads.reduce<SortKey | undefined>(
    (least, head) => (least === undefined || compareKeys(head, least) < 0 ? head : least),
    undefined,
  );
  const rows = nextHead === undefined ? found : found.filter((row) => compareKeys(row, nextHead) < 0);
  const runs = rows.filter(({ row }) => row !== undefined);
  const isFull = runs.length === first;
  const last = rows.at(-1) ?? start;
  const next = isFull ? (runs.at(-1) ?? start) : (nextHead ?? last);
  const boundary = compareKeys(next, start) < 0 ? start : next;
  const hasNextPage = streams.some((stream) => hasRunsBehind(stream, boundary));
  return { rows: isFull ? rows.filter((row) => compareKeys(row, boundary) <= 0) : rows, hasNextPage, boundary };
}

const firstBehind = ({ rows }: RunStream, boundary: SortKey): FeedRow | undefined =>
  rows.find((row) => compareKeys(row, boundary) > 0);

/** Whether a page behind `boundary` may have a run of the stream. */
export const hasRunsBehind = (stream: RunStream, boundary: SortKey): boolean =>
  stream.isLive || firstBehind(stream, boundary) !== undefined;

/** What a cursor says of where each stream is. */
export type FeedProgress = Pick<FeedCursor, 'boundary' | 'codes' | 'slot'>;

/** Where each stream is, behind `boundary`. */
export function toProgress(streams: readonly RunStream[], boundary: SortKey): FeedProgress {
  const codes = new Map<AccountId, FleetCodes>();
  const byAccount = Map.groupBy(streams, ({ accountId }) => accountId);
  for (const [accountId, own] of byAccount) {
    const fleetHash = toFleetHash(own.map(({ monitorId }) => monitorId));
    codes.set(accountId, { fleetHash, codes: Uint16Array.from(own, (stream) => toCode(stream, boundary)) });
  }
  return { boundary, codes, slot: toSlot(byAccount, boundary) };
}

function toCode(stream: RunStream, boundary: SortKey): number {
  if (stream.isFailed) return failedCode;
  const next = Math.max(firstBehind(stream, boundary)?.time ?? Number.NEGATIVE_INFINITY, stream.bound);
  return next === Number.NEGATIVE_INFINITY ? exhaustedCode : toDistanceCode(boundary.time - next);
}

/** Of the stream whose next run is the first, as that one is read first behind the boundary. */
function toSlot(byAccount: ReadonlyMap<AccountId, readonly RunStream[]>, boundary: SortKey): FeedCursor['slot'] {
  let least: { readonly head: SortKey; readonly slot: NonNullable<FeedCursor['slot']> } | undefined;
  for (const [accountId, streams] of byAccount) {
    for (const [monitorIndex, stream] of streams.entries()) {
      if (stream.isFailed) continue;
      const head = firstBehind(stream, boundary) ?? (stream.isLive ? stream.head : undefined);
      if (head === undefined || (least !== undefined && compareKeys(head, least.head) >= 0)) continue;
      const page = stream.toStartPage(boundary);
      if (page?.token === undefined) continue;
      least = { head, slot: { accountId, monitorIndex, token: page.token, timeAbove: page.timeAbove } };
    }
  }
  return least?.slot;
}

/** Whether a page came no further. */
export function isSameProgress(before: FeedProgress, after: FeedProgress): boolean {
  if (compareKeys(before.boundary, after.boundary) !== 0) return false;
  const isSameSlot = before.slot?.token === after.slot?.token && before.slot?.monitorIndex === after.slot?.monitorIndex;
  return isSameSlot && [...after.codes].every(([name, { codes }]) => isSameCodes(before.codes.get(name)?.codes, codes));
}

const isSameCodes = (before: Uint16Array | undefined, after: Uint16Array): boolean =>
  before?.length === after.length && after.every((code, place) => code === before[place]);

/** Sets each stream to where the cursor says that it is. Codes of another set of monitors say nothing of these. */
export function applyCursor(streams: readonly RunStream[], { codes, boundary, slot }: FeedCursor): void {
  for (const [accountId, own] of Map.groupBy(streams, (stream) => stream.accountId)) {
    const known = codes.get(accountId);
    if (known?.codes.length !== own.length) continue;
    if (known.fleetHash !== toFleetHash(own.map(({ monitorId }) => monitorId))) continue;
    for (const [place, stream] of own.entries()) applyCode(stream, known.codes[place] as number, boundary);
    if (slot?.accountId === accountId) own[slot.monitorIndex]?.startAt(slot.token, slot.timeAbove);
  }
}

function applyCode(stream: RunStream, code: number, boundary: SortKey): void {
  if (code === failedCode) stream.isFailed = true;
  else if (code === exhaustedCode) stream.exhaust();
  else stream.limitTo(boundary.time - fromDistanceCode(code));
}
