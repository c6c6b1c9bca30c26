/** One DataLoader a provider, made anew for each request. */
import DataLoader from 'dataloader';
import { BadUserInput, ProviderError } from './errors.ts';
import type { MonitorRunKey, Provider } from './generated/types.ts';
import { providers } from './providers/index.ts';
import type { Run } from './providers/provider.ts';
import type { Call, Upstream } from './upstream/upstream.ts';

/** The way out to every provider that is configured. */
export type Upstreams = Readonly<Partial<Record<Provider, Upstream>>>;

export interface RunLoader {
  /**
   * The run, or `null` when its provider has no such run.
   * @throws {BadUserInput} before any call, when the ids can't be the provider's
   * @throws {ProviderError} when the provider failed
   */
  load(key: MonitorRunKey): Promise<Run | null>;
}

/**
 * Makes the loader of a request. Every distinct run is one upstream call, however many fields ask for it; nothing of it
 * outlives the request.
 */
export function createRunLoader(upstreams: Upstreams, call: Call): RunLoader {
  const loaders = new Map<Provider, DataLoader<MonitorRunKey, Run | null, string>>();
  const loaderOf = (provider: Provider) => {
    const loader = loaders.get(provider) ?? createProviderLoader(provider, upstreams[provider], call);
    loaders.set(provider, loader);
    return loader;
  };
  return {
    async load(key) {
      const { isKey, expectedKey } = providers[key.provider];
      if (!isKey(key)) throw new BadUserInput(expectedKey, key.provider);
      return loaderOf(key.provider).load(key);
    },
  };
}

/** Neither provider has an endpoint for many runs, so a batch is its distinct runs, fetched side by side. */
function createProviderLoader(provider: Provider, upstream: Upstream | undefined, call: Call) {
  const { toRequest, toRun } = providers[provider];
  const getRun = async (key: MonitorRunKey) => {
    if (upstream === undefined) throw new ProviderError(provider, 'PROVIDER_NOT_CONFIGURED');
    const body = await upstream.getJson(toRequest(key), call);
    return body && toRun(key, body);
  };
  return new DataLoader<MonitorRunKey, Run | null, string>(
    // A promise a key, not one for all: DataLoader takes each on its own, so that a slow run holds up no other.
    async (keys) => keys.map(getRun) as unknown as (Run | null)[],
    { cacheKeyFn: ({ monitorId, runId }) => `${monitorId}/${runId}` },
  );
}
