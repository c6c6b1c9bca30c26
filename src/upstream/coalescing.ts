/**
 * Request coalescing: identical calls in flight, with the same credential, share one. Nothing is
 * remembered of a call that is over.
 */
import { GraphQLError } from 'graphql';
import type { Account } from '../core/accounts.ts';
import type { UpstreamLimits } from '../core/limits.ts';
import type { AttemptTrace, CoalescedTrace } from '../observability/tracing.ts';
import { type Call, toTracedCall, type UpstreamRequest } from './call-context.ts';
import type { Credential } from './credential.ts';
import { type CancelListener, CancelSource, deadlineReached } from './deadline.ts';
import { hasFailedByTime, toEndError } from './failure.ts';
import type { Body } from './read-response.ts';
import type { ByteUser, HeldBytes } from './response-budget.ts';
import type { Upstream } from './upstream.ts';

/** What is coalesced, and where else to call. */
interface CoalescingDependencies {
  readonly account: Account;
  readonly upstream: Upstream;
  readonly sharedCalls: Map<string, SharedCall>;
  readonly limits: SharedLimits;
}

type SharedLimits = Pick<UpstreamLimits, 'upstreamMinAttemptMs'>;

/**
 * Coalesces identical in-flight calls: same credential, same path. Each caller queues independently until the first call is sent;
 * that caller is the leader, and its result is shared. Each follower has its own deadline. The call is cancelled when the last
 * caller disconnects.
 */
export function createCoalescing(account: Account, upstream: Upstream, limits: SharedLimits): Upstream {
  const dependencies: CoalescingDependencies = { account, upstream, sharedCalls: new Map(), limits };
  return {
    getJson(request, credential, call) {
      if (call.cancellation.reason !== undefined) return Promise.reject(toEndError(call.cancellation.reason, account));
      return new Promise((resolve, reject) =>
        join(dependencies, request, credential, new Subscriber(call, resolve, reject)),
      );
    },
    close: () => upstream.close(),
  };
}

/** Whose call it is, and of what: the digest has always the same length. The path alone says what is requested. */
export const toCoalesceKey = (
  { digest }: Pick<Credential, 'digest'>,
  { path }: Pick<UpstreamRequest, 'path'>,
): string => `${digest}${path}`;

function join(
  dependencies: CoalescingDependencies,
  request: UpstreamRequest,
  credential: Credential,
  waiter: Subscriber,
): void {
  const name = toCoalesceKey(credential, request);
  let sharedCall = dependencies.sharedCalls.get(name);
  if (sharedCall === undefined) {
    sharedCall = new SharedCall(dependencies, name, request, credential);
    dependencies.sharedCalls.set(name, sharedCall);
  }
  sharedCall.take(waiter);
}

/** Why a call isn't made: an identical one is in flight. */
const coalesced = new Error('coalesced');

/** A call, and all who wait for it. A class, as every call is one, and methods of a prototype cost it nothing. */
class SharedCall {
  readonly #dependencies: CoalescingDependencies;
  readonly #name: string;
  readonly #request: UpstreamRequest;
  readonly #credential: Credential;
  readonly #waiters: Subscriber[] = [];
  /** The last attempt, where it is recorded. */
  attempt: AttemptTrace | undefined;
  /** Whose call is made, once it is. */
  #sender: Subscriber | undefined;
  /** The bytes of its response, if that is large. */
  #held: HeldBytes | undefined;
  /** The same of one that isn't counted. */
  #uncounted = 0;

  constructor(dependencies: CoalescingDependencies, name: string, request: UpstreamRequest, credential: Credential) {
    this.#dependencies = dependencies;
    this.#name = name;
    this.#request = request;
    this.#credential = credential;
  }

  take(waiter: Subscriber): void {
    waiter.sharedCall = this;
    this.#waiters.push(waiter);
    if (this.#sender !== undefined) {
      this.#carry(waiter);
      return;
    }
    this.#dependencies.upstream.getJson(this.#request, this.#credential, waiter).then(
      (body) => {
        const held = this.#held;
        for (const each of this.#land()) {
          if (held === undefined) each.call.addUncounted(this.#uncounted);
          else each.call.hold(held);
          each.resolve(body);
        }
        held?.release(this);
      },
      (error: unknown) => this.#fail(waiter, error),
    );
  }

