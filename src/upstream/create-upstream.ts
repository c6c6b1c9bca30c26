/** Creates the upstream client of one account of a provider: puts its parts together. */
import { type Account, toAccountId } from '../core/accounts.ts';
import type { UpstreamLimits } from '../core/limits.ts';
import type { Log } from '../observability/logger.ts';
import type { UpstreamObserver } from '../observability/observer.ts';
import { createAdmission } from './admission.ts';
import type { UpstreamRequest } from './call-context.ts';
import { createCoalescing } from './coalescing.ts';
import { type Credential, toBaseUrl, VerifiedCredentials } from './credential.ts';
import { TimeoutQueue } from './deadline.ts';
import { toEndError } from './failure.ts';
import { createPool } from './pool.ts';
import { createReadBody, type StatusMeanings } from './read-response.ts';
import type { ResponseBudget } from './response-budget.ts';
import { Retry } from './retry.ts';
import type { UpstreamClient } from './upstream.ts';
import { UpstreamCall, type UpstreamDependencies } from './upstream-call.ts';

export interface UpstreamOptions extends StatusMeanings {
  readonly account: Account;
  /** A URL that `isBaseUrl` accepts; its path is put before each request's own. */
  readonly baseUrl: string;
  readonly log: Log;
  readonly limits: UpstreamLimits;
  /** Of all large responses, those of other accounts and providers included. */
  readonly budget: ResponseBudget;
  /** Told of each call whose credential the provider doesn't accept. */
  readonly onRefused?: (credential: Credential) => void;
  /** Receives each call that ends. */
  readonly observer?: UpstreamObserver | undefined;
  /** The first page of the provider's list of monitors, which every account has. */
  readonly listRequest: UpstreamRequest;
}

export function createUpstream(options: UpstreamOptions): UpstreamClient {
  const { baseUrl, log, limits, budget, onRefused, refusesKeyWith, readStatus, observer } = options;
  const { provider, account: name } = options.account;
  // Alone, as log lines have all of it.
  const account: Account = { provider, account: name };
  const { origin, path } = toBaseUrl(baseUrl);
  const pool = createPool(origin, limits);
  const verified = new VerifiedCredentials(limits.maxVerifiedCredentials);
  const admission = createAdmission(toAccountId(account), limits, (state, scope) =>
    log.warn({ ...account, scope, state }, 'circuit breaker changed'),
  );
  const upstream: UpstreamClient = {
    getJson(request, credential, call) {
      if (call.cancellation.reason !== undefined) return Promise.reject(toEndError(call.cancellation.reason, account));
      return new Promise(
        (resolve, reject) => new UpstreamCall(dependencies, request, credential, call, resolve, reject),
      );
    },
    readState: () => admission.readState(),
    close: () => pool.close(),
  };
  const dependencies: UpstreamDependencies = {
    account,
    basePath: path,
    limits,
    pool,
    deadlines: new TimeoutQueue(limits.upstreamAttemptTimeoutMs),
    budget,
    admission,
    retry: new Retry(limits, verified),
    readBody: createReadBody({ ...limits, refusesKeyWith, readStatus }),
    verified,
    list: {
      // A copy: the call tells it by identity from a list that an operation requests.
      request: { ...options.listRequest },
      upstream: createCoalescing(account, upstream, limits),
    },
    seen: { mismatches: 0 },
    onRefused,
    observer,
  };

  return upstream;
}
