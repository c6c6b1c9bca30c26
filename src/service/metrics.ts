/** The metrics of the service: loads prom-client, and serves them on the port of the service or on a separate one. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import packageManifest from '../../package.json' with { type: 'json' };
import { exampleManifest } from '../config/config.ts';
import type { MetricsConfig } from '../config/observability-config.ts';
import { importPackage } from '../core/import-module.ts';
import { defaultLimits, type Limits } from '../core/limits.ts';
import type { Gateway } from '../gateway/create-gateway.ts';
import type { Manifest } from '../graphql/documents/persisted-documents.ts';
import type { Log } from '../observability/logger.ts';
import { createMetrics, type Metrics } from '../observability/metrics.ts';
import { addGauges } from '../observability/process-metrics.ts';
import type { LoadShedder } from '../server/load-shedding.ts';
import { createMetricsServer, type MetricsAccess } from '../server/metrics-endpoint.ts';
import { isLoopback } from '../upstream/credential.ts';
import { startMonitorMetrics } from './monitor-metrics.ts';

export interface ServiceMetrics extends Omit<Metrics, 'registry'> {
  /** What the server of the service serves, if there is no separate port. */
  readonly onService: MetricsAccess | undefined;
  /** Adds what is read at each scrape. */
  watch(gateway: Gateway, loadShedder: LoadShedder): void;
  /** Begins to read the lists of monitors, if they are wanted. @returns what ends it */
  watchMonitors(gateway: Gateway, options: Pick<ListenOptions, 'log' | 'limits'>): () => void;
  /** Listens on the separate port, if there is one. @returns what closes it */
  listen(options: ListenOptions): Promise<() => void>;
}

interface ListenOptions {
  readonly host: string;
  readonly log: Log;
  readonly limits: Partial<Limits>;
}

/** @param persistedDocuments whose operations have their own series, beside the example operations */
export async function loadMetrics(
  { port, tokens, ofMonitors = false }: MetricsConfig,
  persistedDocuments: readonly Manifest[] = [],
): Promise<ServiceMetrics> {
  const client = await importPackage('METRICS', 'prom-client', () => import('prom-client'));
  const operationNames = new Set([exampleManifest, ...persistedDocuments].flatMap(readOperationNames));
  const { registry, observer, reject } = createMetrics({ client, operationNames });
  const access = { page: { contentType: registry.contentType, read: () => registry.metrics() }, tokens };
  return {
    observer,
    reject,
    onService: port === undefined ? access : undefined,
    watch({ readUpstreams }, { inFlight, eventLoopLagMs }) {
      addGauges(client, registry, { inFlight, eventLoopLagMs, upstreams: readUpstreams }, packageManifest.version);
    },
    watchMonitors(gateway, { log, limits }) {
      if (!ofMonitors) return () => {};
      const { monitorMetricsIntervalMs: intervalMs } = { ...defaultLimits, ...limits };
      return startMonitorMetrics({ client, registry, lists: gateway.listMonitors(), intervalMs, log });
    },
    async listen({ host, log, limits }) {
      if (port === undefined) return () => {};
      const server = createMetricsServer({
        ...access,
        allowedHosts: isLoopback(host) ? 'loopback' : [],
        log,
        limits: { ...defaultLimits, ...limits },
      });
      // A service that can't listen isn't to be held by it.
      server.listen(port, host).unref();
      await once(server, 'listening');
      log.info({ port: (server.address() as AddressInfo).port }, 'metrics listening');
      return () => {
        server.close();
        server.closeAllConnections();
      };
    },
  };
}

const operationName = /\b(?:query|mutation|subscription)\s+(\w+)/g;

/** The names of the operations in a manifest. */
function readOperationNames(manifest: Manifest): string[] {
  const { operations } = manifest;
  const texts = Array.isArray(operations) ? operations.map(({ body }) => body) : Object.values(manifest);
  return texts.flatMap((text) => [...String(text).matchAll(operationName)].map(([, name = '']) => name));
}
