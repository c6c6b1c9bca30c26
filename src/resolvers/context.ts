/** What a resolver can reach. */
import type { Account } from '../core/accounts.ts';
import { CostBudget } from '../core/cost-budget.ts';
import type { Limits } from '../core/limits.ts';
import type { ResponseRoom } from '../core/response-memory.ts';
import { DetailLoader } from '../loaders/detail-loader.ts';
import { ListLoader } from '../loaders/list-loader.ts';
import { MonitorLoader } from '../loaders/monitor-loader.ts';
import { RequestFetcher, type RequestFetcherOptions } from '../loaders/request-fetcher.ts';
import { RunLoader } from '../loaders/run-loader.ts';
import type { RequestLog } from '../observability/logger.ts';
import type { Accounts, CredentialOf } from '../providers/accounts.ts';
import type { FieldContext } from '../providers/fields.ts';
import type { RunCache } from '../run-cache/run-cache.ts';
import type { OperationCall } from '../upstream/call-context.ts';
import type { CallReport } from '../upstream/call-report.ts';
import { RunFeedBudget } from './run-feed/feed-context.ts';

export interface ContextOptions extends RequestFetcherOptions {
  readonly call: OperationCall;
  readonly limits: Limits;
  readonly accounts: Accounts;
  /** @default there is always room for a response */
  readonly room?: ResponseRoom;
  /** The run cache, which outlives the request. @default no cache */
  readonly runCache?: RunCache | undefined;
}

/** Created for each request; its parts are created when they are used. */
export class Context implements FieldContext {
  readonly #options: ContextOptions;
  readonly limits: Limits;
  readonly fetches: RequestFetcher;
  readonly runs: RunLoader;
  readonly accounts: Accounts;
  readonly credentialOf: CredentialOf;
  readonly callReport: CallReport;
  readonly costBudget: CostBudget;
  /** How old an answer may be for this client, in milliseconds, whatever the limits allow. */
  readonly maxAgeMs: number;
  /** When the request came, in Unix milliseconds: one time for all that goes by it, so that the same calls are one. */
  readonly now: number;
  #monitors: MonitorLoader | undefined;
  #lists: ListLoader | undefined;
  #details: DetailLoader | undefined;
  #feedBudget: RunFeedBudget | undefined;

  /** @param before what has been loaded in the same request already */
  constructor(options: ContextOptions, before?: Context) {
    const { limits, runCache, accounts, credentialOf, call } = options;
    this.#options = options;
    this.limits = limits;
    this.accounts = accounts;
    this.credentialOf = credentialOf;
    this.callReport = call.callReport;
    this.costBudget = new CostBudget(limits, options.room);
    this.maxAgeMs = Math.max(options.maxAgeMs ?? Number.POSITIVE_INFINITY, limits.freshMinMs);
    this.now = before?.now ?? Date.now();
    this.fetches = before?.fetches ?? new RequestFetcher(options);
    this.runs =
      before?.runs ??
      new RunLoader({
        fetches: this.fetches,
        credentialOf,
        runCache,
        callReport: this.callReport,
        limits,
        maxAgeMs: this.maxAgeMs,
      });
    this.#monitors = before?.monitors;
    this.#lists = before?.lists;
    this.#details = before?.details;
  }

  get monitors(): MonitorLoader {
    this.#monitors ??= new MonitorLoader(this);
    return this.#monitors;
  }

  get details(): DetailLoader {
    this.#details ??= new DetailLoader({ ...this.#options, fetches: this.fetches, callReport: this.callReport });
    return this.#details;
  }

  baseUrlOf(account: Account): string {
    return this.credentialOf(account).baseUrl;
  }

  get lists(): ListLoader {
    this.#lists ??= new ListLoader(this);
    return this.#lists;
  }

  get feedBudget(): RunFeedBudget {
    this.#feedBudget ??= new RunFeedBudget(this.limits);
    return this.#feedBudget;
  }

  get runCache(): RunCache | undefined {
    return this.#options.runCache;
  }

  /** On whose behalf all its calls are made. */
  get call(): OperationCall {
    return this.#options.call;
  }

  /** What takes long can stop a little before the deadline, so that what has been found is answered. */
  remainingMs(): number {
    return this.call.cancellation.remainingMs();
  }

  get log(): RequestLog {
    return this.#options.call.log;
  }

  get maxJsonDepth(): number {
    return this.limits.maxJsonDepth;
  }

  /** The same, with nothing spent: for an operation that is executed from its beginning again. */
  fresh(): Context {
    return new Context(this.#options, this);
  }
}
