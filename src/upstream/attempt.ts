/** One GET over the wire, read to its end. */
import type { Client, Dispatcher } from 'undici';
import type { UpstreamLimits } from '../limits.ts';
import type { Deadlines, Due } from './deadlines.ts';
import type { Ending, EndListener } from './ending.ts';
import { toAttemptTimeFault, toNetworkFault, toSizeFault } from './fault.ts';
import type { Passenger, Pool } from './pool.ts';

/** What came back, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of another status than 200 it is empty beyond `maxErrorResponseBytes`: so much tells what is wrong. */
  readonly body: Buffer;
}

/** What all attempts at a provider have in common. */
export interface AttemptWay {
  readonly pool: Pool;
  /** Of all attempts: each may take as long. */
  readonly deadlines: Deadlines;
  /** How much to bear. */
  readonly limits: Pick<UpstreamLimits, 'maxAnswerBytes' | 'maxErrorResponseBytes'>;
}

/** Whom an attempt tells how it ended: once, by one of both, which must not throw. */
export interface Receiver {
  onAnswer(answer: Answer): void;
  /** @param reason a {@link Fault} for anything that isn't a whole answer in time; the ending's own when it was ended */
  onFailure(reason: unknown): void;
}

/**
 * Sends the request and reads the answer; it can be ended at any point, also while it waits for a connection. A class, as
 * every call has one, and methods of a prototype cost it nothing; for the same reason it is itself what undici is given.
 */
export class Attempt implements Passenger, Due, EndListener, Dispatcher.DispatchOptions, Dispatcher.DispatchHandler {
  readonly method = 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  dueAt = 0;
  earlier: Due | undefined;
  later: Due | undefined;
  readonly #way: AttemptWay;
  readonly #ending: Ending;
  readonly #receiver: Receiver;
  #connection: Client | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #responseHeaders: Answer['headers'] = none;
  #size = 0;
  /** Most answers come in one piece, which needn't be copied. */
  #chunk: Buffer | undefined;
  #moreChunks: Buffer[] | undefined;
  /** Why nobody waits for it any more. */
  #left: unknown;

  /** @param now by the monotonic clock */
  constructor(
    way: AttemptWay,
    path: string,
    headers: Readonly<Record<string, string>>,
    ending: Ending,
    receiver: Receiver,
    now: number,
  ) {
    this.path = path;
    this.headers = headers;
    this.#way = way;
    this.#ending = ending;
    this.#receiver = receiver;
    way.deadlines.add(this, now);
    ending.add(this);
  }

  onDue(): void {
    this.#leave(toAttemptTimeFault());
  }

  handleEvent(): void {
    this.#leave(this.#ending.reason);
  }

  #leave(reason: unknown): void {
    this.#left = reason;
    this.#controller?.abort(reason as Error);
    this.#settle();
    this.#receiver.onFailure(reason);
  }

  #settle(): void {
    this.#way.deadlines.delete(this);
    this.#ending.delete(this);
  }

  board(connection: Client): boolean {
    if (this.#left !== undefined) return false;
    this.#connection = connection;
    connection.dispatch(this, this);
    return true;
  }

  /** Nothing more comes over its connection. */
  #alight(): void {
    const connection = this.#connection;
    // Once, whatever undici tells: two calls on one connection would wait for each other.
    this.#connection = undefined;
    if (connection !== undefined) this.#way.pool.give(connection);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#left !== undefined) controller.abort(this.#left as Error);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.#status = status;
    this.#responseHeaders = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#way.limits.maxAnswerBytes) controller.abort(toSizeFault());
    else if (this.#status === 200) this.#add(chunk);
    else this.#addToError(chunk);
  }

  #addToError(chunk: Buffer): void {
    if (this.#size <= this.#way.limits.maxErrorResponseBytes) this.#add(chunk);
    else {
      this.#chunk = undefined;
      this.#moreChunks = undefined;
    }
  }

  #add(chunk: Buffer): void {
    if (this.#chunk === undefined) this.#chunk = chunk;
    else if (this.#moreChunks === undefined) this.#moreChunks = [chunk];
    else this.#moreChunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#alight();
    if (this.#left !== undefined) return;
    this.#settle();
    this.#receiver.onAnswer({ status: this.#status, headers: this.#responseHeaders, body: this.#toBody() });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#alight();
    if (this.#left !== undefined) return;
    this.#settle();
    this.#receiver.onFailure(toNetworkFault(error, this.#status === 0));
  }

  #toBody(): Buffer {
    const first = this.#chunk ?? nothing;
    return this.#moreChunks === undefined ? first : Buffer.concat([first, ...this.#moreChunks], this.#size);
  }
}

const none: Answer['headers'] = {};
const nothing = Buffer.alloc(0);
