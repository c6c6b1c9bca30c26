/** The table of a day, and what it was to be. */
import { dayContenders } from './contenders.ts';
import type { DayResult } from './day.ts';
import { tolerableMs } from './judge.ts';

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
const whole = (number: number): string => Math.round(number).toLocaleString('en-US');
const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : '–');

/** The value that a share of all is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN;
}

const rows: Readonly<Record<string, (result: DayResult) => string>> = {
  'upstream calls': ({ calls }) => whole(calls),
  'answers 429': ({ refused }) => whole(refused),
  'waits with an error': ({ waitsWithErrors, waits }) => percent(waitsWithErrors, waits),
  "a run's end known, p50": ({ knownMs }) => seconds(quantile(knownMs, 0.5)),
  "a run's end known, p99": ({ knownMs }) => seconds(quantile(knownMs, 0.99)),
  'dashboards without anything': ({ failedDashboards, dashboards }) => percent(failedDashboards, dashboards),
  'red monitors with details': ({ redWithDetail, redExpected }) => percent(redWithDetail, redExpected),
  'shown runs behind, p99': ({ behindMs }) => seconds(quantile(behindMs, 0.99)),
  [`wrong, or more than ${tolerableMs / 1_000} s behind and unmarked`]: ({ wrong }) => whole(wrong),
  'newest runs missing, unmarked': ({ missing }) => whole(missing),
  'outage: dashboards with last data, marked': ({ outageDashboardsWithData, outageDashboards }) =>
    percent(outageDashboardsWithData, outageDashboards),
  'logs that failed': ({ failedLogs, logs }) => percent(failedLogs, logs),
  'report: runs delivered': ({ reportRuns, reportExpected }) => `${whole(reportRuns)} of ${whole(reportExpected)}`,
  'report: took': ({ reportTookMs }) => seconds(reportTookMs),
  'CPU of the process': ({ cpuSeconds }) => (cpuSeconds === undefined ? '–' : `${cpuSeconds.toFixed(1)} s`),
};

interface Goal {
  readonly what: string;
  readonly goal: string;
  /** The figure, and whether it is reached. */
  toFigure(pair: {
    readonly ours: DayResult;
    readonly theirs: DayResult;
    readonly rest?: DayResult;
  }): [string, boolean];
  readonly isLimited: boolean;
}

const ratio = (ours: number, theirs: number): number => (theirs === 0 ? (ours === 0 ? 0 : Infinity) : ours / theirs);
const atMost = (figure: number, most: number, digits = 2): [string, boolean] => [
  figure.toFixed(digits),
  figure <= most,
];

const goals: readonly Goal[] = [
  {
    ...{ what: 'upstream calls, no limit, to Fastify', goal: '≤ 0.4', isLimited: false },
    toFigure: ({ ours, theirs }) => atMost(ratio(ours.calls, theirs.calls), 0.4),
  },
  {
    ...{ what: 'upstream calls, no limit, to REST clients', goal: '≤ 0.045', isLimited: false },
    toFigure: ({ ours, rest }) => (rest ? atMost(ratio(ours.calls, rest.calls), 0.045, 3) : ['–', false]),
  },
  {
    ...{ what: '429s, to Fastify', goal: '≤ 0.1', isLimited: true },
    toFigure: ({ ours, theirs }) => atMost(ratio(ours.refused, theirs.refused), 0.1),
  },
  {
    ...{ what: 'waits with an error', goal: '0 %', isLimited: true },
    toFigure: ({ ours }) => [percent(ours.waitsWithErrors, ours.waits), ours.waitsWithErrors === 0],
  },
  ...[false, true].map(
    (isLimited): Goal => ({
      what: `a run's end known, p99${isLimited ? ', limited' : ''}`,
      goal: '≤ theirs',
      isLimited,
      toFigure: ({ ours, theirs }) => {
        const [own, other] = [quantile(ours.knownMs, 0.99), quantile(theirs.knownMs, 0.99)];
        return [`${seconds(own)} to ${seconds(other)}`, own <= other];
      },
    }),
  ),
  {
    ...{ what: 'red monitors with details', goal: '≥ 99 %', isLimited: true },
    toFigure: ({ ours }) => [
      percent(ours.redWithDetail, ours.redExpected),
      ours.redWithDetail >= 0.99 * ours.redExpected,
    ],
  },
  {
    ...{ what: 'report', goal: 'all runs', isLimited: true },
    toFigure: ({ ours }) => [`${ours.reportRuns} of ${ours.reportExpected}`, ours.reportRuns === ours.reportExpected],
  },
  {
    ...{ what: 'outage: dashboards with last data, marked', goal: '100 %', isLimited: false },
    toFigure: ({ ours }) => [
      percent(ours.outageDashboardsWithData, ours.outageDashboards),
      ours.outageDashboardsWithData === ours.outageDashboards,
    ],
  },
  {
    ...{ what: 'CPU, to Fastify', goal: '≤ 1.5', isLimited: false },
    toFigure({ ours, theirs }) {
      const isMeasured = ours.cpuSeconds !== undefined && theirs.cpuSeconds !== undefined;
      return isMeasured ? atMost(ratio(ours.cpuSeconds, theirs.cpuSeconds), 1.5) : ['–', false];
    },
  },
  ...[false, true].map(
    (isLimited): Goal => ({
      what: `wrong, or stale and unmarked${isLimited ? ', limited' : ''}`,
      goal: '0',
      isLimited,
      toFigure: ({ ours }) => [whole(ours.wrong + ours.missing), ours.wrong + ours.missing === 0],
    }),
  ),
];

const toTable = (lines: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = lines;
  return [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};

/** The figures of all days, and the goals that the days of `ours` and `bff` tell of. */
export function writeDayReport(results: readonly DayResult[], minutes: number): string {
  const toHead = ({ contender, callsPerSecond }: DayResult) =>
    `${dayContenders[contender]?.title ?? contender}${callsPerSecond === undefined ? '' : `, ${callsPerSecond}/s`}`;
  const figures = toTable([
    [`${minutes} minutes`, ...results.map(toHead)],
    ...Object.entries(rows).map(([name, toCell]) => [name, ...results.map(toCell)]),
  ]);
  const of = (name: string, isLimited: boolean) =>
    results.find(({ contender, callsPerSecond }) => contender === name && (callsPerSecond !== undefined) === isLimited);
  const lines = goals.flatMap(({ what, goal, isLimited, toFigure }) => {
    const [ours, theirs, rest] = [of('ours', isLimited), of('bff', isLimited), of('rest', isLimited)];
    if (ours === undefined || theirs === undefined) return [];
    const [figure, isReached] = toFigure({ ours, theirs, ...(rest && { rest }) });
    return [[what, goal, figure, figure === '–' ? 'not measured' : isReached ? 'reached' : 'missed']];
  });
  return lines.length === 0 ? figures : `${figures}\n\n${toTable([['', 'goal', 'measured', ''], ...lines])}`;
}
