/**
 * What docs/configuration.md and .env.example say of each environment variable. The compiler requires a description of each variable
 * that src/config/ reads. Limits are described in src/core/limits.ts.
 */
import type { Variable } from '../../src/config/config.ts';
import type { Provider } from '../../src/generated/types.ts';
import { providerNames, providers } from '../../src/providers/index.ts';

/** One variable. Texts are Markdown, in whole sentences. */
export interface VariableDescription {
  /** As it is written; prose where it depends on others. */
  readonly default: string;
  readonly text: string;
}

const rateOf = (provider: string): VariableDescription => ({
  default: '`UPSTREAM_RATE`',
  text:
    `Maximum calls a second to ${provider} with one key. Where the limit of the account is known, no call has to be refused first: ` +
    '[pacing](caching-and-planning.md#pacing).',
});

const allowHttp: VariableDescription = {
  default: '`false`',
  text:
    '`true`: the base URL may be `http`, and an address of a private network (`10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`, ' +
    '`fc00::/7`). The key is then sent unencrypted: only for an API in your own network.',
};

const accountsOf = (provider: Provider, name: string): VariableDescription => ({
  default: 'none',
  text:
    `The names of further accounts of ${name}, separated by commas: \`eu,us\`. Each is a letter from a to z, and up to 15 of a-z 0-9 ` +
    `behind it. Account \`eu\` has its own \`${provider}_EU_API_KEY\`, which it needs, \`${provider}_EU_BASE_URL\`, ` +
    `\`${provider}_EU_ALLOW_HTTP\` and \`${provider}_EU_UPSTREAM_RATE\`; the variables without a name are of the account ` +
    '`default`, which needs no key then.',
});

type ProviderVariables = Readonly<
  Record<'API_KEY' | 'BASE_URL' | 'ALLOW_HTTP' | 'UPSTREAM_RATE' | 'ACCOUNTS', VariableDescription>
>;

/** What is special about the variables of a provider. */
const special: Readonly<Partial<Record<string, Partial<ProviderVariables>>>> = {
  DATAFOLD: {
    API_KEY: {
      default: 'none',
      text:
        'Datafold: Settings > Account > API key. Sent as `Authorization: Key …`. Without it, fields of Datafold are ' +
        '`PROVIDER_NOT_CONFIGURED`.',
    },
    BASE_URL: {
      default: '`https://app.datafold.com`',
      text:
        'For instance `https://eu.datafold.com`, or your dedicated host. `us.datafold.com` and `eub.datafold.com` are another product: ' +
        'only its runs (one, and the list of a monitor) are documented, so fields of monitors and lists of monitors may fail there.',
    },
  },
  OLOSTEP: {
    API_KEY: {
      default: 'none',
      text:
        'Olostep: an API token. Sent as `Authorization: Bearer …`. Without it, fields of Olostep are ' +
        '`PROVIDER_NOT_CONFIGURED`.',
    },
  },
};

function describe(provider: Provider): ProviderVariables {
  const name = provider.charAt(0) + provider.slice(1).toLowerCase();
  const { defaultBaseUrl } = providers[provider];
  return {
    API_KEY: {
      default: 'none',
      text: `An API key of ${name}. Without it, fields of ${name} are \`PROVIDER_NOT_CONFIGURED\`.`,
    },
    BASE_URL:
      defaultBaseUrl === undefined
        ? { default: 'none', text: 'Where the API is. It has to be set with the key.' }
        : { default: `\`${defaultBaseUrl}\``, text: 'Another address of the API.' },
    ALLOW_HTTP: allowHttp,
    UPSTREAM_RATE: rateOf(name),
    ACCOUNTS: accountsOf(provider, name),
    ...special[provider],
  };
}

/** The variables that each provider has, after its name. */
export const providerVariables: readonly (readonly [Provider, ProviderVariables])[] = providerNames.map((provider) => [
  provider,
  describe(provider),
]);

