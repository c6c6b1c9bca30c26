/** The graph as a value with `fetch`. It listens to nothing. */
import type { RequestListener } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { type Context, createContext } from './context.ts';
import type { Provider } from './generated/types.ts';
import { type Log, silentLog } from './log.ts';
import { useClientErrors } from './plugins/client-errors.ts';
import { useRequestId } from './plugins/request-id.ts';
import { useTokenLimit } from './plugins/token-limit.ts';
import { providerNames, providers } from './providers/index.ts';
import { type RequestContext, toRequestId } from './request-id.ts';
import { createSchema } from './schema.ts';
import { expectedApiKey, expectedBaseUrl, isApiKey, isBaseUrl } from './upstream/target.ts';
import { createUpstream, type Upstream, type UpstreamLimits } from './upstream/upstream.ts';

export interface GatewayConfig {
  /** The providers to ask, at least one. The fields of the others answer `PROVIDER_NOT_CONFIGURED`. */
  readonly providers: Readonly<Partial<Record<Provider, ProviderConfig>>>;
  /** The path that the graph is served at. @default '/graphql' */
  readonly path?: string;
  /** Where failed upstream calls and bugs are told. @default nowhere */
  readonly log?: Log;
  /** How long, how many, how much, for each provider. */
  readonly limits?: UpstreamLimits;
  /** The largest request body, in bytes; `false` where a server in front has counted already. @default 102400 */
  readonly maxBodyBytes?: number | false;
}

export interface ProviderConfig {
  /** The key of the provider's API, without `Key` or `Bearer` before it. */
  readonly apiKey: string;
  /** Where the API is: https, or http towards loopback. A path is put before the API's own. @default the provider's */
  readonly baseUrl?: string;
}

export interface Gateway {
  /** Answers a GraphQL request. The request's signal takes its upstream calls along. */
  fetch(request: Request, context?: RequestContext): Promise<Response>;
  /** The same for `node:http` and all that is built on it. */
  requestListener(...parameters: [...Parameters<RequestListener>, context?: RequestContext]): Promise<void>;
  /** Ends the connections to the providers, once nothing is under way. */
  close(): Promise<void>;
}

/**
 * Makes the graph.
 * @throws {Error} that says all that is wrong with the configuration, and never a key
 */
export function createGateway(config: GatewayConfig): Gateway {
  const { path = '/graphql', log = silentLog, limits = {}, maxBodyBytes = 100 * 1024 } = config;
  const upstreams = createUpstreams(config.providers, log, limits);
  const logBug = (error: unknown) =>
    log.error({ error: error instanceof Error ? error.stack : 'not an Error' }, 'unexpected error');

  const yoga = createYoga<RequestContext, Context>({
    schema: createSchema(),
    graphqlEndpoint: path,
    context: ({ request, requestId }) =>
      createContext(upstreams, { signal: request.signal, requestId: toRequestId(requestId) }),
    maskedErrors: { isDev: false },
    maxRequestBodySize: maxBodyBytes,
    logging: { debug() {}, info() {}, warn() {}, error: logBug },
    plugins: [useTokenLimit(), useClientErrors(path), useRequestId()],
    // What nobody here needs, and what would let other pages of a browser ask with the user's cookies.
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
  });

  return {
    fetch: async (request, context = {}) => yoga.fetch(request, { ...context }),
    requestListener: async (request, response, context = {}) => yoga(request, response, { ...context }),
    async close() {
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.close()));
    },
  };
}

function createUpstreams(configs: GatewayConfig['providers'], log: Log, limits: UpstreamLimits) {
  const problems: string[] = [];
  const upstreams: Partial<Record<Provider, Upstream>> = {};
  for (const provider of providerNames) {
    const config = configs[provider];
    if (config === undefined) continue;
    const { defaultBaseUrl, authorization } = providers[provider];
    const { apiKey, baseUrl = defaultBaseUrl } = config;
    if (!isApiKey(apiKey)) problems.push(`providers.${provider}.apiKey: expected ${expectedApiKey}.`);
    if (!isBaseUrl(baseUrl)) problems.push(`providers.${provider}.baseUrl: expected ${expectedBaseUrl}.`);
    if (problems.length > 0) continue;
    upstreams[provider] = createUpstream({ provider, baseUrl, authorization: authorization(apiKey), log, limits });
  }
  if (Object.keys(configs).length === 0)
    problems.push(`providers: expected at least one of ${providerNames.join(', ')}.`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return upstreams;
}