  /** The call of one of them is to be sent. @throws when that of another has been */
  send(waiter: Subscriber): void {
    if (this.#sender === waiter) return;
    if (this.#sender !== undefined) throw coalesced;
    this.#sender = waiter;
    if (this.#waiters.length === 1) return;
    for (const other of this.#waiters) {
      if (other === waiter) continue;
      this.#carry(other);
      // Out of its line.
      other.cancellation.end(coalesced);
    }
  }

  /** When the last of those who wait for it has to be answered. */
  get deadlineAt(): number {
    let latest = 0;
    for (const { call } of this.#waiters) latest = Math.max(latest, call.deadlineAt);
    return latest;
  }

  get isReport(): boolean {
    return this.#waiters.every(({ call }) => call.isReport);
  }

  isFor(user: ByteUser): boolean {
    return this.#waiters.some(({ call }) => call.isFor(user));
  }

  /** Retains the bytes until all who wait for the response have it. */
  hold(bytes: HeldBytes): void {
    bytes.retain(this);
    this.#held = bytes;
  }

  /** As many as the operation has left that has the fewest. */
  get uncountedBytes(): number {
    let fewest = Number.POSITIVE_INFINITY;
    for (const { call } of this.#waiters) fewest = Math.min(fewest, call.uncountedBytes);
    return fewest;
  }

  addUncounted(bytes: number): void {
    this.#uncounted = bytes;
  }

  leave(waiter: Subscriber, reason: unknown): void {
    const sender = this.#sender;
    const isLast = this.#waiters.length === 1;
    // Before the call ends: who comes now needs another one.
    if (isLast) this.#forget();
    if (isLast && reason === deadlineReached && sender !== undefined) {
      // The call fails then, with an error that says why it took so long.
      sender.cancellation.end(reason);
      return;
    }
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    const error = toEndError(reason, this.#dependencies.account);
    // The call itself logs what ends it.
    if (reason === deadlineReached && sender !== undefined) this.#tell(waiter, sender, error);
    waiter.end();
    waiter.reject(error);
    if (waiter !== sender) waiter.cancellation.end(reason);
    if (isLast) sender?.cancellation.end(reason);
  }

  /** Lets one wait for the call of another. */
  #carry(waiter: Subscriber): void {
    const { callReport, trace } = waiter.call;
    callReport.of(this.#dependencies.account).coalesced++;
    if (trace === undefined) return;
    waiter.wait = trace.startCoalesced(toTracedCall(this.#dependencies.account, this.#request));
    this.attempt?.link(trace);
  }

  /** The call is sent. */
  noteAttempt(attempt: AttemptTrace): void {
    this.attempt = attempt;
    for (const waiter of this.#waiters) if (waiter !== this.#sender) attempt.link(waiter.call.trace);
  }

  #fail(waiter: Subscriber, error: unknown): void {
    if (this.#sender === undefined) {
      // Why it wasn't sent concerns the leader only, unless it has disconnected.
      if (this.#waiters.includes(waiter)) this.leave(waiter, error);
    } else if (this.#sender === waiter) {
      // The time of one isn't that of the others: they go on, once, if they have enough of it.
      const { limits } = this.#dependencies;
      const enoughFrom = hasFailedByTime(error)
        ? performance.now() + limits.upstreamMinAttemptMs
        : Number.POSITIVE_INFINITY;
      for (const each of this.#land()) {
        if (each === waiter) each.reject(error);
        else if (each.hasFailed || each.call.cancellation.reason !== undefined || each.call.deadlineAt < enoughFrom) {
          this.#tell(each, waiter, error);
          each.reject(error);
        } else {
          each.waitAgain();
          join(this.#dependencies, this.#request, this.#credential, each);
        }
      }
    }
  }

  /** Tells the log of a call that failed for one who waited for it: the call's own line has another's id, and may come later. */
  #tell(waiter: Subscriber, sender: Subscriber, error: unknown): void {
    const { provider, account } = this.#dependencies.account;
    const code = error instanceof GraphQLError ? error.extensions.code : undefined;
    const about = { provider, account, path: this.#request.path, sender: sender.log.requestId, code };
    waiter.log.warn(about, 'coalesced upstream call failed');
  }

  #land(): readonly Subscriber[] {
    this.#forget();
    for (const waiter of this.#waiters) waiter.end();
    return this.#waiters;
  }

  #forget(): void {
    if (this.#dependencies.sharedCalls.get(this.#name) === this) this.#dependencies.sharedCalls.delete(this.#name);
  }
}

/** One who waits, and the call that is made on its behalf unless another's is sent before. A class for the same reason. */
class Subscriber implements Call, CancelListener {
  readonly call: Call;
  readonly resolve: (body: Body | null) => void;
  readonly reject: (reason: unknown) => void;
  readonly log: Call['log'];
  readonly queues: Call['queues'];
  readonly callReport: Call['callReport'];
  readonly trace: Call['trace'];
  /** Its span while it waits for the call of another. */
  wait: CoalescedTrace | undefined;
  /** Of the follower's call. */
  cancellation = new CancelSource();
  sharedCall: SharedCall | undefined;
  /** Whether a call that it waited for has failed by time already. */
  hasFailed = false;

  constructor(call: Call, resolve: Subscriber['resolve'], reject: Subscriber['reject']) {
    this.call = call;
    this.resolve = resolve;
    this.reject = reject;
    this.log = call.log;
    this.queues = call.queues;
    this.callReport = call.callReport;
    this.trace = call.trace;
    call.cancellation.add(this);
  }

  /** The call that is made on its behalf may serve others who have more time. */
  get deadlineAt(): number {
    return this.sharedCall?.deadlineAt ?? this.call.deadlineAt;
  }

  get operation(): Call['operation'] {
    return this.call.operation;
  }

  /** The same: others may be more urgent. */
  get isReport(): boolean {
    return this.sharedCall?.isReport ?? this.call.isReport;
  }

  countExtra(): void {
    this.call.countExtra();
  }

  handleEvent(): void {
    this.sharedCall?.leave(this, this.call.cancellation.reason);
  }

  isFor(user: ByteUser): boolean {
    return this.sharedCall?.isFor(user) === true;
  }

  hold(bytes: HeldBytes): void {
    this.sharedCall?.hold(bytes);
  }

  get uncountedBytes(): number {
    return this.sharedCall?.uncountedBytes ?? this.call.uncountedBytes;
  }

  addUncounted(bytes: number): void {
    this.sharedCall?.addUncounted(bytes);
  }

  send(): void {
    this.sharedCall?.send(this);
  }

  noteAttempt(attempt: AttemptTrace): void {
    this.sharedCall?.noteAttempt(attempt);
  }

  /** For another call, as the one that it has waited for has failed. */
  waitAgain(): void {
    this.hasFailed = true;
    this.cancellation = new CancelSource();
    this.call.cancellation.add(this);
  }

  end(): void {
    this.wait?.end(this.sharedCall?.attempt);
    this.wait = undefined;
    this.call.cancellation.delete(this);
  }
}
