/** One GET over the wire, read to its end. */
import type { Dispatcher } from 'undici';
import type { UpstreamLimits } from '../core/limits.ts';
import type { Credential } from './credential.ts';
import { type CancelListener, type CancelToken, deadlineReached, type Timeout, type TimeoutQueue } from './deadline.ts';
import { toAttemptTimeFailure, toMemoryFailure, toNetworkFailure, toSizeFailure } from './failure.ts';
import type { Connection, Pool, PoolClient } from './pool.ts';
import {
  BodyChunks,
  type ByteUser,
  type CountedResponse,
  type HeldBytes,
  maxUncountedBytes,
  type ResponseBudget,
  type ResponseReader,
} from './response-budget.ts';

/** What came back, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of another status than 200 it is empty beyond `maxErrorResponseBytes`: so much tells what is wrong. */
  readonly body: Buffer;
  /** Of a large response: a caller that uses the body after it has been received retains it. */
  readonly held: HeldBytes | undefined;
}

/** What all attempts at a provider have in common. */
export interface AttemptDependencies {
  readonly pool: Pool;
  /** Of all attempts: each may take as long. */
  readonly deadlines: TimeoutQueue;
  /** Of all large responses, those of other providers included. */
  readonly budget: ResponseBudget;
  /** How much to bear. */
  readonly limits: Pick<UpstreamLimits, 'maxUpstreamResponseBytes' | 'maxErrorResponseBytes'>;
}

/** Whom an attempt tells how it ended: once, by one of both, which must not throw. */
export interface AttemptListener {
  /** By the monotonic clock, in milliseconds: when the operation has to be complete. */
  readonly deadlineAt: number;
  /** A response of more bytes is counted, however small it is. */
  readonly uncountedBytes: number;
  /** Whether the attempt is made for this user of its bytes. */
  isFor(user: ByteUser): boolean;
  onAnswer(answer: Answer): void;
  /** @param reason a {@link UpstreamFailure} for anything that isn't a whole answer in time; the cancellation's own reason when it was cancelled */
  onFailure(reason: unknown): void;
}

/**
 * Sends the request and reads the answer; it can be ended at any point, also while it waits for a connection. A class, as
 * every call has one, and methods of a prototype cost it nothing; for the same reason it is itself what undici is given.
 */