/** All other variables, by the heading that they stand under. */
export const variables = {
  CREDENTIALS: {
    group: 'Providers',
    default: '`service`',
    text:
      '`service`: the service calls the providers with the keys above. `forwarded`: it holds no key; each request brings its ' +
      "caller's in `X-Datafold-Api-Key` and `X-Olostep-Api-Key`, and of an account `eu` in `X-Datafold-Eu-Api-Key`.",
  },
  HOST: {
    group: 'HTTP server',
    default: '`127.0.0.1`',
    text:
      'The address to listen on. Beyond loopback, with the keys above, the service starts only with `API_TOKENS` or `JWKS_URL`, or with ' +
      '`ALLOW_ANONYMOUS`.',
  },
  PORT: { group: 'HTTP server', default: '`4000`', text: 'The port to listen on. 0: the system chooses one.' },
  ALLOWED_HOSTS: {
    group: 'HTTP server',
    default:
      'bound to loopback: `localhost`, `*.localhost`, `127.0.0.0/8`, `[::1]`, with any port; otherwise every host',
    text:
      'The hosts that requests may name, separated by commas, each with a port or for all its ports. A request to another host is ' +
      'answered with 421. Behind a proxy that passes the host name on, or for containers that call `host.docker.internal`, name it here.',
  },
  CORS_ORIGINS: {
    group: 'HTTP server',
    default: 'none',
    text:
      'The origins whose pages may send requests, separated by commas. They are compared exactly, and never get cookies. The sandbox ' +
      'accepts pages of this machine by default.',
  },
  INTROSPECTION: {
    group: 'HTTP server',
    default: '`true` on loopback and in the sandbox, otherwise `false`',
    text: 'Whether clients may read the schema. Without it, error messages suggest no names either.',
  },
  GRAPHIQL: {
    group: 'HTTP server',
    default: '`true` on loopback and in the sandbox, otherwise `false`',
    text: 'Whether browsers get GraphiQL.',
  },
  API_TOKENS: {
    group: 'Authentication',
    default: 'none',
    text:
      'Tokens separated by commas, each with at least 16 characters. Then every operation needs `Authorization: Bearer …`. A token may ' +
      'have a name, `grafana:…`, which the log has as `caller`.',
  },
  JWKS_URL: {
    group: 'Authentication',
    default: 'none',
    text:
      'The address of the keys of a JWT issuer. Set all three of `JWKS_URL`, `JWT_ISSUER` and `JWT_AUDIENCE`, or none. Then a JWT of ' +
      'this issuer, for this audience, with an expiry and an asymmetric algorithm, is accepted as well as an API token. The keys have ' +
      'the content type of JSON. They are cached; a token with an unknown key makes the service request them again.',
  },
  JWT_ISSUER: { group: 'Authentication', default: 'none', text: 'The `iss` claim that JWTs must have.' },
  JWT_AUDIENCE: { group: 'Authentication', default: 'none', text: 'The `aud` claim that JWTs must have.' },
  ALLOW_ANONYMOUS: {
    group: 'Authentication',
    default: '`false`',
    text: '`true`: every client that reaches `HOST` may use the keys above. Beyond loopback, with the keys above, it needs `ALLOWED_HOSTS`.',
  },
  PERSISTED_DOCUMENTS: {
    group: 'Persisted documents',
    default: 'none',
    text: 'Manifests of [persisted documents](persisted-documents.md): files, separated by commas. The example operations are always listed.',
  },
  PERSISTED_DOCUMENTS_ONLY: {
    group: 'Persisted documents',
    default: '`false`',
    text: '`true`: the service executes listed documents only. GraphiQL is off then.',
  },
  RUN_CACHE: {
    group: 'Run cache and request coalescing',
    default: '`true`',
    text: 'Caches responses for finished runs, for an hour at most, separately for each credential. `false` disables it.',
  },
  REDIS_URL: {
    group: 'Run cache and request coalescing',
    default: 'none',
    text:
      '`redis://…` or `rediss://…`: the run cache is in this Redis, shared by all replicas, instead of in memory. Use `rediss://` ' +
      'on anything but a private network: a program that reads the traffic reads runs.',
  },
  COALESCE_CALLS: {
    group: 'Run cache and request coalescing',
    default: '`true`',
    text: 'Identical upstream calls in flight, with the same credential, share one.',
  },
  LOG_LEVEL: {
    group: 'Log',
    default: '`info`',
    text: '`debug`, `info`, `warn`, `error` or `silent`. Probes and scrapes of metrics are logged at `debug`. The log is one JSON object a line on standard output.',
  },
  LOG_FORMAT: { group: 'Log', default: '`json`', text: '`json`, or `pretty`: lines for people.' },
  METRICS: {
    group: 'Metrics',
    default: '`true` in the sandbox, and with `METRICS_PORT` or `METRICS_TOKEN`; otherwise `false`',
    text:
      'Serves [metrics](observability.md#metrics) at `/metrics`, in the form of Prometheus. Beyond loopback it needs `METRICS_PORT` or ' +
      '`METRICS_TOKEN`.',
  },
  METRICS_PORT: {
    group: 'Metrics',
    default: 'none',
    text: 'Serves the metrics on this port of `HOST`, and not on `PORT`. 0: the system chooses one.',
  },
  MONITOR_METRICS: {
    group: 'Metrics',
    default: '`false`',
    text:
      '`true`: the metrics also tell of [the monitors themselves](observability.md#monitors): last outcome, age of the last run, streak. ' +
      "The lists of monitors are read every `MONITOR_METRICS_INTERVAL_MS`, with the service's keys.",
  },
  METRICS_TOKEN: {
    group: 'Metrics',
    default: 'none',
    text: 'A token of 16 characters or more, which a scraper sends as `Authorization: Bearer …`.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    group: 'Traces',
    default: 'none',
    text:
      'The OTLP endpoint that [traces](observability.md#traces) are sent to, such as `http://localhost:4318`. Without it no part of ' +
      'OpenTelemetry is loaded. In the sandbox only an endpoint on this machine is used.',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    group: 'Traces',
    default: '`OTEL_EXPORTER_OTLP_ENDPOINT`, with `/v1/traces` behind it',
    text: 'The same for traces alone, used as it is.',
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    group: 'Traces',
    default: '`http/protobuf`',
    text: '`http/protobuf` or `http/json`, which takes less CPU. `grpc` is not supported.',
  },
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: {
    group: 'Traces',
    default: '`OTEL_EXPORTER_OTLP_PROTOCOL`',
    text: 'The same for traces alone.',
  },
  OTEL_TRACES_SAMPLER: {
    group: 'Traces',
    default: '`parentbased_traceidratio`',
    text:
      '`parentbased_traceidratio`, `parentbased_always_on`, `parentbased_always_off`, `traceidratio`, `always_on` or `always_off`. ' +
      '`parentbased_…`: where the client sends a `traceparent`, its flag decides.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    group: 'Traces',
    default: '`0.1`; with `OTEL_TRACES_SAMPLER`, `1`',
    text: 'The share of the operations that a ratio sampler records, from 0 to 1.',
  },
  OTEL_BSP_SCHEDULE_DELAY: {
    group: 'Traces',
    default: '`5000`',
    text: 'Time between two exports, in milliseconds.',
  },
  OTEL_BSP_EXPORT_TIMEOUT: { group: 'Traces', default: '`30000`', text: 'Maximum time of an export, in milliseconds.' },
  OTEL_BSP_MAX_QUEUE_SIZE: {
    group: 'Traces',
    default: '`2048`',
    text: 'Maximum spans that wait for an export. More are dropped.',
  },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: { group: 'Traces', default: '`512`', text: 'Maximum spans of an export.' },
  OTEL_TRACES_EXPORTER: { group: 'Traces', default: '`otlp`', text: '`otlp`, or `none`: nothing is traced.' },
  OTEL_SDK_DISABLED: { group: 'Traces', default: '`false`', text: '`true`: nothing is traced.' },
} satisfies Readonly<Record<Variable, VariableDescription & { readonly group: string }>>;
