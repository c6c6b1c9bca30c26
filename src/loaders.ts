/** One DataLoader a provider, made anew for each request. */
import DataLoader from 'dataloader';
import type { CredentialOf } from './credentials.ts';
import { BadUserInput, OperationTooCostly } from './errors.ts';
import type { MonitorRunKey, Provider } from './generated/types.ts';
import type { Limits } from './limits.ts';
import { providers } from './providers/index.ts';
import type { ReadLimits, Run } from './providers/provider.ts';
import type { Call } from './upstream/call.ts';
import type { Upstream } from './upstream/upstream.ts';

/** What the loaders of a request go out with. */
export interface LoaderOptions {
  /** The way out to every provider. */
  readonly upstreams: Readonly<Record<Provider, Upstream>>;
  readonly credentialOf: CredentialOf;
  readonly call: Call;
  /** How many upstream calls, all providers together, and how much is read of each answer. */
  readonly limits: ReadLimits & Pick<Limits, 'maxUpstreamCalls'>;
}

type ProviderLoader = DataLoader<MonitorRunKey, Run | null, string>;

/**
 * The loader of a request. Every distinct run is one upstream call, however many fields ask for it; nothing of it outlives
 * the request.
 */
export class RunLoader {
  readonly #options: LoaderOptions;
  readonly #loaders: Partial<Record<Provider, ProviderLoader>> = {};
  #calls = 0;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /**
   * The run, or `null` when its provider has no such run.
   * @throws {BadUserInput} before any call, when the ids can't be the provider's
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed
   */
  load(key: MonitorRunKey): Promise<Run | null> {
    try {
      const { isKey, expectedKey } = providers[key.provider];
      if (!isKey(key)) throw new BadUserInput(expectedKey, key.provider);
      const loader = this.#loaders[key.provider] ?? this.#createProviderLoader(key.provider);
      this.#loaders[key.provider] = loader;
      return loader.load(key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Neither provider has an endpoint for many runs, so a batch is its distinct runs, fetched side by side. */
  #createProviderLoader(provider: Provider): ProviderLoader {
    const { upstreams, credentialOf, call, limits } = this.#options;
    const { toRequest, toRun } = providers[provider];
    const credential = credentialOf(provider);
    const getRun = (key: MonitorRunKey): Promise<Run | null> => {
      // Counted here, so that no shape of a query gets around it.
      if (++this.#calls > limits.maxUpstreamCalls)
        return Promise.reject(new OperationTooCostly(`Expected at most ${limits.maxUpstreamCalls} upstream calls.`));
      const asked = upstreams[provider].getJson(toRequest(key), credential, call);
      return asked.then((body) => body && toRun(key, body, limits));
    };
    return new DataLoader<MonitorRunKey, Run | null, string>(
      // A promise a key, not one for all: DataLoader takes each on its own, so that a slow run holds up no other.
      async (keys) => keys.map(getRun) as unknown as (Run | null)[],
      byIds,
    );
  }
}

const byIds = { cacheKeyFn: ({ monitorId, runId }: MonitorRunKey) => `${monitorId}/${runId}` };
