/** What makes pages of logs, runs before runs and data diffs right, and cheap. */
import type { Guard } from './guard.ts';

const logs = ['test/providers/olostep-agent-log.test.ts'];
const previous = ['test/providers/olostep-previous.test.ts'];
const diffs = ['test/providers/datafold-diff.test.ts'];

export const detailGuards: readonly Guard[] = [
  {
    name: 'agent log: arguments that can not be cost no call of the run',
    file: 'src/resolvers/resolvers.ts',
    from: 'if (selected.invalid.size > 0 && isRunIdentity(selected) && isKey(key)) {',
    to: 'if (selected.invalid.size > 1e9) {',
    tests: logs,
  },
  {
    name: 'agent log: a plan ends where arguments can not be, before it requests anything',
    file: 'src/graphql/executor/coercion.ts',
    from: 'const place = dependent.push(check === undefined ? toValues : toChecked) - 1;',
    to: 'const place = dependent.push(toChecked === undefined ? toChecked : toValues) - 1;',
    tests: logs,
  },
  {
    name: 'agent log: of a line that a cursor names the id alone is read',
    file: 'src/providers/olostep/agent-log.ts',
    from: "createTextCheck(id ?? '')(bytes, start)) return true;",
    to: "createTextCheck(id ?? '')(bytes, start) && place < 0) return true;",
    tests: logs,
  },
  {
    name: 'agent log: the last events of a page end where the next page begins',
    file: 'src/providers/olostep/agent-log-page.ts',
    from: 'const start = first == null ? to - count : from;',
    to: 'const start = first == null ? totalCount - count : from;',
    tests: logs,
  },
  {
    name: 'run before: a row that can not be read may be the one',
    file: 'src/loaders/list-rows.ts',
    from: 'if (scan.canBeUnreadable((below.row.time ?? Number.NEGATIVE_INFINITY) + 1) && !scan.isNoted(runId))',
    to: 'if (scan.pages > 1e9)',
    tests: previous,
  },
  {
    name: 'run before: a page is requested with the row below it',
    file: 'src/providers/olostep/run-page.ts',
    from: 'const more = size + (window.hasBelow ? 1 : 0);',
    to: 'const more = size;',
    tests: previous,
  },
  {
    name: 'data diff: one that goes on is not cached',
    file: 'src/providers/datafold/diffs.ts',
    from: "if (!isFinished(status)) return 'none';",
    to: "if (status === '') return 'none';",
    tests: diffs,
  },
  {
    name: 'data diff: one that goes on has no summary, at no call',
    file: 'src/providers/datafold/diffs.ts',
    from: "if (!isFinished(read(record, 'status'))) return null;",
    to: "if (read(record, 'status') === '') return null;",
    tests: diffs,
  },
  {
    name: 'data diff: an entry is no older than the client accepts',
    file: 'src/loaders/detail-loader.ts',
    from: 'Math.min(maxAgeMs, limits.runCacheTtlMs)',
    to: 'Math.max(maxAgeMs, limits.runCacheTtlMs)',
    tests: diffs,
  },
  {
    name: 'data diff: its ids alone cost no call',
    file: 'src/resolvers/resolvers.ts',
    from: 'const isOwn = [...selected].every((name) => ownFields.has(name));',
    to: 'const isOwn = selected.size > 1e9;',
    tests: diffs,
  },
];
