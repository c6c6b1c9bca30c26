/**
 * Datafold's sandbox: its responses, which part of its lists they have, and how its runs go. Nothing is stored: a run is computed from
 * the seed, its number and the time.
 */
import { fromIsoText } from '../date-time.ts';
import {
  type CreateSandbox,
  countRuns,
  createDice,
  day,
  type SandboxAnswer,
  type SandboxWorld,
  second,
  toBeginning,
} from '../sandbox.ts';
import type { components } from './openapi.d.ts';
import { errors, type FinalState, type Monitor, monitorsOf, warnings } from './sandbox-monitors.ts';

type Schemas = components['schemas'];

/** The account `eu` has monitors of the same ids as the default one. */
export const accounts = ['eu'] as const;

const toApiKey = (account: string | undefined): string =>
  account === undefined ? 'sandbox-datafold-key' : `sandbox-datafold-key-${account}`;

/** The ids in a path, as text, by their names in the document. */
type Ids = Readonly<Record<string, string>>;

/** What stands behind a path: the body of its 200, or nothing. */
interface Endpoint {
  readonly path: RegExp;
  answer(world: World, ids: Ids, query: URLSearchParams): object | undefined;
}

const endpoints: readonly Endpoint[] = [
  {
    path: /^\/api\/v1\/monitors\/(?<id>[^/]+)\/runs\/(?<run_id>[^/]+)$/,
    answer: (world, { id, run_id }) => world.findRun(Number(id), Number(run_id)),
  },
  {
    path: /^\/api\/v1\/monitors\/(?<id>[^/]+)\/runs$/,
    answer(world, { id }, query) {
      const runs = world.runsOf(Number(id));
      if (runs === undefined) return undefined;
      const { numbers, items } = toPage(findRuns(runs, query), query, 10);
      return { ...numbers, runs: items.map(toListedRun) } satisfies Schemas['ListRuns'];
    },
  },
  {
    path: /^\/api\/v1\/datadiffs\/(?<datadiff_id>[^/]+)$/,
    answer: (world, { datadiff_id }) => world.findDiff(Number(datadiff_id))?.diff,
  },
  {
    path: /^\/api\/v1\/datadiffs\/(?<datadiff_id>[^/]+)\/summary$/,
    answer: (world, { datadiff_id }) => world.findDiff(Number(datadiff_id))?.summary,
  },
  {
    path: /^\/api\/v1\/monitors\/(?<id>[^/]+)$/,
    answer: (world, { id }) => world.allMonitors().find((monitor) => monitor.id === Number(id)),
  },
  {
    path: /^\/api\/v1\/monitors$/,
    answer(world, _ids, query) {
      const { numbers, items } = toPage(findMonitors(world.allMonitors(), query), query, 20);
      return { ...numbers, monitors: items.map(toListedMonitor) } satisfies Schemas['ListMonitors'];
    },
  },
];

/** Makes the stand-in. */
export const createSandbox: CreateSandbox = (sandboxWorld) => {
  const world = createWorld(sandboxWorld);
  const apiKey = toApiKey(sandboxWorld.account);
  return {
    apiKey,
    answer({ path, query, header }) {
      const endpoint = endpoints.find((one) => one.path.test(path));
      if (endpoint === undefined) return notFound;
      if (header('authorization') !== `Key ${apiKey}`) return unauthorized;
      const ids: Ids = endpoint.path.exec(path)?.groups ?? {};
      const detail = [...toProblems(ids), ...toQueryProblems(query)];
      if (detail.length > 0) return { status: 422, body: { detail } satisfies Schemas['HTTPValidationError'] };
      const body = endpoint.answer(world, ids, query);
      return body === undefined ? notFound : { status: 200, body };
    },
  };
};

/** Datafold documents no body but those of 200 and 422. A `detail` of text is what its framework itself sends. */
const notFound: SandboxAnswer = { status: 404, body: { detail: 'Not Found' } };
const unauthorized: SandboxAnswer = { status: 401, body: { detail: 'Not authenticated' } };

