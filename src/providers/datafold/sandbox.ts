/** Datafold's stand-in: its answers. */
import type { CreateSandbox, SandboxAnswer } from '../provider.ts';
import type { components } from './openapi.d.ts';
import { findMonitors, findRuns, toListedMonitor, toListedRun } from './sandbox/lists.ts';
import { toPage, toQueryProblems } from './sandbox/pages.ts';
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
