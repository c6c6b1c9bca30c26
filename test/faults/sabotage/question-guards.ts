/** What makes filtered lists whole and honest: without one of them a monitor is lost, shown twice or taken for another. */
import type { Guard } from './guard.ts';

const pages = 'src/loaders/monitor-pages.ts';
const filter = 'src/loaders/monitor-filter.ts';
const worlds = ['test/resolvers/monitor-list-worlds.test.ts'];
const ranges = ['test/loaders/page-ranges.test.ts'];
const counts = ['test/resolvers/run-counts.test.ts'];
const feeds = ['test/resolvers/run-feed-filters.test.ts'];
const lists = ['test/resolvers/monitor-list-filters.test.ts'];

export const questionGuards: readonly Guard[] = [
  {
    name: 'monitor list: gaps behind the last monitor of a page are of the next page',
    file: pages,
    from: '(this.isFull ? this.#missingBehind : this.#missing).push(missing);',
    to: 'this.#missing.push(missing);',
    tests: worlds,
  },
  {
    name: 'monitor list: gaps behind the last monitor are named where the next page goes on behind them',
    file: pages,
    from: 'const missing = next === undefined ? this.#missing : [...this.#missing, ...this.#missingBehind];',
    to: 'const missing = this.#missing;',
    tests: worlds,
  },
  {
    name: 'monitor list: a page that no call is left for ends early',
    file: pages,
    from: 'if (calls > 0 && (isOneAccount || error instanceof OperationTooCostly))',
    to: 'if (calls > 1e9)',
    tests: worlds,
  },
  {
    name: 'monitor list: tags are checked in the response',
    file: filter,
    from: '(tags.length === 0 ? true : hasTags(facts.tags?.(row), tags))',
    to: '(facts.tags === undefined && tags.length > 0 ? hasTags(undefined, tags) : true)',
    tests: lists,
  },
  {
    name: 'monitor list: a row that does not say is no match and no absence',
    file: filter,
    from: 'return isSure ? true : undefined;',
    to: 'return isSure;',
    tests: lists,
  },
  {
    name: 'monitor list: a cursor is of its arguments',
    file: pages,
    from: 'cursor?.list === fingerprint && ',
    to: '',
    tests: ['test/providers/datafold-monitor.test.ts'],
  },
  {
    name: 'run feed: tags are checked in the response',
    file: 'src/resolvers/run-feed/fleet.ts',
    from: 'const isWanted = tags.length === 0 || hasTags(',
    to: 'const isWanted = tags.length < 1e9 || hasTags(',
    tests: feeds,
  },
  {
    name: 'run feed: a monitor whose row lacks its tags is a gap',
    file: 'src/resolvers/run-feed/fleet.ts',
    from: 'else if (isInTime && isWanted === undefined) undecided.push(row.monitorId);',
    to: '',
    tests: feeds,
  },
  {
    name: 'run feed: lists of monitors are remembered by their tags',
    file: 'src/resolvers/run-feed/feed-cache.ts',
    from: 'return tags.length === 0 ? this.#firstPage :',
    to: 'return tags.length < 1e9 ? this.#firstPage :',
    tests: feeds,
  },
  {
    name: 'run feed: a row that lacks its phase is a gap',
    file: 'src/resolvers/run-feed/page-reader.ts',
    from: 'args.phases.has(phase) : undefined);',
    to: 'args.phases.has(phase) : false);',
    tests: feeds,
  },
  {
    name: 'run counts: no call where no run can be in the window',
    file: 'src/loaders/planner.ts',
    from: "latestRunAt !== undefined && latestRunAt < startedAfter ? 'none' : 'list'",
    to: "latestRunAt !== undefined && latestRunAt < -1e9 * startedAfter ? 'none' : 'list'",
    tests: counts,
  },
  {
    name: 'run counts: a run may start later than its row says',
    file: 'src/loaders/planner.ts',
    from: ': lastRunAt + lagMs;',
    to: ': lastRunAt - 1e9 * lagMs;',
    tests: counts,
  },
  {
    name: 'run counts: what is not all says so',
    file: 'src/loaders/run-counts.ts',
    from: 'if (row instanceof Error) isComplete = false;',
    to: 'if (row instanceof Error) continue;',
    tests: counts,
  },
  {
    name: 'page ranges: runs that are all older than the page are fetched without it',
    file: 'src/loaders/planner.ts',
    from: '!group.every(isOlder)',
    to: '!group.every(() => false)',
    tests: ranges,
  },
  {
    name: 'page ranges: a page that may have one of the runs is read',
    file: 'src/loaders/planner.ts',
    from: 'group.every(isOlder)',
    to: 'group.some(isOlder)',
    tests: ranges,
  },
  {
    name: 'page ranges: each credential has its own',
    file: 'src/loaders/page-ranges.ts',
    from: 'credential.digest} ',
    to: 'credential.digest.length} ',
    tests: ranges,
  },
  {
    name: 'page ranges: ids in no order say nothing',
    file: 'src/loaders/page-ranges.ts',
    from: 'if (oldestId !== undefined && isInOrder)',
    to: 'if (oldestId !== undefined && typeof isInOrder === "boolean")',
    tests: ranges,
  },
];
