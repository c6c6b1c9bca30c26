/** Datafold's sandbox: its responses, and which part of its lists they have. */

import { fromIsoText } from '../date-time.ts';
import type { CreateSandbox, SandboxAnswer } from '../provider.ts';
import type { components } from './openapi.d.ts';
import { createWorld, type World } from './sandbox/world.ts';

type Schemas = components['schemas'];

const apiKey = 'sandbox-datafold-key';

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
  return {
    apiKey,
    answer({ path, query, authorization }) {
      const endpoint = endpoints.find((one) => one.path.test(path));
      if (endpoint === undefined) return notFound;
      if (authorization !== `Key ${apiKey}`) return unauthorized;
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
