/**
 * One upstream call: sends attempts until one succeeds, or until the deadline, the retry budget or the kind of failure ends it.
 *
 * One file of more than 300 lines: all steps of a call change the state of one object, which saves each call the closures.
 */
import { GraphQLError } from 'graphql';
import type { Account } from '../core/accounts.ts';
import { isEndpointSpecific } from '../core/errors.ts';
import type { UpstreamLimits } from '../core/limits.ts';
import type { ProviderCalls, UpstreamObserver } from '../observability/observer.ts';
import { type AttemptTrace, type OperationTrace, withTraceparent } from '../observability/tracing.ts';
import type { Admission, AdmittedCall } from './admission.ts';
import { type Answer, Attempt, type AttemptDependencies, type AttemptListener } from './attempt.ts';
import { type Call, toTracedCall, type UpstreamRequest } from './call-context.ts';
import type { Credential, VerifiedCredentials } from './credential.ts';
import { type CancelToken, deadlineReached } from './deadline.ts';
import { isCredentialFailure, toDeadlineFailure, toRouteFailure, UpstreamFailure } from './failure.ts';
import { type Body, type ReadBody, toLoggedType } from './read-response.ts';
import type { ByteUser } from './response-budget.ts';
import { pause, type Retry } from './retry.ts';
import type { Upstream } from './upstream.ts';

/** What all calls for an account have in common. */
export interface UpstreamDependencies extends AttemptDependencies {
  readonly account: Account;
  /** Put before each request's own path. */
  readonly basePath: string;
  readonly limits: UpstreamLimits;
  readonly admission: Admission;
  readonly retry: Retry;
  readonly readBody: ReadBody;
  readonly verified: VerifiedCredentials;
  /** Requests the provider's list of monitors, to verify a credential: concurrent calls are coalesced. */
  readonly list: { readonly request: UpstreamRequest; readonly upstream: Pick<Upstream, 'getJson'> };
  /** Receives each call that ends. */
  readonly observer: UpstreamObserver | undefined;
  /** What has been seen so far: how many responses were about another id than the requested one. */
  readonly seen: { mismatches: number };
  /** Told of each call whose credential the provider doesn't accept. */
  readonly onRefused: ((credential: Credential) => void) | undefined;
}

/** What the log says of a response that can't be used. */
interface FailedResponse {
  readonly upstreamStatus: number;
  readonly contentType: string;
}

const toFailedResponse = ({ status, headers }: Answer): FailedResponse => ({
  upstreamStatus: status,
  contentType: toLoggedType(headers['content-type']),
});

/**
 * From the outside in: deadline of the operation, retry with a budget, admission (pacing, circuit breaker, bulkhead),
 * deadline of the attempt, one attempt with its cap of size, status, type, ids. A class, as every call is one that waits for
 * tens of milliseconds: what an async function holds on to is several times as large.
 */
export class UpstreamCall implements AttemptListener {
  readonly #dependencies: UpstreamDependencies;
  readonly #request: UpstreamRequest;
  readonly #credential: Credential;
  readonly #call: Call;
  readonly #cancellation: CancelToken;
  readonly #callReport: ProviderCalls;
  readonly #resolve: (body: Body | null) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #startedAt: number;
  #attempts = 0;
  #failures = 0;
  #firstAttemptAt = Number.POSITIVE_INFINITY;
  #lastAttemptAt = 0;
  #isPaced = false;
  /** What came back of the last attempt that failed, if anything did: for the log. */
  #failedResponse: FailedResponse | undefined;
  #pass: AdmittedCall | undefined;
  /** The span of the attempt in flight, where it is recorded. */
  #attemptTrace: AttemptTrace | undefined;

  constructor(
    dependencies: UpstreamDependencies,
    request: UpstreamRequest,
    credential: Credential,
    call: Call,
    resolve: (body: Body | null) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#dependencies = dependencies;
    this.#request = request;
    this.#credential = credential;
    this.#call = call;
    this.#cancellation = call.cancellation;
    this.#callReport = call.callReport.of(dependencies.account);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#startedAt = performance.now();
    this.#enter(this.#startedAt);
  }

  get deadlineAt(): number {
    return this.#call.deadlineAt;
  }

  get uncountedBytes(): number {
    return this.#call.uncountedBytes;
  }

  isFor(user: ByteUser): boolean {
    return this.#call.isFor(user);
  }

  onAnswer(answer: Answer): void {
    try {
      const body = this.#dependencies.readBody(answer, this.#request, this.#credential);
      if (body instanceof Promise) this.#readLater(body, answer);
      else this.#finish(body, answer);
    } catch (error) {
      this.#end(error, toFailedResponse(answer));
    }
  }

