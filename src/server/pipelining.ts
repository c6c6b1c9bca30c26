/**
 * Serves the requests of a connection one after another. A client may send several without waiting for the responses (HTTP
 * pipelining): at most one of them is executed, and at most one response is in memory, whether the client reads or not.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../core/limits.ts';
import { type RequestState, toRequestTimeout } from './request-state.ts';

export interface Pipelining {
  /** Starts the request, or queues it behind the earlier ones of its connection. */
  begin(state: RequestState, isFirst: boolean): void;
  /** Starts the next request of a connection, once the response before it is sent. */
  startNext(socket: Socket): void;
  /**
   * Decides about an error of the HTTP parser. True: the request was late because the service did not read, and has as long
   * again once it does.
   */
  excuses(error: NodeJS.ErrnoException, socket: Socket): boolean;
}

type PipeliningLimits = Pick<Limits, 'maxPipelinedRequests' | 'maxQueuedRequests' | 'requestTimeoutMs'>;

/** The requests that wait on all connections. */
interface Total {
  queued: number;
}

export function createPipelining(limits: PipeliningLimits, start: (state: RequestState) => void): Pipelining {
  // Clients that never pipeline have none.
  const queues = new WeakMap<Socket, Queue>();
  const total: Total = { queued: 0 };

  const queueOf = (socket: Socket): Queue => {
    const existing = queues.get(socket);
    if (existing !== undefined) return existing;
    const queue = new Queue(socket, limits, total);
    queues.set(socket, queue);
    return queue;
  };

  return {
    begin(state, isFirst) {
      const { socket } = state.request;
      if (isFirst) queues.get(socket)?.onRequest(state.request);
      else queueOf(socket).add(state);
      if (isFirst) start(state);
    },
    startNext(socket) {
      const next = queues.get(socket)?.next();
      if (next !== undefined && !socket.destroyed) start(next);
    },
    excuses: (error, socket) => queues.get(socket)?.excuses(error) ?? false,
  };
}

/**
 * Has no more requests made of what has been read from a connection that is about to close. The parser cannot stop within a
 * chunk, which may hold thousands of requests, and Node.js frees all of them no sooner than the connections that it reads with it.
 */
export function ignoreRest(socket: Socket): void {
  const { parser } = socket as Socket & { parser?: { onIncoming: () => number } | null };
  // 0: the body is parsed as usual.
  if (parser) parser.onIncoming = () => 0;
}

/** The requests of one connection that wait for the response before them. */
class Queue {
  readonly #socket: Socket;
  readonly #limits: PipeliningLimits;
  readonly #total: Total;
  readonly #waiting: RequestState[] = [];
  #isPaused = false;
  /** What Node.js no longer times: a request, or one whose head has not arrived. */
  #untimed: IncomingMessage | 'head' | undefined;

  constructor(socket: Socket, limits: PipeliningLimits, total: Total) {
    this.#socket = socket;
    this.#limits = limits;
    this.#total = total;
    socket.once('close', () => this.#clear());
    // Node.js itself resumes the socket, for example whenever a body is read.
    socket.on('resume', () => this.#keepPaused());
  }

  add(state: RequestState): void {
    if (this.#socket.destroyed) return;
    const { maxPipelinedRequests, maxQueuedRequests } = this.#limits;
    const isLong = this.#waiting.length >= maxPipelinedRequests;
    if (isLong && this.#total.queued >= maxQueuedRequests) {
      ignoreRest(this.#socket);
      this.#socket.destroy();
      return;
    }
    this.onRequest(state.request);
    this.#waiting.push(state);
    this.#total.queued++;
    if (this.#isPaused || !isLong) return;
    this.#isPaused = true;
    // The parser resumes the socket with each request of the chunk that it has at the moment.
    process.nextTick(() => this.#keepPaused());
  }

  next(): RequestState | undefined {
    const state = this.#waiting.shift();
    if (state === undefined) return undefined;
    this.#total.queued--;
    if (this.#waiting.length > 0) return state;
    // The body of the last one may be what is to be read.
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (this.#untimed !== undefined) this.#time();
    return state;
  }

  onRequest(request: IncomingMessage): void {
    if (this.#untimed === 'head') this.#untimed = request;
  }

  excuses({ code }: NodeJS.ErrnoException): boolean {
    const last = this.#waiting.at(-1);
    if (last === undefined) return false;
    const isIncomplete = !last.request.complete;
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      this.#untimed = isIncomplete ? last.request : 'head';
      return true;
    }
    // The rest of it is not HTTP, and the error is its only response.
    if (isIncomplete) {
      this.#waiting.pop();
      this.#total.queued--;
    }
    return false;
  }

  #clear(): void {
    this.#total.queued -= this.#waiting.length;
    this.#waiting.length = 0;
  }

  #keepPaused(): void {
    if (this.#isPaused) this.#socket.pause();
  }

  /** Gives the untimed request the whole time again, from now on. */
  #time(): void {
    const { server } = this.#socket as Socket & { readonly server?: Server };
    const timer = setTimeout(() => {
      const isLate = this.#untimed === 'head' || this.#untimed?.complete === false;
      this.#untimed = undefined;
      if (isLate) server?.emit('clientError', toRequestTimeout(), this.#socket);
    }, this.#limits.requestTimeoutMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }
}
