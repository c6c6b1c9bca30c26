/** What the run feed requests, and what a page says of itself: by tests that send HTTP. */
import type { Guard } from './guard.ts';

const feedTests = ['test/resolvers/run-feed.test.ts'];
const pagingTests = ['test/resolvers/run-feed-paging.test.ts'];
const callTests = ['test/resolvers/run-feed-calls.test.ts'];
const feed = 'src/resolvers/run-feed/run-feed.ts';
const fleet = 'src/resolvers/run-feed/fleet.ts';
const stream = 'src/resolvers/run-feed/run-stream.ts';
const reader = 'src/resolvers/run-feed/page-reader.ts';

export const runFeedHttpGuards: readonly Guard[] = [
  {
    name: 'run feed over HTTP: a page that another feed has requested costs no call',
    file: reader,
    from: '(this.#isRequested(stream) || left-- > 0)',
    to: 'left-- > 0',
    tests: feedTests,
  },
  {
    name: 'run feed over HTTP: a feed that had no calls gives up no monitor',
    file: feed,
    from: '(repeats > 1 && hadCalls && !hasGrown)',
    to: '(repeats > 1 && !hasGrown)',
    tests: pagingTests,
  },
  {
    name: 'run feed over HTTP: the calls of a page are bounded',
    file: 'src/resolvers/run-feed/feed-context.ts',
    from: 'this.#calls++;',
    to: 'this.#calls += 0;',
    tests: feedTests,
  },
  {
    name: 'run feed over HTTP: a monitor that never ran takes no place of one that did',
    file: 'src/loaders/planner.ts',
    from: 'if (hasNeverRun) return Number.NEGATIVE_INFINITY;',
    to: 'if (hasNeverRun && lagMs < 0) return Number.NEGATIVE_INFINITY;',
    tests: feedTests,
  },
  {
    name: 'run feed over HTTP: monitors that are left out are a gap where their runs would stand',
    file: fleet,
    from: '&& time >= end && (start === undefined || time < start)',
    to: '&& (start === undefined || time < start)',
    tests: feedTests,
  },
  {
    name: 'run feed over HTTP: Datafold gets no time filter, which may leave out runs without a start',
    file: 'src/providers/datafold/runs.ts',
    from: 'toPageRequest(toList(monitorId), {',
    to: "toPageRequest({ ...toList(monitorId), query: { end_time: '2026-11-20T08:00:00Z' } }, {",
    tests: feedTests,
  },
  {
    name: 'run feed over HTTP: a page is not complete behind one with a gap',
    file: feed,
    from: 'args.cursor?.isLossy === true || gaps.all().length > 0',
    to: 'gaps.all().length > 0',
    tests: pagingTests,
  },
  {
    name: 'run feed over HTTP: `searchedUntil` is where the page ends',
    file: feed,
    from: 'hasNextPage ? page.boundary.time : args.since;',
    to: 'args.since;',
    tests: pagingTests,
  },
  {
    name: 'run feed over HTTP: a value that is not as documented is no answer to a filter',
    file: 'src/providers/olostep/events-page.ts',
    from: "readRow(row, 'changed') instanceof Error;",
    to: "readRow(row, 'changed') === undefined;",
    tests: pagingTests,
  },
  {
    name: 'run feed over HTTP: pages go on with what earlier ones have read',
    file: 'src/resolvers/run-feed/feed-cache.ts',
    from: 'if (state.readAt + ms <= now) return 0;',
    to: 'if (state.readAt + ms > 0) return 0;',
    tests: ['test/resolvers/run-feed-fleets.test.ts'],
  },
  {
    name: 'run feed over HTTP: only as many streams are read as the page needs',
    file: 'src/resolvers/run-feed/feed-page.ts',
    from: 'const chosen = needed.slice(0, wave);',
    to: 'const chosen = needed;',
    tests: callTests,
  },
  {
    name: 'run feed over HTTP: a monitor that ran before the window is not requested',
    file: stream,
    from: 'if (this.bound < window.since) this.bound = none;',
    to: '',
    tests: callTests,
  },
];
