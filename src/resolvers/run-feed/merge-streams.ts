/**
 * Merges the runs of all monitors, newest first, and reads no more than that takes: in rounds, each of which requests one page of
 * every stream that may have one of the runs that are wanted.
 */
import type { FeedRow } from './place-rows.ts';
import type { RunStream } from './run-stream.ts';
import { compareKeys, type SortKey } from './sort-key.ts';

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
