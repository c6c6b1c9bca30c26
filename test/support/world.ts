/** The service as its users meet it, on real HTTP, with only the upstreams faked. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { createGateway, type Gateway, type GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import type { Provider } from '../../src/generated/types.ts';
import type { Log } from '../../src/observability/logger.ts';
import { providerNames } from '../../src/providers/index.ts';
import { createServer, type ServerOptions } from '../../src/server/server.ts';
import { loadFacts } from '../providers/provider-facts.ts';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';

/** What the service answers to an operation. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
  readonly data?: any;
  readonly errors?: readonly AnswerError[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** A line of the log. */
export type LogLine = { readonly level: string; readonly message: string } & Readonly<Record<string, unknown>>;

export interface World {
  /** The fake upstream of each provider; of two of them by their names too. */
  readonly upstreams: Readonly<Record<Provider, FakeUpstream>>;
  readonly datafold: FakeUpstream;
  readonly olostep: FakeUpstream;
  /** The URL of the graph. */
  readonly url: string;
  readonly gateway: Gateway;
  readonly server: Server;
  readonly lines: LogLine[];
  /** Posts an operation and returns the answer. */
  execute(query: string, variables?: object, init?: RequestInit): Promise<Answer>;
  /** Posts any body; for what is not quite an operation. */
  post(body: string, init?: RequestInit): Promise<Response>;
}

/** The keys that the service holds in every world. */
export const keyOf = (provider: Provider): string => `canary-${provider.toLowerCase()}-key`;
export const keys = { datafold: 'canary-datafold-key', olostep: 'canary-olostep-key' };

/**
 * Starts a world for the test that calls it, and ends it with the test.
 * @param beside another one, whose providers this one calls too: another process of the same service
 */
export async function createWorld(
  config: Partial<GatewayConfig> = {},
  serverOptions: Partial<ServerOptions> = {},
  beside?: Pick<World, 'upstreams'>,
): Promise<World> {
  const upstreams = beside?.upstreams ?? (await startUpstreams());
  const lines: LogLine[] = [];
  const log = toLog(lines);
  const gateway = createGateway({
    providers: Object.fromEntries(
      providerNames.map((name) => [name, { apiKey: keyOf(name), baseUrl: upstreams[name].baseUrl }]),
    ),
    log,
    bodyLimitEnforced: true,
    // So that each run costs its call; tests of these turn them on.
    runCache: false,
    coalesceCalls: false,
    ...config,
    // Tests of the bulkhead know how long an operation waits for its first call.
    limits: { listFetchThreshold: 1_000, freshMs: 0, maxReuseMs: 0, staleMs: 0, queueTimeoutMs: 250, ...config.limits },
  });
  const server = createServer({
    gateway,
    log,
    operations: exampleOperations,
    ...(config.limits && { limits: config.limits }),
    ...serverOptions,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;

  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    for (const upstream of Object.values(upstreams)) upstream.close();
    await gateway.close();
  });

  const post = (body: string, init: RequestInit = {}) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, ...init });
  return {
    upstreams,
    datafold: upstreams.DATAFOLD,
    olostep: upstreams.OLOSTEP,
    url,
    gateway,
    server,
    lines,
    post,
    execute: async (query, variables, init) =>
      (await post(JSON.stringify({ query, variables }), init)).json() as Answer,
  };
}

async function startUpstreams(): Promise<World['upstreams']> {
  const started = providerNames.map(async (name) => [name, await startFakeUpstream()] as const);
  return Object.fromEntries(await Promise.all(started)) as World['upstreams'];
}

/**
 * Has all providers answer the list of monitors, so that their 404 is absence from now on, and forgets these requests.
 * @param world in which no provider has answered anything
 */
export async function verifyCredentials({ execute, upstreams }: Pick<World, 'execute' | 'upstreams'>): Promise<void> {
  const absent = providerNames.map(async (name) => {
    const { emptyList, absentKey } = await loadFacts(name);
    upstreams[name].on(emptyList.path, { body: emptyList.body });
    const { errors } = await execute('query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }', {
      key: absentKey,
    });
    if (errors) throw new Error(JSON.stringify(errors));
    upstreams[name].off(emptyList.path);
  });
  await Promise.all(absent);
  for (const { paths, requests } of Object.values(upstreams)) {
    paths.length = 0;
    requests.length = 0;
  }
}

/** The same, where lists are read first as they are by default. */
export const createListingWorld = (config: Partial<GatewayConfig> = {}): Promise<World> =>
  createWorld({ ...config, limits: { listFetchThreshold: defaultLimits.listFetchThreshold, ...config.limits } });

function toLog(lines: LogLine[]): Log {
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
