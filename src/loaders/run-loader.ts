/** Runs by their keys, of all providers. */
import { BadUserInput } from '../core/errors.ts';
import type { MonitorRunKey, Provider } from '../generated/types.ts';
import { providers } from '../providers/index.ts';
import type { Reading, Run, Selected } from '../providers/provider.ts';
import type { Body } from '../upstream/read-response.ts';
import { needOf } from './planner.ts';
import { ProviderRunLoader, type RunLoaderOptions } from './provider-run-loader.ts';

/** The runs of a request. Nothing of it outlives the request but entries, each by whose it is. */
export class RunLoader {
  readonly #options: RunLoaderOptions;
  readonly #of: Partial<Record<Provider, ProviderRunLoader>> = {};

  constructor(options: RunLoaderOptions) {
    this.#options = options;
  }

  /**
   * The run, or `null` when its provider has no such run.
   * @param allowStale whether a cached run may be shown while its provider is down
   * @throws {BadUserInput} before any call, when the ids can't be the provider's
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed
   */
  load(key: MonitorRunKey, selected: Selected, allowStale = false): Promise<Run | null> {
    try {
      const { provider, monitorId, runId } = key;
      const { isKey, expectedKey, listed } = providers[provider].runs;
      if (!isKey(key)) throw new BadUserInput(expectedKey, provider);
      const { callReport } = this.#options;
      if (callReport.isVerbose) callReport.recordRequested(provider, `${monitorId}/${runId}`);
      const need = needOf(selected, listed);
      const runs = this.#runsOf(provider);
      const loading = runs.load(key, need, allowStale);
      return allowStale ? loading.catch((error: unknown) => runs.serveStale(key, error)) : loading;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What the list of its monitor's runs says of a run; as in {@link FieldContext}. */
  loadListRow(key: MonitorRunKey, isStale: boolean): Promise<Body | null> {
    return this.#runsOf(key.provider).loadListRow(key, isStale);
  }

  /** The run in a row of a list that has been read anyway. */
  toListed(key: MonitorRunKey, row: Body, reading: Reading): Run {
    return this.#runsOf(key.provider).toListed(key, row, reading);
  }

  #runsOf(provider: Provider): ProviderRunLoader {
    this.#of[provider] ??= new ProviderRunLoader(provider, this.#options);
    return this.#of[provider];
  }
}
