/** The runs of one monitor, newest first, as far as they have been read. */
import type { Provider } from '../generated/types.ts';
import type { MonitorRow } from '../providers/provider.ts';
import type { Body } from '../upstream/body.ts';
import type { Resume } from './cursor.ts';
import { compare, type Place } from './order.ts';

/** Of one monitor. Times are Unix milliseconds. */
export interface Lane {
  readonly provider: Provider;
  readonly monitorId: string;
  /** What the list of monitors says of it. */
  readonly monitor: MonitorRow;
  /** The end of the window that is read; its provider's cursors are good in this window alone. */
  end: number;
  /** The provider's cursor, behind which the next page begins; `undefined` at the top. */
  cursor: string | undefined;
  /** No run that hasn't been read is later than this. */
  bound: number;
  /** When the latest of those probably is, as the time of its monitor's last run may be a little earlier. */
  likely: number;
  /** Whether that says more than where the page begins. */
  isDated: boolean;
  /** Whether there is no use in asking for more, at least for this page. */
  isFailed: boolean;
  /** What has been read, in the order of the provider's list. */
  readonly items: LaneItem[];
  /** The provider's cursor that the first of them stands behind. */
  top: string | undefined;
  /** Whether a page of it has been read for this page. */
  isRead: boolean;
}

/** A run that has been read. */
export interface LaneItem extends Place {
  readonly provider: Provider;
  /** The provider's cursor of it. */
  readonly cursor: string;
  /** `undefined` when it isn't to be shown. */
  readonly row: Body | undefined;
}

/** A run that is to be shown. */
export type FeedRow = LaneItem & { readonly row: Body };

/** Which part of all runs is read. */
export interface Span {
  /** The place behind which the page begins. */
  readonly start: Place;
  /** The latest time of all pages. */
  readonly pin: number;
  /** The earliest. */
  readonly since: number;
}

const none = Number.NEGATIVE_INFINITY;

/**
 * The lane of a monitor before anything of it is read on this page.
 * @param lagMs by how much its runs may be later than its `lastRunAt`
 */
export function createLane(
  provider: Provider,
  monitor: MonitorRow,
  lagMs: number,
  { start, pin, since }: Span,
  resume?: Resume,
): Lane {
  const { monitorId, lastRunAt = Number.POSITIVE_INFINITY } = monitor;
  const latest = resume?.bound ?? (lastRunAt === null ? none : lastRunAt + lagMs);
  const bound = Math.min(latest, start.time);
  const likely = Math.min(resume?.bound ?? lastRunAt ?? none, start.time);
  const cursor = resume?.cursor;
  // Upstream times may be finer than a millisecond: what is in the same one must be in the window.
  const end = cursor === undefined ? Math.min(pin, start.time + 1) : (resume?.end ?? pin);
  const isDated = resume !== undefined || lastRunAt === null || lastRunAt <= start.time;
  const part = { end, top: cursor, cursor, bound: bound < since ? none : bound, likely, isDated };
  return { provider, monitorId, monitor, ...part, isFailed: false, isRead: false, items: [] };
}

/** Whether there may be runs that haven't been read, and can be. */
export const isOpen = ({ bound, isFailed }: Lane): boolean => bound > none && !isFailed;

/** Notes that all has been read. */
export function close(lane: Lane): void {
  lane.bound = none;
}

/** The first place at which a run could stand that hasn't been read. */
export const headOf = ({ bound, provider, monitorId }: Lane): Place => ({
  time: bound,
  provider,
  monitorId,
  runId: '',
});

/** The first place at which one probably stands. */
export const likelyHeadOf = (lane: Lane): Place => ({ ...headOf(lane), time: lane.likely });

export const isShown = (item: LaneItem): item is FeedRow => item.row !== undefined;

/**
 * How to go on with the lane behind a place, without reading again what stands before it; `undefined` when nothing is known
 * that a fresh start doesn't know.
 */
export function toResume({ end, cursor, bound, items, isFailed, top }: Lane, place: Place): Resume | undefined {
  if (isFailed) return undefined;
  const next = items.findIndex((item) => isShown(item) && compare(item, place) > 0);
  const item = items[next];
  // Items that aren't shown are as good as read: the way goes on behind all that come before the first one that is.
  if (item !== undefined) return { bound: item.time, end, cursor: items[next - 1]?.cursor ?? top };
  return items.length === 0 && cursor === undefined && bound > none ? undefined : { bound, end, cursor };
}
