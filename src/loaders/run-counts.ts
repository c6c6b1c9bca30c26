/** How the runs of a monitor ended in a window of time: counted from the rows of its list. No run is fetched separately. */
import type { MonitorKey } from '../core/accounts.ts';
import type { CostBudget } from '../core/cost-budget.ts';
import { BadUserInput } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { MonitorRunCountsArgs, RunCounts, RunOutcome } from '../generated/types.ts';
import type { AllowStale, Run } from '../providers/fields.ts';
import { providers } from '../providers/index.ts';
import type { Get, Page, RunRow } from '../providers/lists.ts';
import type { CallReport, PlannedStep } from '../upstream/call-report.ts';
import { loadOf } from './account-errors.ts';
import type { MonitorLoader } from './monitor-loader.ts';
import { planRunCounts, type RunCountsPlan } from './planner.ts';
import type { RequestFetcher } from './request-fetcher.ts';

export interface RunCountsOptions {
  readonly fetches: RequestFetcher;
  readonly callReport: CallReport;
  readonly monitors: Pick<MonitorLoader, 'latestRunAt'>;
  readonly limits: Limits;
  readonly costBudget: CostBudget;
  /** The time, in Unix milliseconds. */
  readonly now: number;
}

type CountName = Exclude<keyof RunCounts, '__typename' | 'total' | 'isComplete'>;

/** As many runs as a page of ours has. */
const pageLength = 100;

/**
 * The counts; `null` when there is no such monitor. The runs are those of `Monitor.runs` in the same window, and the calls are shared with
 * it and with the run feed.
 * @throws {BadUserInput} when the window ends before it begins
 * @throws {OperationTooCostly} when no call is left for the first page
 * @throws {ProviderError} when the first page can't be read
 */
export async function countRuns(
  { provider, account: name, monitorId, allowStale = false }: MonitorKey & AllowStale,
  { startedAfter, startedBefore }: MonitorRunCountsArgs,
  { fetches, callReport, monitors, limits, costBudget, now }: RunCountsOptions,
): Promise<RunCounts | null> {
  checkWindow(startedAfter, startedBefore);
  // Like a list, it counts as at least one item.
  costBudget.chargeListItems(1);
  const account = { provider, account: name };
  const plan = planRunCounts(monitors.latestRunAt({ ...account, monitorId }), Date.parse(startedAfter));
  callReport.recordPage(account, { ...steps[plan], list: monitorId }, startedAfter, startedBefore);
  if (plan === 'none') return toRunCounts([], true);

  const tracked = fetches.track(account, allowStale);
  let calls = 0;
  const get: Get = (request) => {
    if (++calls > 1) callReport.recordPage(account, { ...furtherStep, list: monitorId }, request.path);
    return tracked.get({ ...request, isReport: true });
  };
  const { readPage, toListedRun } = providers[provider].runs;
  const names = new Map<string, CountName>();
  let isComplete = true;
  let after: string | undefined;
  for (let pages = 0; pages < limits.maxRunCountPages; pages++) {
    const window = { first: pageLength, after, pageSize: limits.listPageSize, startedAfter, startedBefore, now };
    let page: Page<RunRow> | null = null;
    try {
      page = await loadOf(account, readPage(get, monitorId, window));
      if (page === null && pages === 0) return null;
    } catch (error) {
      if (pages === 0) throw error;
      fetches.report(error, 'runCounts');
    }
    // What has been counted is shown: there are at least so many.
    if (page === null) return toRunCounts(names.values(), false);
    for (const { row } of page.items) {
      if (row instanceof Error) isComplete = false;
      else {
        const key = { ...account, monitorId, runId: row.runId };
        names.set(row.runId, toCountName(toListedRun(key, row.row, { limits, ...tracked.reading })));
      }
    }
    after = page.endCursor ?? page.items.at(-1)?.cursor;
    if (!page.hasNextPage) return toRunCounts(names.values(), isComplete && !tracked.reading.isStale);
  }
  return toRunCounts(names.values(), false);
}

/** @throws {BadUserInput} when it ends before it begins */
export function checkWindow(startedAfter: string | null | undefined, startedBefore: string | null | undefined): void {
  if (startedAfter != null && startedBefore != null && Date.parse(startedAfter) > Date.parse(startedBefore))
    throw new BadUserInput('Expected `startedAfter` at or before `startedBefore`.');
}

/** Where a run is counted. A row that doesn't say how its run stands leaves that to a call of the run, which isn't made. */
function toCountName({ phase, outcome }: Pick<Run, 'phase' | 'outcome'>): CountName {
  if (phase === 'PENDING' || phase === 'RUNNING') return 'unfinished';
  return phase === 'FINISHED' && typeof outcome === 'string' ? countNames[outcome] : 'unknown';
}

const countNames: Readonly<Record<RunOutcome, CountName>> = {
  PASSED: 'passed',
  FINDING: 'finding',
  ERRORED: 'errored',
  SKIPPED: 'skipped',
  CANCELLED: 'cancelled',
  LEARNING: 'learning',
  UNKNOWN: 'unknown',
};

function toRunCounts(names: Iterable<CountName>, isComplete: boolean): RunCounts {
  const counts = {
    passed: 0,
    finding: 0,
    errored: 0,
    skipped: 0,
    cancelled: 0,
    learning: 0,
    unknown: 0,
    unfinished: 0,
  };
  let total = 0;
  for (const name of names) {
    counts[name]++;
    total++;
  }
  return { __typename: 'RunCounts', total, ...counts, isComplete };
}

const steps: Readonly<Record<RunCountsPlan, PlannedStep>> = {
  none: {
    source: 'LIST',
    count: 0,
    calls: 0,
    reason: "The monitor's row in the list of monitors says that it last ran before the window.",
  },
  list: { source: 'LIST', count: 0, calls: 1, reason: 'The rows of the list of runs say how each run ended.' },
};

const furtherStep: PlannedStep = {
  source: 'LIST',
  count: 0,
  calls: 1,
  reason: 'The window reaches a further page of the list of runs.',
};