/** One for each part of the path that should be an integer and isn't. */
const toProblems = (parts: Ids): Schemas['ValidationError'][] =>
  Object.entries(parts)
    .filter(([, text]) => !/^-?\d+$/.test(text))
    .map(([name]) => ({
      loc: ['path', name],
      msg: 'Input should be a valid integer, unable to parse string as an integer',
      type: 'int_parsing',
    }));

/** The row of a run: nothing is said of errors and warnings. */
function toListedRun(run: Schemas['MonitorRun']): Schemas['ListedRun'] {
  const { error: _error, warnings: _warnings, ...listed } = run;
  return listed;
}

/** Of these runs, newest last, those that the query requests, newest first. One without a start is in no window, as far as we know. */
function findRuns(runs: readonly Schemas['MonitorRun'][], query: URLSearchParams): Schemas['MonitorRun'][] {
  const start = fromIsoText(query.get('start_time') ?? '');
  const end = fromIsoText(query.get('end_time') ?? '');
  return runs.toReversed().filter(({ started_at }) => {
    const time = fromIsoText(started_at ?? '');
    if (time === undefined) return start === undefined && end === undefined;
    return (start === undefined || time >= start) && (end === undefined || time <= end);
  });
}

/** The row of a monitor. */
function toListedMonitor(monitor: Schemas['MonitorFull']): Schemas['ListedMonitor'] {
  const { description: _text, schedule: _when, dataset: _what, alert: _if, notifications: _whom, ...listed } = monitor;
  return listed;
}

/** Of these monitors those that have all of the query's tags, though no document says all or any, in the requested order. */
function findMonitors(monitors: readonly Schemas['MonitorFull'][], query: URLSearchParams) {
  const tags = query.get('tags')?.split(',') ?? [];
  const orderBy = query.get('order_by') ?? 'id';
  const sign = query.get('sort_order') === 'asc' ? 1 : -1;
  return monitors
    .filter((monitor) => tags.every((tag) => monitor.tags?.includes(tag)))
    .sort((a, b) => sign * compare(toRank(a, orderBy), toRank(b, orderBy)));
}

function toRank(monitor: Schemas['MonitorFull'], orderBy: string): string | number {
  if (orderBy === 'id') return monitor.id;
  return (orderBy === 'name' ? monitor.name : monitor.last_run) ?? '';
}

const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);

/** The real greatest page isn't documented; one that is easily reached shows that it is the reply that counts. */
const maxPerPage = 50;

/** The part of the items that the query requests, with the numbers that go with it. */
function toPage<Item>(items: readonly Item[], query: URLSearchParams, defaultSize: number) {
  const page = Number(query.get('page') ?? 1);
  const size = Math.min(Number(query.get('page_size') ?? defaultSize), maxPerPage);
  const numbers = { count: items.length, page, page_size: size, total_pages: Math.ceil(items.length / size) };
  return { numbers, items: items.slice((page - 1) * size, page * size) };
}

/** One for each parameter that isn't what is documented. */
const toQueryProblems = (query: URLSearchParams): Schemas['ValidationError'][] =>
  [...query].flatMap(([name, text]) => {
    const problem = Object.hasOwn(checks, name) ? checks[name]?.(text) : undefined;
    return problem === undefined ? [] : [{ loc: ['query', name], ...problem }];
  });

type Problem = Omit<Schemas['ValidationError'], 'loc'>;

const toWholeProblem = (text: string): Problem | undefined => {
  if (!/^-?\d+$/.test(text))
    return { msg: 'Input should be a valid integer, unable to parse string as an integer', type: 'int_parsing' };
  if (Number(text) >= 1) return undefined;
  return { msg: 'Input should be greater than or equal to 1', type: 'greater_than_equal' };
};

const toTimeProblem = (text: string): Problem | undefined =>
  fromIsoText(text) === undefined
    ? { msg: 'Input should be a valid datetime', type: 'datetime_from_date_parsing' }
    : undefined;

const toWordProblem =
  (words: readonly string[]) =>
  (text: string): Problem | undefined =>
    words.includes(text) ? undefined : { msg: `Input should be one of ${words.join(', ')}`, type: 'enum' };

