/** What one request asks the providers: each thing once, and no more than a request may. */

import { OperationTooCostly } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import { logBadGap } from '../observability/invalid-parts.ts';
import type { CredentialOf } from '../providers/credentials.ts';
import type { Get } from '../providers/provider.ts';
import type { OperationCall } from '../upstream/call-context.ts';
import type { Body } from '../upstream/read-response.ts';
import type { UpstreamRequest } from '../upstream/request.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { Memo } from './memo.ts';

/** What a request goes out with. */
export interface RequestFetcherOptions {
  /** The way out to every provider. */
  readonly upstreams: Readonly<Record<Provider, Upstream>>;
  readonly credentialOf: CredentialOf;
  readonly call: OperationCall;
  /** How many upstream calls, all providers together. */
  readonly limits: Pick<Limits, 'maxUpstreamCalls'>;
}

/** Of one request; nothing of it outlives that. */
export class RequestFetcher {
  readonly #options: RequestFetcherOptions;
  /** By the path. */
  readonly #asked: Partial<Record<Provider, Memo<Promise<Body | null>>>> = {};
  #calls = 0;

  constructor(options: RequestFetcherOptions) {
    this.#options = options;
  }

  /**
   * The provider's answer, or `null` when it has no such thing.
   * @throws {OperationTooCostly} when the request has made all the calls that it may
   * @throws {ProviderError} when the provider failed, or can't be asked
   */
  get(provider: Provider, request: UpstreamRequest): Promise<Body | null> {
    this.#asked[provider] ??= new Memo();
    const answers = this.#asked[provider];
    const known = answers.get(request.path);
    if (known !== undefined) return known;
    const asked = this.#ask(provider, request);
    answers.set(request.path, asked);
    return asked;
  }

  /** How many calls may still be made. */
  get left(): number {
    const { call, limits } = this.#options;
    return limits.maxUpstreamCalls - this.#calls - call.extraCalls;
  }

  /** Tells the log of an error that is none of the answer, if it is about a response that isn't as documented. */
  report(error: unknown, field: string): void {
    logBadGap(error, field, this.#options.call.log);
  }

  /** Whether the request was made before: its response is there for all. */
  isRequested(provider: Provider, { path }: UpstreamRequest): boolean {
    return this.#asked[provider]?.get(path) !== undefined;
  }

  /** The same, of one provider. */
  of(provider: Provider): Get {
    return (request) => this.get(provider, request);
  }

  #ask(provider: Provider, request: UpstreamRequest): Promise<Body | null> {
    const { upstreams, credentialOf, call, limits } = this.#options;
    try {
      // Counted here, so that no shape of a query gets around it.
      if (++this.#calls + call.extraCalls > limits.maxUpstreamCalls)
        throw new OperationTooCostly(`Expected at most ${limits.maxUpstreamCalls} upstream calls.`);
      return upstreams[provider].getJson(request, credentialOf(provider), call);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
