/** Who takes part, and how each is started. */
import { readFileSync } from 'node:fs';
import { configure, program as tailcall } from './contenders/tailcall.ts';
import { numberMark } from './measure/wrk.ts';
import { bench, built, root } from './paths.ts';
import type { Dialect } from './workloads/requests.ts';

/** How our service is started in production, but that its variables come from here: in the project's folder. */
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const [, parameters] = scripts.serve.split('exec node ');
const serve = parameters.split(' ').filter((word: string) => !word.startsWith('--env-file'));
const [entry, flags] = [serve.at(-1), serve.slice(0, -1)];

/** How many connections to a provider each may have: more than W3 can use, 16 clients with 50 runs each. */
const connections = 1_024;

export interface Contender {
  readonly title: string;
  readonly dialect: Dialect;
  /** Whether it is this project's. */
  readonly isOurs?: boolean;
  /** Another program than Node.js. */
  readonly program?: string;
  readonly parameters: (port: number, upstreamUrl: string) => readonly string[];
  readonly env: (port: number, upstreamUrl: string) => Readonly<Record<string, string>>;
  /** What its callers send as their own keys. */
  readonly credentials?: string;
}

/** One of the programs in `contenders/`. */
const own = (title: string, dialect: Dialect, name: string): Contender => ({
  title,
  dialect,
  parameters: () => [name === 'hive' ? `${bench}contenders/hive.ts` : built(`contenders/${name}.mjs`)],
  env: (port, upstreamUrl) => ({
    PORT: `${port}`,
    UPSTREAM_URL: upstreamUrl,
    CONNECTIONS: `${connections}`,
    SCHEMA_FOLDER: `${root}schema/`,
    NODE_ENV: 'production',
  }),
});

/** Our service as its users start it: every guard on, one line of log a request; but no cache. */
const service = (title: string, settings: Readonly<Record<string, string>>, folder = root): Contender => ({
  title,
  dialect: 'graph',
  isOurs: true,
  parameters: () => [...flags, `${folder}${entry}`],
  env: (port, upstreamUrl) => ({
    HOST: '127.0.0.1',
    PORT: `${port}`,
    DATAFOLD_BASE_URL: upstreamUrl,
    OLOSTEP_BASE_URL: upstreamUrl,
    MAX_CONCURRENT_CALLS: `${connections}`,
    // What is measured is what a request costs with its calls: no other contender stores or shares any.
    RUN_CACHE: 'false',
    COALESCE_CALLS: 'false',
    FRESH_MS: '0',
    ...settings,
  }),
});

const ownKeys = { DATAFOLD_API_KEY: 'key', OLOSTEP_API_KEY: 'key' };

export const ours = service('monitor-graph', ownKeys);

/**
 * Our service as it was built in another checkout, to compare revisions.
 * @param folder its path, with a slash at the end
 * @param settings further variables, as that revision names them
 */
export const oursIn = (folder: string, settings: Readonly<Record<string, string>> = {}): Contender =>
  service(`monitor-graph of ${folder}`, { ...ownKeys, ...settings }, folder);

/** In the order in which they take turns. */
export const contenders: Readonly<Record<string, Contender>> = {
  bare: own('bare node:http + undici proxy', 'bare', 'bare'),
  rest: own('REST backend, undici.request', 'rest', 'rest'),
  restDispatch: own('REST backend, undici.dispatch', 'rest', 'rest-dispatch'),
  ours,
  mercurius: own('Mercurius + JIT', 'graph', 'mercurius'),
  yoga: own('Yoga as it comes', 'graph', 'yoga'),
  apollo: own('Apollo Server + datasource-rest', 'graph', 'apollo'),
  hive: own('Hive Gateway, OpenAPI', 'openapi', 'hive'),
  tailcall: {
    title: 'Tailcall (Rust)',
    dialect: 'openapi',
    program: tailcall,
    parameters: (port, upstreamUrl) => configure(port, upstreamUrl, connections),
    env: () => ({}),
  },
};

/** Our service with the callers' own keys: it has no part in other workloads than its own. */
export const forwarding: Contender = {
  ...service('monitor-graph, forwarded keys', { CREDENTIALS: 'forwarded' }),
  credentials: `key-${numberMark}`,
};
