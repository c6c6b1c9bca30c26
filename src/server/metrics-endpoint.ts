/** The metrics for a scraper: at `/metrics` of the service, or on a separate port. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Limits } from '../core/limits.ts';
import { requestIdHeader, toRequestId } from '../gateway/operation.ts';
import type { Log } from '../observability/logger.ts';
import { type ApiTokens, createAuthorization } from './auth/authorization.ts';
import {
  type AllowedHosts,
  type AsyncCheck,
  badInput,
  type Check,
  createHostCheck,
  firstRejectionAsync,
  isAtHost,
  isGet,
  maxHeaderSize,
  pathOf,
  refuse,
} from './request-checks.ts';
import { securityHeaders } from './response-headers.ts';

export const metricsPath = '/metrics';

/** The metrics as text. */
export interface MetricsPage {
  readonly contentType: string;
  read(): Promise<string>;
}

export interface MetricsAccess {
  readonly page: MetricsPage;
  /** The tokens that a scraper needs. @default none is needed */
  readonly tokens?: ApiTokens | undefined;
}

export interface MetricsServerOptions extends MetricsAccess {
  readonly allowedHosts: AllowedHosts;
  readonly log: Log;
  readonly limits: Limits;
}

/** What a scrape has to pass. Load shedding isn't among it: metrics are needed most while the service is busy. */
export const createMetricsChecks = (
  { tokens = [] }: Pick<MetricsAccess, 'tokens'>,
  allowedHosts: AllowedHosts,
  log: Log,
  limits: Limits,
): readonly AsyncCheck[] => [isAtHost(allowedHosts), isGet, ...createAuthorization({ apiTokens: tokens, log, limits })];

/** Answers a scrape. */
export async function answerMetrics({ contentType, read }: MetricsPage, response: ServerResponse): Promise<void> {
  const text = Buffer.from(await read());
  response.writeHead(200, { 'content-type': contentType, 'content-length': text.length }).end(text);
}

const isAtMetrics: Check = (request) =>
  pathOf(request) === metricsPath ? undefined : badInput(404, `Expected the path ${metricsPath}.`);

/** Creates a server for the metrics alone; the caller makes it listen. */
export function createMetricsServer({ page, tokens, allowedHosts, log, limits }: MetricsServerOptions): Server {
  const checks = [createHostCheck(), isAtMetrics, ...createMetricsChecks({ tokens }, allowedHosts, log, limits)];
  const { headersTimeoutMs: headersTimeout, requestTimeoutMs: requestTimeout } = limits;
  const server = createServer({ maxHeaderSize, headersTimeout, requestTimeout }, (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const answer = async () => {
      const refusal = await firstRejectionAsync(checks, request, response);
      if (refusal === undefined) await answerMetrics(page, response);
      else refuse(response, refusal, toRequestId(request.headers[requestIdHeader]?.toString()));
    };
    answer().catch((error: Error) => {
      log.error({ error: error.stack }, 'unexpected error');
      response.destroy();
    });
  });
  server.maxConnections = limits.maxProbeConnections;
  return server;
}