const checks: Readonly<Record<string, (text: string) => Problem | undefined>> = {
  page: toWholeProblem,
  page_size: toWholeProblem,
  start_time: toTimeProblem,
  end_time: toTimeProblem,
  order_by: toWordProblem(['id', 'name', 'last_triggered', 'last_run']),
  sort_order: toWordProblem(['asc', 'desc']),
};

type MonitorRun = Schemas['MonitorRun'] & { readonly state: Schemas['MonitorRunState'] };

type World = ReturnType<typeof createWorld>;

/** Makes the world, with now as its origin. */
function createWorld({ now, seed, account }: SandboxWorld) {
  const origin = now();
  const monitors = monitorsOf(account);
  const toRunOf = (monitor: Monitor, runId: number, time: number) =>
    toRun(seed, monitor, runId, origin + toBeginning(monitor, runId), time);
  const toRunsOf = (monitor: Monitor, time: number) =>
    Array.from({ length: countRuns(monitor, time - origin) }, (_, place) => toRunOf(monitor, place + 1, time));
  const find = (monitorId: number) => monitors.find(({ id }) => id === monitorId);
  return {
    /** The run as it stands now; `undefined` when there is none, or none yet. */
    findRun(monitorId: number, runId: number): MonitorRun | undefined {
      const time = now();
      const monitor = find(monitorId);
      if (monitor === undefined || runId < 1 || runId > countRuns(monitor, time - origin)) return undefined;
      return toRunOf(monitor, runId, time);
    },
    /** The data diff of a run as it stands now, and its summary; `undefined` when there is none, or none yet. */
    findDiff(diffId: number) {
      const monitorId = Math.floor((diffId - firstDiffId) / diffsPerMonitor);
      const monitor = find(monitorId);
      const run = this.findRun(monitorId, (diffId - firstDiffId) % diffsPerMonitor);
      if (monitor === undefined || run?.diff_id !== diffId) return undefined;
      return toDiff(seed, monitor, run, now());
    },
    /** All runs of a monitor as they stand now, newest last; `undefined` when there is no such monitor. */
    runsOf(monitorId: number): readonly MonitorRun[] | undefined {
      const monitor = find(monitorId);
      return monitor && toRunsOf(monitor, now());
    },
    /** All monitors as they stand now. */
    allMonitors(): readonly Schemas['MonitorFull'][] {
      const time = now();
      return monitors.map((monitor) => toMonitor(monitor, origin + toBeginning(monitor, 1), toRunsOf(monitor, time)));
    },
  };
}

/** The monitor, made a day before its first run began; what it is set to, and what follows from its runs. */
function toMonitor(monitor: Monitor, beganAt: number, runs: readonly MonitorRun[]): Schemas['MonitorFull'] {
  return {
    id: monitor.id,
    name: monitor.name,
    monitor_type: monitor.type,
    enabled: monitor.live !== undefined,
    created_at: new Date(beganAt - day).toISOString(),
    modified_at: new Date(beganAt - day / 2).toISOString(),
    last_run: runs.findLast(({ started_at }) => started_at !== null)?.started_at ?? null,
    last_alert: runs.findLast(({ state }) => state === 'alert')?.started_at ?? null,
    state: runs.at(-1)?.state ?? null,
    ...monitor.settings,
  };
}

/** Long enough, each, for a person to see it and to request again. */
const createdFor = 15 * second;
const queuedFor = 10 * second;
const shortestCheck = 15 * second;
const longestCheck = 30 * second;

function toRun(seed: number, monitor: Monitor, run: number, createdAt: number, time: number): MonitorRun {
  const dice = createDice(seed, 'datafold run', monitor.id, run);
  const checkingFor = dice.between(shortestCheck, longestCheck);
  const finalState = chooseFinalState(monitor, run, () => dice.pick(monitor.finalStates));

  const startedAt = createdAt + createdFor + queuedFor;
  const isStarted = time >= startedAt && finalState !== 'skipped';
  const isEnded = time >= (finalState === 'skipped' ? startedAt : startedAt + checkingFor);
  const underWay = isStarted ? 'checking' : time < createdAt + createdFor ? 'created' : 'queued';
  return {
    run_id: run,
    monitor_id: monitor.id,
    state: isEnded ? finalState : underWay,
    started_at: isStarted ? new Date(startedAt).toISOString() : null,
    diff_id: isStarted && monitor.type === 'diff' ? toDiffId(monitor, run) : null,
    ...(isEnded ? toMessages(seed, monitor, run, finalState) : { warnings: [], error: null }),
  };
}

