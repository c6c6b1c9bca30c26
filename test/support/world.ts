/** The service as its users meet it, on real HTTP, with only the upstreams faked. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { createGateway, type Gateway, type GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import type { Log } from '../../src/observability/logger.ts';
import { createServer, type ServerOptions } from '../../src/server/server.ts';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';

/** What the service answers to an operation. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
  readonly data?: any;
  readonly errors?: readonly AnswerError[];
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
export const keys = { datafold: 'canary-datafold-key', olostep: 'canary-olostep-key' };

/**
 * Starts a world for the test that calls it, and ends it with the test.
 * @param beside another one, whose providers this one calls too: another process of the same service
 */
export async function createWorld(
  config: Partial<GatewayConfig> = {},
  serverOptions: Partial<ServerOptions> = {},
  beside?: Pick<World, 'datafold' | 'olostep'>,
): Promise<World> {
  const datafold = beside?.datafold ?? (await startFakeUpstream());
  const olostep = beside?.olostep ?? (await startFakeUpstream());
  const lines: LogLine[] = [];
  const log = toLog(lines);
  const gateway = createGateway({
    providers: {
      DATAFOLD: { apiKey: keys.datafold, baseUrl: datafold.baseUrl },
      OLOSTEP: { apiKey: keys.olostep, baseUrl: olostep.baseUrl },
    },
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
    datafold.close();
    olostep.close();
    await gateway.close();
  });

  const post = (body: string, init: RequestInit = {}) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, ...init });
  return {
    datafold,
    olostep,
    url,
    gateway,
    server,
    lines,
    post,
    execute: async (query, variables, init) =>
      (await post(JSON.stringify({ query, variables }), init)).json() as Answer,
  };
}

/**
 * Has both providers answer the list of monitors, so that their 404 is absence from now on, and forgets these requests.
 * @param world in which neither provider has answered anything
 */
export async function verifyCredentials(world: Pick<World, 'execute' | 'datafold' | 'olostep'>): Promise<void> {
  const { datafold, olostep, execute } = world;
  datafold.on(datafoldList, { body: { count: 0, page: 1, page_size: 1, total_pages: 0, monitors: [] } });
  olostep.on(olostepList, { body: { monitors: [], count: 0 } });
  const absent = ['DATAFOLD', 'OLOSTEP'].map((provider) =>
    execute('query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }', {
      key: { provider, ...absentKeys[provider] },
    }),
  );
  for (const { errors } of await Promise.all(absent)) if (errors) throw new Error(JSON.stringify(errors));
  datafold.off(datafoldList);
  olostep.off(olostepList);
  for (const { paths, requests } of [datafold, olostep]) {
    paths.length = 0;
    requests.length = 0;
  }
}

const datafoldList = '/api/v1/monitors?page=1&page_size=1&order_by=id&sort_order=asc';
const olostepList = '/v1/monitors';
const absentKeys: Readonly<Record<string, object>> = {
  DATAFOLD: { monitorId: '404', runId: '404' },
  OLOSTEP: { monitorId: 'monitor_absent', runId: 'run_absent' },
};

/** The same, where lists are read first as they are by default. */
export const createListingWorld = (config: Partial<GatewayConfig> = {}): Promise<World> =>
  createWorld({ ...config, limits: { listFetchThreshold: defaultLimits.listFetchThreshold, ...config.limits } });

function toLog(lines: LogLine[]): Log {
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
