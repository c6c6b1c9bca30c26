/** Holds what was shown against the truth: right, stale by how much, or missing. */
import { type Dashboard, newestRuns, type Report, type RunKey, type ShownRun } from './screens.ts';
import { type DayWorld, isOver, isRed, lastRunAt, type Run, reportMs } from './world.ts';

/** What is further behind, and doesn't say so, is wrong. In milliseconds. */
export const tolerableMs = 10_000;

/** When a screen was requested and shown, in milliseconds since the day began. */
export interface Span {
  readonly requested: number;
  readonly shown: number;
}

export interface Verdict {
  dashboards: number;
  failedDashboards: number;
  /** By how much each shown run was behind, in milliseconds; 0 for one that was right. */
  readonly behindMs: number[];
  /** Shown runs and monitors that were never as shown, or were so too long ago, and aren't marked. */
  wrong: number;
  /** Newest runs that dashboards lack without saying so. */
  missing: number;
  redExpected: number;
  redWithDetail: number;
  outageDashboards: number;
  /** With Datafold's last data, marked. */
  outageDashboardsWithData: number;
  waits: number;
  waitsWithErrors: number;
  /** How long after its end a run was known to be over, in milliseconds. */
  readonly knownMs: number[];
  logs: number;
  failedLogs: number;
  reportRuns: number;
  reportExpected: number;
  /** How long the report took, in milliseconds; infinite where it failed. */
  reportTookMs: number;
}

export class Judge {
  readonly verdict: Verdict = {
    ...{ dashboards: 0, failedDashboards: 0, behindMs: [], wrong: 0, missing: 0, redExpected: 0, redWithDetail: 0 },
    ...{ outageDashboards: 0, outageDashboardsWithData: 0, waits: 0, waitsWithErrors: 0, knownMs: [] },
    ...{ logs: 0, failedLogs: 0, reportRuns: 0, reportExpected: 0, reportTookMs: Number.POSITIVE_INFINITY },
  };
  readonly #world: DayWorld;

  constructor(world: DayWorld) {
    this.#world = world;
  }

  /** @param dashboard `undefined` when there was none */
  dashboard(span: Span, dashboard: Dashboard | undefined): void {
    const { verdict } = this;
    verdict.dashboards++;
    if (dashboard === undefined) verdict.failedDashboards++;
    else this.#judgeRuns(span, dashboard);
    const { start, end } = this.#world.outage;
    const isOut = span.requested >= start && span.shown < end;
    // At first, what came just before is still as it should be.
    if (isOut && span.requested >= start + tolerableMs) {
      verdict.outageDashboards++;
      if (dashboard?.hasDatafold && dashboard.isMarked) verdict.outageDashboardsWithData++;
    }
    this.#judgeRed(span, dashboard, isOut);
  }

  #judgeRuns(span: Span, { runs, isMarked }: Dashboard): void {
    const { verdict } = this;
    for (const run of runs) {
      const behindMs = this.#behindMs(span, run);
      if (behindMs === undefined) verdict.wrong++;
      else {
        verdict.behindMs.push(behindMs);
        if (behindMs > tolerableMs && !run.isMarked && !isMarked) verdict.wrong++;
      }
    }
    if (isMarked) return;
    const shown = new Set(runs.map(toName));
    // Those that started long ago, and are among the newest in the whole span: new runs move others out of it.
    const atEnd = new Set(this.#newestAt(span.shown).map(({ run }) => run));
    const settled = this.#newestAt(span.requested).filter(
      ({ run, time }) => time <= span.requested - tolerableMs && atEnd.has(run),
    );
    verdict.missing += settled.filter(({ run }) => !shown.has(toName(run))).length;
  }

  /** `undefined` when the run was never as shown. */
  #behindMs({ requested, shown }: Span, { isOver: isShownOver, ...key }: ShownRun): number | undefined {
    const run = this.#world.find(key.provider, key.monitorId)?.runs.find(({ runId }) => runId === key.runId);
    if (run === undefined || run.start > shown) return undefined;
    if (isShownOver) return isOver(run, shown) ? 0 : undefined;
    return Math.max(requested - run.end, 0);
  }

  #newestAt(time: number): readonly { readonly run: Run; readonly time: number }[] {
    return this.#world.monitors
      .flatMap(({ provider, runs }) =>
        runs
          .slice(-newestRuns)
          .map((run) => ({ run, time: provider === 'DATAFOLD' ? run.start : Math.floor(run.end / 1_000) * 1_000 }))
          .filter((one) => one.time <= time),
      )
      .sort((one, other) => other.time - one.time)
      .slice(0, newestRuns);
  }

  /** Counts the monitors that were red all the time, and those of them that are shown so. */
  #judgeRed({ requested, shown }: Span, dashboard: Dashboard | undefined, isOut: boolean): void {
    const { verdict } = this;
    const red = new Map((dashboard?.red ?? []).map((one) => [one.monitorId, one]));
    for (const monitor of this.#world.monitors) {
      if (monitor.provider !== 'DATAFOLD') continue;
      const wasRed =
        isRed(monitor, requested - tolerableMs) &&
        lastRunAt(monitor, requested - tolerableMs) === lastRunAt(monitor, shown);
      const one = red.get(monitor.monitorId);
      if (wasRed && !isOut) {
        verdict.redExpected++;
        if (one?.detail !== undefined) verdict.redWithDetail++;
      }
      // Shown in red though it hasn't been for long.
      const wasRedOfLate = this.#wasRedWithin(monitor.monitorId, requested - tolerableMs, shown);
      if (one !== undefined && !wasRedOfLate && !one.isMarked && dashboard?.isMarked !== true) verdict.wrong++;
    }
  }

  #wasRedWithin(monitorId: string, from: number, to: number): boolean {
    const monitor = this.#world.find('DATAFOLD', monitorId);
    if (monitor === undefined) return false;
    return [from, ...monitor.runs.map(({ end }) => end)].some(
      (time) => time >= from && time <= to && isRed(monitor, time),
    );
  }

  /** A person has seen that the run is over; `shown` is `undefined` when the day was over before. */
  wait(run: Run, shown: number | undefined, hasFailed: boolean): void {
    // What ends with the day tells nothing.
    if (shown === undefined && run.end > this.#world.durationMs - tolerableMs) return;
    this.verdict.waits++;
    if (hasFailed || shown === undefined) this.verdict.waitsWithErrors++;
    this.verdict.knownMs.push((shown ?? this.#world.durationMs) - run.end);
    if (shown !== undefined && shown < run.end) this.verdict.wrong++;
  }

  log(lines: number | undefined): void {
    this.verdict.logs++;
    if (!lines) this.verdict.failedLogs++;
  }

  /** @param report `undefined` when there was none */
  report({ requested, shown }: Span, report: Report | undefined): void {
    const { verdict } = this;
    const shownRuns = new Set((report?.runs ?? []).map(toName));
    const expected = this.#world.monitors.flatMap(({ provider, runs }) =>
      runs.filter((run) => {
        const time = provider === 'DATAFOLD' ? run.start : run.end;
        return time >= requested - reportMs + tolerableMs && time <= requested - tolerableMs;
      }),
    );
    verdict.reportExpected = expected.length;
    verdict.reportRuns = expected.filter((run) => shownRuns.has(toName(run))).length;
    if (report !== undefined) verdict.reportTookMs = shown - requested;
    if (report?.isComplete && verdict.reportRuns < verdict.reportExpected) verdict.wrong++;
  }
}

const toName = ({ provider, monitorId, runId }: RunKey): string => `${provider} ${monitorId} ${runId}`;
