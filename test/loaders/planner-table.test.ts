/** The table of decisions in docs/caching-and-planning.md, executed by the planner. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import type { Provider, RunOutcome, RunPhase } from '../../src/generated/types.ts';
import { type MonitorFilterArgs, readMonitorFilter } from '../../src/loaders/monitor-filter.ts';
import {
  type FetchPlan,
  planFetches,
  planMonitorList,
  planRunCounts,
  planRunFeed,
  toLatestRunAt,
  type Want,
} from '../../src/loaders/planner.ts';
import { providerNames, providers } from '../../src/providers/index.ts';

const page = readFileSync('docs/caching-and-planning.md', 'utf8');
const [, section = ''] = page.split('### Decisions of the fetch planner');

/** The rows of the table: a field, what is given, and the plan. */
const rows = (section.split('\n|---|---|---|\n')[1] ?? '')
  .split('\n\n')[0]
  ?.split('\n')
  .map(
    (line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()) as [string, string, string],
  );

interface RunWant extends Want {
  readonly isOlder: boolean;
}

const light = (list: string, isOlder = false): RunWant => ({ list, need: 'light', isOlder });
const full = (list: string): RunWant => ({ list, need: 'full', isOlder: false });
const showFetches = ({ singly, listed }: FetchPlan<RunWant>) =>
  listed.size === 0 ? `${singly.length} calls, one for each run` : 'the list of the monitor first';
const ofRuns =
  (...wants: readonly RunWant[]) =>
  () =>
    showFetches(planFetches(wants, defaultLimits.listFetchThreshold, ({ isOlder }) => isOlder));

const ofList =
  (args: MonitorFilterArgs, names: readonly Provider[] = providerNames) =>
  () => {
    const filter = readMonitorFilter(args, defaultLimits);
    const plan = planMonitorList(names, filter, (name) => providers[name].monitors.facts);
    const amount = plan.rows === 'first' ? 'as many rows as are wanted' : 'pages of 100 rows';
    return `${amount}: ${plan.accounts.join(', ')}`;
  };
const ofSame =
  (...plans: readonly (() => string)[]) =>
  () => {
    const shown = new Set(plans.map((plan) => plan()));
    return [...shown].join(' or ');
  };

const ofFeed = (filter: { tags?: string[]; phases?: RunPhase[]; outcomes?: RunOutcome[] }) => () => {
  const { tags = [], phases, outcomes } = filter;
  const wanted = { tags, phases: phases && new Set(phases), outcomes: outcomes && new Set(outcomes) };
  return planRunFeed(providerNames, wanted, (name) => {
    const { runs, monitors } = providers[name];
    return { hasTags: monitors.facts.tags !== undefined, phases: runs.listedPhases, outcomes: runs.listedOutcomes };
  }).accounts.join(', ');
};

const minute = 60_000;
const startedAfter = Date.parse('2026-11-20T08:00:00Z');
const ofCounts = (row: Parameters<typeof toLatestRunAt>[0] | undefined) => () =>
  planRunCounts(row && toLatestRunAt(row, providers.DATAFOLD.monitors), startedAfter) === 'none'
    ? 'no call'
    : 'the list of the monitor';
const lastRun = (minutes: number) => ({ lastRunAt: startedAfter - minutes * minute, hasNeverRun: false });
const unknown = { lastRunAt: undefined, hasNeverRun: false };

const time = '2026-11-20T08:00:00.000Z';
const plans: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'runs by key': {
    'two of a monitor, and a list has all selected fields': ofRuns(light('a'), light('a')),
    'three of a monitor, and a list has all selected fields': ofRuns(light('a'), light('a'), light('a')),
    'three of a monitor, and no list has all selected fields': ofRuns(full('a'), full('a'), full('a')),
    'three of a monitor, all older than the page of its list that was read last': ofRuns(
      ...[light('a', true), light('a', true), light('a', true)],
    ),
    'three of a monitor, two of them older than that page': ofRuns(light('a', true), light('a'), light('a', true)),
    'three, of three monitors': ofRuns(light('a'), light('b'), light('c')),
  },
  '`monitorList`': {
    '`provider`, no filter': ofList({}, ['DATAFOLD']),
    nothing: ofList({}),
    '`search`, `lastOutcomes` or `lastRunBefore`': ofSame(
      ofList({ search: 'x' }),
      ofList({ lastOutcomes: ['ERRORED'] }),
      ofList({ lastRunBefore: time }),
    ),
    '`tags`': ofList({ tags: ['x'] }),
    '`lastAlertAfter`': ofList({ lastAlertAfter: time }),
  },
  '`runs`': {
    'no filter': ofFeed({}),
    '`tags`': ofFeed({ tags: ['x'] }),
    '`phases` without `FINISHED`': ofFeed({ phases: ['RUNNING', 'PENDING', 'UNKNOWN'] }),
    '`outcomes` of `ERRORED`, `SKIPPED`, `CANCELLED` or `LEARNING`': ofFeed({
      outcomes: ['ERRORED', 'SKIPPED', 'CANCELLED', 'LEARNING'],
    }),
    '`outcomes` with `FINDING`': ofFeed({ outcomes: ['FINDING'] }),
  },
  '`runCounts`': {
    'a row that says that the monitor last ran more than five minutes before the window': ofCounts(lastRun(6)),
    'a row that says that it last ran four minutes before the window': ofCounts(lastRun(4)),
    'a row that says that it never ran': ofCounts({ lastRunAt: undefined, hasNeverRun: true }),
    "a row that doesn't say, or no row": ofSame(ofCounts(unknown), ofCounts(undefined)),
  },
};

it('fetch planner: the table of its decisions is complete', () => {
  const known = Object.entries(plans).flatMap(([field, cases]) => Object.keys(cases).map((given) => [field, given]));
  expect(rows?.map(([field, given]) => [field, given])).toEqual(known);
});

it.each(rows ?? [])('fetch planner: %s, given %s: %s', (field, given, plan) => {
  expect(plans[field]?.[given]?.()).toBe(plan);
});