export class Attempt
  implements PoolClient, Timeout, CancelListener, ResponseReader, Dispatcher.DispatchOptions, Dispatcher.DispatchHandler
{
  readonly method = 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly credential: string;
  timeoutAt = 0;
  previous: Timeout | undefined;
  next: Timeout | undefined;
  readonly #dependencies: AttemptDependencies;
  readonly #cancellation: CancelToken;
  readonly #receiver: AttemptListener;
  #connection: Connection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  /** Since when its time runs, by the monotonic clock, without the time that it was paused; and how much it had spent when it was. */
  #startedAt: number;
  #spentMs = 0;
  #status = 0;
  #responseHeaders: Answer['headers'] = none;
  #size = 0;
  /** Most answers come in one piece, which needn't be copied. */
  #chunk: Buffer | undefined;
  /** Where it comes in more of them. */
  #chunks: BodyChunks | undefined;
  /** A response of more bytes is counted. */
  #uncountedBytes = maxUncountedBytes;
  /** Once the response is large. */
  #counted: CountedResponse | undefined;
  /** Why no call waits for it any more. */
  #cancelledBy: unknown;

  /** @param now by the monotonic clock */
  constructor(
    dependencies: AttemptDependencies,
    path: string,
    { headers, digest }: Pick<Credential, 'headers' | 'digest'>,
    cancellation: CancelToken,
    receiver: AttemptListener,
    now: number,
  ) {
    this.path = path;
    this.headers = headers;
    this.credential = digest;
    this.#dependencies = dependencies;
    this.#cancellation = cancellation;
    this.#receiver = receiver;
    this.#startedAt = now;
    dependencies.deadlines.add(this, now);
    cancellation.add(this);
  }

  onTimeout(): void {
    this.#cancel(this.#hasBeenPaused ? toMemoryFailure() : toAttemptTimeFailure());
  }

  handleEvent(): void {
    const { reason } = this.#cancellation;
    this.#cancel(reason === deadlineReached && this.#hasBeenPaused ? toMemoryFailure() : reason);
  }

  refuse(): void {
    this.#cancel(toMemoryFailure());
  }

  #cancel(reason: unknown): void {
    this.#cancelledBy = reason;
    this.#controller?.abort(reason as Error);
    this.#fail(reason);
  }

  #fail(reason: unknown): void {
    this.#settle();
    this.#counted?.release(this);
    this.#receiver.onFailure(reason);
  }

  #settle(): void {
    this.#dependencies.deadlines.delete(this);
    this.#cancellation.delete(this);
    this.#counted?.end();
  }

  start(connection: Connection): boolean {
    if (this.#cancelledBy !== undefined) return false;
    this.#connection = connection;
    connection.dispatch(this, this);
    return true;
  }

  /** Nothing more comes over its connection. */
  #releaseConnection(): void {
    const connection = this.#connection;
    // Once, whatever undici tells: two calls on one connection would wait for each other.
    this.#connection = undefined;
    if (connection !== undefined) this.#dependencies.pool.give(connection);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelledBy !== undefined) controller.abort(this.#cancelledBy as Error);
  }

  get deadlineAt(): number {
    return this.#receiver.deadlineAt;
  }

  isFor(user: ByteUser): boolean {
    return this.#receiver.isFor(user);
  }

  /** Stops the time of the attempt, which is the provider's: it waits for the service now, for as long again at most. */
  pause(): void {
    const now = performance.now();
    this.#spentMs = now - this.#startedAt;
    this.#restartTimeout(now, now);
    this.#controller?.pause();
  }

  resume(): void {
    const now = performance.now();
    this.#startedAt = now - this.#spentMs;
    this.#restartTimeout(now, this.#startedAt);
    this.#controller?.resume();
  }

  #restartTimeout(now: number, startedAt: number): void {
    this.#dependencies.deadlines.delete(this);
    this.#dependencies.deadlines.add(this, now, startedAt);
  }

  get #hasBeenPaused(): boolean {
    return this.#counted?.hasBeenPaused === true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.#status = status;
    this.#responseHeaders = headers;
    this.#uncountedBytes = Math.min(maxUncountedBytes, this.#receiver.uncountedBytes);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#dependencies.limits.maxUpstreamResponseBytes) controller.abort(toSizeFailure());
    else if (this.#status !== 200) this.#addToError(chunk);
    else {
      this.#add(chunk);
      if (this.#size > this.#uncountedBytes) this.#count(controller, chunk);
    }
  }

  #addToError(chunk: Buffer): void {
    if (this.#size <= this.#dependencies.limits.maxErrorResponseBytes) this.#add(chunk);
    else {
      this.#chunk = undefined;
      this.#chunks = undefined;
    }
  }

  /** Counts the bytes of a large response, those that came before it was large included. */
  #count(controller: Dispatcher.DispatchController, { length }: Buffer): void {
    if (this.#counted !== undefined) this.#counted.add(length);
    else if (Number(this.#responseHeaders['content-length']) > this.#dependencies.limits.maxUpstreamResponseBytes)
      controller.abort(toSizeFailure());
    else {
      this.#counted = this.#dependencies.budget.open(this);
      this.#counted.add(this.#size);
    }
  }

  #add(chunk: Buffer): void {
    if (this.#chunk === undefined) this.#chunk = chunk;
    else {
      this.#chunks ??= new BodyChunks(this.#chunk);
      this.#chunks.add(chunk);
    }
  }

  onResponseEnd(): void {
    this.#releaseConnection();
    if (this.#cancelledBy !== undefined) return;
    this.#settle();
    const held = this.#counted;
    this.#receiver.onAnswer({ status: this.#status, headers: this.#responseHeaders, body: this.#toBody(), held });
    held?.release(this);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#releaseConnection();
    if (this.#cancelledBy !== undefined) return;
    this.#fail(toNetworkFailure(error, this.#status === 0, this.#hasBeenPaused));
  }

  #toBody(): Buffer {
    return this.#chunks?.toBody() ?? this.#chunk ?? nothing;
  }
}

const none: Answer['headers'] = {};
const nothing = Buffer.alloc(0);