function chooseFinalState({ known, learning = 0 }: Monitor, run: number, pick: () => FinalState): FinalState {
  return known?.[run] ?? (run <= learning ? 'learning' : pick());
}

/** Of seven digits, as the one real id that is published; a monitor's first 10,000 runs share none with another's. */
const firstDiffId = 2_000_000;
const diffsPerMonitor = 10_000;
const toDiffId = (monitor: Monitor, run: number) => firstDiffId + monitor.id * diffsPerMonitor + run;

/** How long the checks of a run take. */
const toCheckingTime = (seed: number, monitor: Monitor, run: number): number =>
  createDice(seed, 'datafold run', monitor.id, run).between(shortestCheck, longestCheck);

const diffSteps = 12;

/** What the diff of a run says. Which step is which isn't documented, nor are the texts of real summaries. */
function toDiff(
  seed: number,
  monitor: Monitor,
  { run_id, state, started_at, diff_id }: MonitorRun,
  time: number,
): { readonly diff: Schemas['DataDiff']; readonly summary: Schemas['DataDiffSummary'] } {
  const dice = createDice(seed, 'datafold diff', monitor.id, run_id);
  const startedAt = Date.parse(started_at ?? '');
  const checkingFor = toCheckingTime(seed, monitor, run_id);
  const isEnded = state !== 'checking';
  const isDone = state === 'ok' || state === 'alert';
  const status = !isEnded ? 'processing' : isDone ? 'done' : state === 'cancelled' ? 'cancelled' : 'failed';
  const rows = dice.between(18_000, 96_000);
  const [added, removed, changed] =
    state === 'alert' ? [dice.between(1, 40), dice.between(1, 9), dice.between(1, 90)] : [0, 0, 0];
  const steps = isEnded ? diffSteps : Math.floor(((time - startedAt) / checkingFor) * diffSteps);
  const different = `${changed} of ${rows} rows differ, ${added} rows are new, and ${removed} are missing.`;
  const feedback = state === 'alert' ? different : `All ${rows} rows are the same.`;
  const id = Number(diff_id);
  return {
    diff: {
      id,
      status,
      done: isEnded,
      result: isDone ? (state === 'alert' ? 'different' : 'identical') : status === 'failed' ? 'error' : null,
      finished_at: isEnded ? new Date(startedAt + checkingFor).toISOString() : null,
      diff_stats: isDone
        ? {
            match_ratio: Math.round((1 - (added + removed + changed) / rows) * 1e6) / 1e6,
            rows_added: added,
            rows_removed: removed,
            diff_rows_count: changed,
          }
        : null,
      diff_progress: { completed_steps: steps, total_steps: diffSteps },
    },
    summary: { id, status, feedback: isDone ? feedback : null },
  };
}

/** What a run ended with. */
function toMessages(seed: number, monitor: Monitor, run: number, finalState: FinalState) {
  const dice = createDice(seed, 'datafold messages', monitor.id, run);
  return {
    warnings: toWarnings(),
    // Only a run that couldn't be carried out has an error. Datafold doesn't promise so; it is the plainest reading.
    error: finalState === 'error' ? toError() : null,
  };

  function toWarnings(): string[] {
    switch (finalState) {
      case 'learning':
        return [`Learning what is usual: ${run} of ${monitor.learning} runs.`];
      case 'skipped':
        return ['The run before it had not ended.'];
      case 'cancelled':
        return ['Stopped by a user.'];
      case 'alert':
        return [dice.pick(warnings[monitor.type])];
      default:
        return dice.between(1, 5) === 1 ? [dice.pick(warnings[monitor.type])] : [];
    }
  }

  function toError(): string {
    if (monitor.table.startsWith('legacy.')) return `Table ${monitor.table} does not exist.`;
    return dice.pick(errors)(monitor.table);
  }
}
