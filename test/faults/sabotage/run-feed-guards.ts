/** The rules of the run feed's algorithm, each of which loses or repeats runs when it is left out. */
import type { Guard } from './guard.ts';

const tests = ['test/resolvers/run-feed-worlds.test.ts'];
const stream = 'src/resolvers/run-feed/run-stream.ts';
const placing = 'src/resolvers/run-feed/feed-order.ts';
const page = 'src/resolvers/run-feed/feed-page.ts';
const cursor = 'src/resolvers/run-feed/feed-cursor.ts';
const reader = 'src/resolvers/run-feed/page-reader.ts';
const feed = 'src/resolvers/run-feed/run-feed.ts';

export const runFeedGuards: readonly Guard[] = [
  {
    name: 'run feed: distances are rounded down',
    file: cursor,
    from: 'mantissa = Math.floor(mantissa / 2);',
    to: 'mantissa = Math.ceil(mantissa / 2);',
    tests,
  },
  {
    name: 'run feed: the codes of other monitors are dropped',
    file: page,
    from: 'if (known.fleetHash !== toFleetHash(own.map(({ monitorId }) => monitorId))) continue;',
    to: '',
    tests,
  },
  {
    name: 'run feed: a failed monitor stays failed',
    file: page,
    from: 'if (code === failedCode) stream.isFailed = true;',
    to: 'if (code === failedCode) return;',
    tests,
  },
  {
    name: 'run feed: a code covers rows that were read and not delivered',
    file: page,
    from: 'Math.max(firstBehind(stream, boundary)?.time ?? Number.NEGATIVE_INFINITY, stream.bound)',
    to: 'stream.bound',
    tests,
  },
  {
    name: 'run feed: a page ends before the first run that may be unread',
    file: page,
    from: 'nextHead === undefined ? found : found.filter((row) => compareKeys(row, nextHead) < 0)',
    to: 'found',
    tests,
  },
  {
    name: 'run feed: a page begins behind its boundary',
    file: stream,
    from: 'row.time >= since && compareKeys(row, boundary) > 0)',
    to: 'row.time >= since && compareKeys(row, boundary) >= 0)',
    tests,
  },
  {
    name: 'run feed: the last run may be later than the list of monitors says',
    file: 'src/loaders/planner.ts',
    from: ': lastRunAt + lagMs;',
    to: ': lastRunAt + 0 * lagMs;',
    tests,
  },
  {
    name: 'run feed: arrivals push rows to the next page, counted',
    file: stream,
    from: 'this.#shift += Math.max(page.count - this.#count, 0);',
    to: 'this.#shift += 0;',
    tests,
  },
  {
    name: 'run feed: arrivals push rows to the next page, by their ids',
    file: stream,
    from: 'Math.min(Math.max(this.#shift, lastSeen + 1), page.rows.length)',
    to: 'Math.min(this.#shift, page.rows.length)',
    tests,
  },
  {
    name: 'run feed: a row that arrivals pushed to a later page places no run later',
    file: stream,
    from: 'Math.min(lastTime ?? Infinity, start.timeAbove ?? Infinity)',
    to: 'lastTime ?? start.timeAbove',
    tests,
  },
  {
    name: 'run feed: runs later than the first page say nothing',
    file: placing,
    from: 'if (time !== undefined && time > firstPageTime) continue;',
    to: '',
    tests,
  },
  {
    name: 'run feed: a run without a start takes the time of the run above it',
    file: placing,
    from: 'lastTime = order.place(time);',
    to: 'lastTime = time ?? topTime;',
    tests,
  },
  {
    name: 'run feed: a run without a start at the top is no later than the list of monitors allows',
    file: placing,
    from: 'Math.min(snapshotTime, bound)',
    to: 'snapshotTime',
    tests: ['test/resolvers/run-feed-paging.test.ts'],
  },
  {
    name: 'run feed: a page that was jumped to says nothing of rows without a start at its top',
    file: stream,
    from: 'if (!isContiguous && (firstTime === undefined || firstTime <= boundary.time)) {',
    to: 'if (!isContiguous && firstTime === undefined) {',
    tests,
  },
  {
    name: 'run feed: a page with runs of the instant of the boundary is not skipped',
    file: stream,
    from: 'page.next !== undefined : lastTime > boundary.time;',
    to: 'page.next !== undefined : lastTime >= boundary.time;',
    tests,
  },
  {
    name: 'run feed: unread rows may have the time of the last one',
    file: stream,
    from: 'this.bound = Math.min(this.bound, lastTime);',
    to: 'this.bound = Math.min(this.bound, lastTime - 1);',
    tests,
  },
  {
    name: 'run feed: the window includes its start',
    file: stream,
    from: 'if (page.next === undefined || this.bound < since) this.exhaust();',
    to: 'if (page.next === undefined || this.bound <= since) this.exhaust();',
    tests,
  },
  {
    name: 'run feed: a row that can not be read is a gap',
    file: feed,
    from: 'if (row === undefined) gaps.add(',
    to: 'if (row === null) gaps.add(',
    tests,
  },
  {
    name: 'run feed: paging ends where the calls of a page never suffice',
    file: feed,
    from: 'if (repeats > maxRepeats || (repeats > 1 && hadCalls && !hasGrown)) {',
    to: 'if (repeats > 1e9) {',
    tests,
  },
  {
    name: 'run feed: the cache holds for no page before the one that wrote it',
    file: 'src/resolvers/run-feed/feed-cache.ts',
    from: 'compareKeys(boundary, found.start) < 0) continue;',
    to: 'false) continue;',
    tests,
  },
  {
    name: 'run feed: pages of a list of monitors are used from the cache all together',
    file: reader,
    from: 'cache?.setList(account, pages, ',
    to: 'cache?.setList(account, new Map([...pages].slice(0, 1)), ',
    tests,
  },
  {
    name: 'run feed: a monitor has never run only if two fields say so',
    file: 'src/providers/datafold/monitors.ts',
    from: 'hasNeverRun: item.last_run === null && item.state === null,',
    to: 'hasNeverRun: item.last_run === null,',
    tests,
  },
  {
    name: 'run feed: a skipped run may have no start',
    file: 'src/providers/datafold/monitors.ts',
    from: "'UNKNOWN', 'SKIPPED', 'CANCELLED']",
    to: "'UNKNOWN']",
    tests,
  },
];
