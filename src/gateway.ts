/** The graph as a value with `fetch`. It listens to nothing. */
import type { IncomingMessage, RequestListener } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { type Context, createContext } from './context.ts';
import { toRefusal } from './errors.ts';
import type { Provider } from './generated/types.ts';
import { type Log, silentLog } from './log.ts';
import { toMasked, useClientErrors } from './plugins/client-errors.ts';
import { useJsonRequests } from './plugins/json-requests.ts';
import { useRequestId } from './plugins/request-id.ts';
import { useTokenLimit } from './plugins/token-limit.ts';
import { providerNames, providers } from './providers/index.ts';
import { type RequestContext, requestIdHeader, toRequestId } from './request-id.ts';
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

  const yoga = createYoga<RequestContext, Context>({
    schema: createSchema(),
    graphqlEndpoint: path,
    context: ({ request, requestId }) =>
      createContext(upstreams, { signal: request.signal, requestId: toRequestId(requestId) }),
    maskedErrors: { maskError: toMasked },
    maxRequestBodySize: maxBodyBytes,
    // Bugs are logged where the id of their request is known.
    logging: false,
    plugins: [useTokenLimit(), useJsonRequests(), useClientErrors(path, log), useRequestId()],
    // Yoga takes any URL that ends so for a health check, and no URL ends in a space.
    healthCheckEndpoint: ' ',
    // What nobody here needs, and what would let other pages of a browser ask with the user's cookies.
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
  });

  return {
    fetch: async (request, context = {}) => yoga.fetch(request, { ...context }),
    async requestListener(request, response, context = {}) {
      if (hasUrl(request)) return yoga(request, response, { ...context });
      const requestId = toRequestId(context.requestId ?? request.headers[requestIdHeader]?.toString());
      response.writeHead(400, { 'content-type': 'application/json; charset=utf-8', [requestIdHeader]: requestId });
      response.end(toRefusal('BAD_USER_INPUT', 'Expected a Host and a target that make a URL.', requestId));
    },
    async close() {
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.close()));
    },
  };
}

/** Yoga makes a URL of these before it catches anything, and where it can't, it answers with the stack. */
const hasUrl = ({ headers, url }: IncomingMessage): boolean => URL.canParse(`http://${headers.host}${url}`);

function createUpstreams(configs: GatewayConfig['providers'], log: Log, limits: UpstreamLimits) {
  const problems: string[] = [];
  const upstreams: Partial<Record<Provider, Upstream>> = {};
  for (const provider of providerNames) {
    const config = configs[provider];
    if (config === undefined) continue;
    const { defaultBaseUrl, authorization } = providers[provider];
    const { apiKey, baseUrl = defaultBaseUrl } = config;
    // A variable that isn't set and a `!` behind it get past the compiler.
    if (typeof apiKey !== 'string' || !isApiKey(apiKey))
      problems.push(`providers.${provider}.apiKey: expected ${expectedApiKey}.`);
    if (!isBaseUrl(baseUrl)) problems.push(`providers.${provider}.baseUrl: expected ${expectedBaseUrl}.`);
    if (problems.length > 0) continue;
    upstreams[provider] = createUpstream({ provider, baseUrl, authorization: authorization(apiKey), log, limits });
  }
  if (providerNames.every((provider) => configs[provider] === undefined))
    problems.push(`providers: expected at least one of ${providerNames.join(', ')}.`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return upstreams;
}
