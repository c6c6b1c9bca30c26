/** One question to a provider, until there is an answer or no more time, budget or hope for one. */
import type { Provider } from '../generated/types.ts';
import type { UpstreamLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { ProviderPrice } from '../price.ts';
import { type Answer, Attempt, type AttemptWay, type Receiver } from './attempt.ts';
import type { Body, ReadBody } from './body.ts';
import type { Call } from './call.ts';
import { toLoggedType } from './content-type.ts';
import type { Credential } from './credential.ts';
import type { Ending } from './ending.ts';
import { Fault, isCredentialFault, toAttemptTimeFault, toDeadlineFault } from './fault.ts';
import type { Gate, Pass } from './gate.ts';
import type { UpstreamRequest } from './request.ts';
import { pause, type Retry } from './retry.ts';
import { withDeadline } from './with-deadline.ts';

/** What all exchanges with a provider have in common. */
export interface Way extends AttemptWay {
  readonly provider: Provider;
  /** Put before each request's own path. */
  readonly basePath: string;
  readonly limits: UpstreamLimits;
  readonly gate: Gate;
  readonly retry: Retry;
  readonly readBody: ReadBody;
  readonly log: Log;
  /** What has been seen so far: how many responses were about another id than the one that was asked for. */
  readonly seen: { mismatches: number };
  /** Told of each call whose credential the provider doesn't accept. */
  readonly onRefused: ((credential: Credential) => void) | undefined;
}

/** What is told of a response that is of no use. */
interface FailedResponse {
  readonly upstreamStatus: number;
  readonly contentType: string;
}

/**
 * From the outside in: deadline of the field, retry with a budget, gate (cool-down of the credential, breaker, bulkhead),
 * deadline of the attempt, one attempt with its cap of size, status, type, ids. A class, as every call is one that waits for
 * tens of milliseconds: what an async function holds on to is several times as large.
 */
export class Exchange implements Receiver {
  readonly #way: Way;
  readonly #request: UpstreamRequest;
  readonly #credential: Credential;
  readonly #call: Call;
  readonly #ending: Ending;
  readonly #price: ProviderPrice;
  readonly #resolve: (body: Body | null) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #startedAt: number;
  readonly #endsAt: number;
  #attempts = 0;
  #failures = 0;
  #firstAttemptAt = Number.POSITIVE_INFINITY;
  /** What came back of the last attempt that failed, if anything did: for the log. */
  #failedResponse: FailedResponse | undefined;
  #isShort = false;
  #pass: Pass | undefined;

  constructor(
    way: Way,
    request: UpstreamRequest,
    credential: Credential,
    call: Call,
    resolve: (body: Body | null) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#way = way;
    this.#request = request;
    this.#credential = credential;
    this.#call = call;
    this.#ending = call.ending;
    this.#price = call.price.of(way.provider);
    this.#resolve = resolve;
    this.#reject = reject;
    const now = performance.now();
    this.#startedAt = call.since ?? now;
    this.#endsAt = this.#startedAt + way.limits.fieldMs;
    this.#enter(now);
  }

  onAnswer(answer: Answer): void {
    try {
      const body = this.#way.readBody(answer, this.#request, this.#credential);
      this.#leave();
      this.#resolve(body);
    } catch (error) {
      this.#end(error, { upstreamStatus: answer.status, contentType: toLoggedType(answer.headers['content-type']) });
    }
  }

  onFailure(error: unknown): void {
    this.#end(error);
  }

  /** The attempt failed. */
  #end(error: unknown, response?: FailedResponse): void {
    this.#failedResponse = response;
    try {
      this.#leave(error);
      this.#failures++;
      const wait = this.#waitAfter(error);
      if (wait === undefined) this.#fail(error);
      else pause(wait, this.#ending).then(() => this.#enter(performance.now()), this.#reject);
    } catch (bug) {
      // Whoever has called would swallow it, and the exchange would never end.
      this.#reject(bug);
    }
  }

  /** The wait before the next attempt, in milliseconds; `undefined` when there is to be none. */
  #waitAfter(error: unknown): number | undefined {
    if (this.#ending.reason !== undefined) return undefined;
    return this.#way.retry.waitAfter(error, this.#failures, this.#endsAt - performance.now());
  }

  /** What is wrong when the attempt under way takes too long. */
  toTimeUp(): Fault {
    return this.#isShort ? this.#toFieldTimeUp() : toAttemptTimeFault();
  }

  #toFieldTimeUp(): Fault {
    return toDeadlineFault(performance.now() - this.#firstAttemptAt >= this.#way.limits.attemptMs);
  }

  /** The next attempt. */
  #enter(now: number): void {
    try {
      if (this.#ending.reason !== undefined) throw this.#ending.reason;
      this.#pass = this.#way.gate.enter(this.#credential, this.#call);
      if (this.#pass === undefined) void this.#wait(now);
      else this.#send(now);
    } catch (error) {
      this.onFailure(error);
    }
  }

  async #wait(now: number): Promise<void> {
    const ending = this.#ending;
    const wait = (end: Ending) => this.#way.gate.wait(this.#credential, this.#call, end);
    try {
      this.#pass = await withDeadline(this.#endsAt - now, () => this.#toFieldTimeUp(), ending, wait);
      // The place may be one that another call of the same client has just left, as it is over for all of them.
      if (ending.reason !== undefined) throw ending.reason;
      this.#send(performance.now());
    } catch (error) {
      this.onFailure(error);
    }
  }

  #send(now: number): void {
    const { limits, basePath, pool } = this.#way;
    const leftMs = this.#endsAt - now;
    if (leftMs < limits.minAttemptMs) throw this.#toFieldTimeUp();
    this.#call.send?.();
    if (++this.#attempts === 1) {
      this.#firstAttemptAt = now;
      this.#way.retry.begin();
    }
    this.#price.calls++;
    this.#isShort = leftMs <= limits.attemptMs;
    const path = basePath === '' ? this.#request.path : basePath + this.#request.path;
    const ms = this.#isShort ? Math.ceil(leftMs) : undefined;
    pool.take(new Attempt(this.#way, path, this.#credential.headers, this.#ending, this, now, ms));
  }

  /** Through the gate, once for each time that it let this in. */
  #leave(error?: unknown): void {
    const pass = this.#pass;
    this.#pass = undefined;
    if (pass !== undefined) this.#way.gate.leave(pass, this.#credential, error);
  }

  #fail(error: unknown): void {
    if (!(error instanceof Fault)) {
      this.#reject(error);
      return;
    }
    const { provider, gate, log, onRefused } = this.#way;
    gate.rest(this.#credential, error);
    const { code, reason } = error;
    if (isCredentialFault(error)) onRefused?.(this.#credential);
    const ms = Math.round(performance.now() - this.#startedAt);
    const { path } = this.#request;
    const about = { requestId: this.#call.requestId, provider, path, ...this.#failedResponse };
    // Somebody else's record is more than a failure: whoever looks after security finds it, and how often it has happened.
    const isForeign = error.reason === 'id_mismatch' && { security: true, mismatches: ++this.#way.seen.mismatches };
    log.warn({ ...about, code, reason, attempts: this.#attempts, ms, ...isForeign }, 'upstream call failed');
    this.#reject(error.toError(provider));
  }
}