  #readLater(reading: Promise<Body | null>, answer: Answer): void {
    answer.held?.retain(this);
    // The provider has done its part: the reading of the response delays no other call.
    if (this.#pass !== undefined) this.#dependencies.admission.freePlace(this.#pass, this.#credential);
    void reading
      .then((body) => this.#finish(body, answer))
      .catch((error: unknown) => this.#end(error, toFailedResponse(answer)))
      .finally(() => answer.held?.release(this));
  }

  #finish(body: Body | null, answer: Answer): void {
    if (this.#attemptTrace !== undefined) this.#endTrace(answer.status, undefined);
    this.#leave(body !== null);
    if (body === null) this.#confirmAbsence(answer);
    else {
      this.#dependencies.verified.add(this.#credential.digest);
      if (answer.held === undefined) this.#call.addUncounted(answer.body.length);
      else this.#call.hold(answer.held);
      this.#succeed(body);
    }
  }

  /** Takes a 404 for absence if the credential is verified. If not, one call of the list of monitors decides. */
  #confirmAbsence(answer: Answer): void {
    const { verified, list } = this.#dependencies;
    const { digest } = this.#credential;
    if (verified.has(digest)) {
      this.#succeed(null);
      return;
    }
    const refuse = () => this.#end(toRouteFailure(answer.status), toFailedResponse(answer));
    // Every account has a list of monitors, an empty one at least.
    if (this.#request.path === list.request.path) verified.refute(digest);
    if (verified.isRefuted(digest)) {
      refuse();
      return;
    }
    list.upstream.getJson(list.request, this.#credential, this.#call).then(
      () => this.#succeed(null),
      (error: unknown) => {
        if (verified.has(digest)) this.#succeed(null);
        else if (isEndpointSpecific(error)) refuse();
        else this.#refuse(error);
      },
    );
  }

  onFailure(reason: unknown): void {
    this.#end(reason);
  }

  /** The attempt failed. */
  #end(reason: unknown, response?: FailedResponse): void {
    this.#failedResponse = response;
    try {
      const error = reason === deadlineReached ? this.#toDeadlineFailure() : reason;
      if (this.#attemptTrace !== undefined) this.#endTrace(response?.upstreamStatus, error);
      this.#leave(false, error);
      if (error instanceof UpstreamFailure && error.isPaced) this.#slowDown(error);
      if (!isRateLimit(error)) this.#failures++;
      const wait = this.#waitAfter(error);
      if (wait === undefined) this.#fail(error);
      else void this.#pause(wait);
    } catch (bug) {
      // The caller would swallow it, and the call would never settle.
      this.#refuse(bug);
    }
  }

  /** The wait before the next attempt, in milliseconds; `undefined` when there is to be none. */
  #waitAfter(error: unknown): number | undefined {
    if (this.#cancellation.reason !== undefined) return undefined;
    const { admission, retry } = this.#dependencies;
    const { deadlineAt } = this.#call;
    if (error instanceof UpstreamFailure && error.isPaced) {
      if (!admission.isInTime(this.#credential, deadlineAt)) return undefined;
      // It waits for its turn then. The rate bounds how often it is retried.
      if (isRateLimit(error)) return 0;
    }
    const rule = error instanceof UpstreamFailure ? error.retry : undefined;
    return retry.waitAfter(rule, this.#credential, this.#failures, deadlineAt - performance.now());
  }

  /** Calls with the credential are made later, and less often. */
  #slowDown(error: UpstreamFailure): void {
    const { account, admission } = this.#dependencies;
    const rate = admission.slowDown(this.#credential, error, this.#lastAttemptAt);
    if (rate === undefined) return;
    const callsPerSecond = Number(rate.toPrecision(2));
    this.#call.log.warn({ ...account, path: this.#request.path, callsPerSecond }, 'upstream rate reduced');
  }

  #toDeadlineFailure(): UpstreamFailure {
    return toDeadlineFailure(
      performance.now() - this.#firstAttemptAt >= this.#dependencies.limits.upstreamAttemptTimeoutMs,
    );
  }

  async #pause(ms: number): Promise<void> {
    try {
      await pause(ms, this.#cancellation);
    } catch (reason) {
      this.onFailure(reason);
      return;
    }
    this.#enter(performance.now());
  }

  /** The next attempt. */
  #enter(now: number): void {
    try {
      if (this.#cancellation.reason !== undefined) throw this.#cancellation.reason;
      this.#pass = this.#dependencies.admission.enter(this.#credential, this.#call, this.#request);
      if (this.#pass === undefined) void this.#wait();
      else this.#send(now);
    } catch (error) {
      this.onFailure(error);
    }
  }

  async #wait(): Promise<void> {
    const cancellation = this.#cancellation;
    try {
      this.#pass = await this.#dependencies.admission.wait(
        this.#credential,
        this.#call,
        this.#request,
        this.#attempts > 0,
      );
      // The place may be one that another call of the same client has just left, as it is over for all of them.
      if (cancellation.reason !== undefined) throw cancellation.reason;
      this.#send(performance.now());
    } catch (error) {
      this.onFailure(error);
    }
  }

  #send(now: number): void {
    const { limits, basePath, pool } = this.#dependencies;
    if (this.#call.deadlineAt - now < limits.upstreamMinAttemptMs) throw this.#toDeadlineFailure();
    this.#call.send?.();
    this.#lastAttemptAt = now;
    if (this.#pass?.hasBeenPaced === true && !this.#isPaced) {
      this.#isPaced = true;
      this.#callReport.paced++;
    }
    if (++this.#attempts === 1) {
      this.#firstAttemptAt = now;
      this.#dependencies.retry.begin(this.#credential);
    }
    this.#callReport.calls++;
    if (this.#attempts === 1 && this.#request === this.#dependencies.list.request) this.#call.countExtra();
    const path = basePath === '' ? this.#request.path : basePath + this.#request.path;
    const credential = this.#call.trace === undefined ? this.#credential : this.#trace(this.#call.trace, now);
    pool.take(new Attempt(this.#dependencies, path, credential, this.#cancellation, this, now));
  }

  /** Begins the span of an attempt. @returns what it is sent with */
  #trace(trace: OperationTrace, now: number): Pick<Credential, 'headers' | 'digest'> {
    const { headers, digest } = this.#credential;
    const call = toTracedCall(this.#dependencies.account, this.#request);
    this.#attemptTrace = trace.startAttempt(call, this.#attempts, now);
    if (this.#attemptTrace !== undefined) this.#call.noteAttempt?.(this.#attemptTrace);
    const traceparent = this.#attemptTrace?.traceparent ?? trace.traceparent;
    return { headers: traceparent === undefined ? headers : withTraceparent(headers, traceparent), digest };
  }

  #endTrace(status: number | undefined, error: unknown): void {
    const code = error instanceof UpstreamFailure ? error.code : 'cancelled';
    this.#attemptTrace?.end(status, error === undefined ? undefined : code);
    this.#attemptTrace = undefined;
  }

  /** Leaves the admission, once for each permit. */
  #leave(isFound: boolean, error?: unknown): void {
    const pass = this.#pass;
    this.#pass = undefined;
    if (pass !== undefined)
      this.#dependencies.admission.leave(pass, this.#credential, this.#request.path, isFound, error);
  }

  #succeed(body: Body | null): void {
    if (this.#dependencies.observer !== undefined) this.#observe(body === null ? 'absent' : 'ok');
    this.#resolve(body);
  }

  #refuse(error: unknown): void {
    if (this.#dependencies.observer !== undefined) this.#observe(toResult(error));
    this.#reject(error);
  }

  #observe(result: string): void {
    // An identical call was sent before this one, or the client has disconnected.
    if (result === 'cancelled' && this.#attempts === 0) return;
    const { account, observer } = this.#dependencies;
    observer?.endCall({
      ...account,
      kind: this.#request.kind,
      result,
      attempts: this.#attempts,
      durationMs: performance.now() - this.#startedAt,
    });
  }

  #fail(error: unknown): void {
    if (!(error instanceof UpstreamFailure)) {
      this.#refuse(error);
      return;
    }
    const { account, verified, onRefused } = this.#dependencies;
    const { code, reason } = error;
    if (isCredentialFailure(error)) {
      verified.delete(this.#credential.digest);
      onRefused?.(this.#credential);
    }
    const ms = Math.round(performance.now() - this.#startedAt);
    const { path } = this.#request;
    const about = { ...account, path, ...this.#failedResponse };
    // Another object's record is more than a failure: security monitoring finds the line, and how often it has happened.
    const isForeign = error.reason === 'id_mismatch' && {
      security: true,
      mismatches: ++this.#dependencies.seen.mismatches,
    };
    const line = { ...about, code, reason, attempts: this.#attempts, ms, ...isForeign };
    this.#call.log.warn(line, 'upstream call failed');
    this.#refuse(error.toError(account));
  }
}

/** Anything but an error for the client is the cancellation of the call, or a bug. */
const toResult = (error: unknown): string =>
  error instanceof GraphQLError ? String(error.extensions.code) : 'cancelled';

const isRateLimit = (error: unknown): boolean =>
  error instanceof UpstreamFailure && error.isPaced && error.code === 'RATE_LIMITED';
