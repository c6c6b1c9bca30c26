/** What metrics and traces are made from: operations and upstream calls, as they end. Without an observer nothing of it is made. */
import type { AccountId } from '../core/accounts.ts';
import type { Provider } from '../generated/types.ts';

/** The endpoint of a provider: a run, the list of a monitor's runs, a monitor, the list of monitors, or a detail beside them. */
export type RequestKind = 'run' | 'runs' | 'monitor' | 'monitors' | 'detail';

/** What an operation costs at one account of a provider, and what it was spared. */
export interface ProviderCalls {
  /** Upstream calls made, each attempt counted. */
  calls: number;
  /** Calls among them that waited, as the provider limits how often it is called. */
  paced: number;
  /** Runs and monitors that were requested again in the same request. */
  deduplicated: number;
  /** Runs and monitors found in a list, whose pages are among the calls. */
  fromLists: number;
  /** Runs that were in the run cache. */
  cacheHits: number;
  /** Calls that were coalesced with those of other requests. */
  coalesced: number;
  /** Responses that came just before, and were reused. */
  fresh: number;
  /** Pages of finished runs that are unchanged, by the list of monitors, and were reused. */
  unchanged: number;
  /** Responses that replace failures, as the client allows it. */
  stale: number;
}

/** How an operation ended: without an error; with errors beside data; with errors alone, or every root field `null`. */
export type Outcome = 'ok' | 'partial' | 'failed';

/** An operation that has ended. */
export interface OperationRecord {
  /** Its name in the document. */
  readonly name: string | undefined;
  /** `undefined` where the request names no operation. */
  readonly type: 'query' | 'mutation' | 'subscription' | undefined;
  /** The id by which the client named the document. */
  readonly documentId: string | undefined;
  readonly outcome: Outcome;
  /** The codes of its errors, each once. */
  readonly errorCodes: readonly string[];
  /** What it cost, by the account; empty for one that was rejected before it was executed. */
  readonly calls: Readonly<Partial<Record<AccountId, ProviderCalls>>>;
  readonly durationMs: number;
  /** The id of its trace, where it is traced. */
  readonly traceId?: string | undefined;
}

/** An upstream call that has ended. */
export interface UpstreamCallRecord {
  readonly provider: Provider;
  /** The name of the account that it was made for: never a credential. */
  readonly account: string;
  readonly kind: RequestKind;
  /** `ok`; `absent`, where the provider has no such object; the error code of a failure; `cancelled`, as no client waits any more. */
  readonly result: string;
  /** How often it was sent: 0 where the circuit breaker, the queue or pacing refused it. */
  readonly attempts: number;
  /** From when it was wanted to its end: waits and retries included. */
  readonly durationMs: number;
}

/** Receives upstream calls. Its methods must not throw. */
export interface UpstreamObserver {
  endCall(record: UpstreamCallRecord): void;
}

/** What the upstream client of one account is doing. */
export interface UpstreamState {
  /** How many calls have a place in the bulkhead. */
  readonly active: number;
  /** How many calls wait for one. */
  readonly queued: number;
  /** How many calls wait for a turn of their credential. */
  readonly paced: number;
  /** Whether the circuit for all credentials is open. */
  readonly isOpen: boolean;
  /** How many circuits of credentials are in each state. */
  readonly circuits: Readonly<Record<string, number>>;
}

/** Receives operations and their upstream calls. Its methods must not throw. */
export interface GatewayObserver extends UpstreamObserver {
  endOperation(record: OperationRecord): void;
}
