/** One GET over the wire, read to its end. */
import type { Client, Dispatcher } from 'undici';
import type { Ending } from './ending.ts';
import { type Fault, toNetworkFault, toSizeFault } from './fault.ts';
import type { Passenger, Pool } from './pool.ts';

/** What came back, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty unless the status is 200: nobody reads an error's text. */
  readonly body: Buffer;
}

/** What to send, and how much to bear. */
export interface AttemptRequest {
  readonly method: 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The largest body that is taken, in bytes. */
  readonly maxBytes: number;
  /** How long it may take, in milliseconds. */
  readonly ms: number;
  /** What is wrong when it takes longer. */
  readonly toTimeUp: () => Fault;
}

/**
 * Sends the request and reads the answer; it can be ended at any point, also while it waits for a connection.
 * @throws {Fault} for anything that isn't a whole answer in time; the ending's own reason when it was ended
 */
export const attempt = (pool: Pool, request: AttemptRequest, ending: Ending): Promise<Answer> =>
  new Promise((resolve, reject) => pool.take(new Reception(pool, request, ending, resolve, reject)));

/** Receives the answer. A class, as every call has one, and methods of a prototype cost it nothing. */
class Reception implements Passenger, Dispatcher.DispatchHandler {
  readonly #pool: Pool;
  readonly #request: AttemptRequest;
  readonly #ending: Ending;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #end: () => void;
  #connection: Client | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Answer['headers'] = {};
  #size = 0;
  readonly #chunks: Buffer[] = [];
  /** Why nobody waits for it any more. */
  #left: unknown;

  constructor(
    pool: Pool,
    request: AttemptRequest,
    ending: Ending,
    resolve: (answer: Answer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#pool = pool;
    this.#request = request;
    this.#ending = ending;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(Reception.#timeUp, request.ms, this);
    this.#end = () => this.#leave(ending.reason);
    ending.add(this.#end);
  }

  static #timeUp(reception: Reception): void {
    reception.#leave(reception.#request.toTimeUp());
  }

  #leave(reason: unknown): void {
    this.#left = reason;
    this.#controller?.abort(reason as Error);
    this.#settle();
    this.#reject(reason);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#ending.delete(this.#end);
  }

  board(connection: Client): boolean {
    if (this.#left !== undefined) return false;
    this.#connection = connection;
    connection.dispatch(this.#request, this);
    return true;
  }

  /** Nothing more comes over its connection. */
  #alight(): void {
    if (this.#connection !== undefined) this.#pool.give(this.#connection);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#left !== undefined) controller.abort(this.#left as Error);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#request.maxBytes) controller.abort(toSizeFault());
    else if (this.#status === 200) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#alight();
    this.#settle();
    this.#resolve({ status: this.#status, headers: this.#headers, body: toBody(this.#chunks) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#alight();
    this.#settle();
    this.#reject(this.#left ?? toNetworkFault(error, this.#status === 0));
  }
}

/** Most answers come in one piece, which needn't be copied. */
const toBody = (chunks: readonly Buffer[]): Buffer => (chunks.length === 1 && chunks[0]) || Buffer.concat(chunks);
