/**
 * Serves the requests of a connection one after another. A client may send several without waiting for the responses (HTTP
 * pipelining): at most one of them is executed, and at most one response is in memory, whether the client reads or not.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../limits.ts';
import { toRequestTimeout } from './malformed.ts';
import type { Visit } from './visit.ts';

export interface Pipelining {
  /** Starts the request, or queues it behind the earlier ones of its connection. */
  begin(visit: Visit, isFirst: boolean): void;
  /** Starts the next request of a connection, once the response before it is sent. */
  startNext(socket: Socket): void;
  /**
   * Decides about an error of the HTTP parser. True: the request was late because the service did not read, and has as long
   * again once it does.
   */
  excuses(error: NodeJS.ErrnoException, socket: Socket): boolean;
}

export function createPipelining(
  { maxPipelinedRequests, requestMs }: Pick<Limits, 'maxPipelinedRequests' | 'requestMs'>,
  start: (visit: Visit) => void,
): Pipelining {
  // Clients that never pipeline have none.
  const queues = new WeakMap<Socket, Queue>();

  const queueOf = (socket: Socket): Queue => {
    const existing = queues.get(socket);
    if (existing !== undefined) return existing;
    const queue = new Queue(socket, maxPipelinedRequests, requestMs);
    queues.set(socket, queue);
    return queue;
  };

  return {
    begin(visit, isFirst) {
      const { socket } = visit.request;
      if (isFirst) queues.get(socket)?.onRequest(visit.request);
      else queueOf(socket).add(visit);
      if (isFirst) start(visit);
    },
    startNext(socket) {
      const next = queues.get(socket)?.next();
      if (next !== undefined && !socket.destroyed) start(next);
    },
    excuses: (error, socket) => queues.get(socket)?.excuses(error) ?? false,
  };
}

/** The requests of one connection that wait for the response before them. */
class Queue {
  readonly #socket: Socket;
  readonly #maxLength: number;
  readonly #requestMs: number;
  readonly #waiting: Visit[] = [];
  #isPaused = false;
  /** What Node.js no longer times: a request, or one whose head has not arrived. */
  #untimed: IncomingMessage | 'head' | undefined;

  constructor(socket: Socket, maxLength: number, requestMs: number) {
    this.#socket = socket;
    this.#maxLength = maxLength;
    this.#requestMs = requestMs;
    // Node.js resumes the socket by itself, for example whenever a body is read.
    socket.on('resume', () => this.#keepPaused());
  }

  add(visit: Visit): void {
    this.onRequest(visit.request);
    this.#waiting.push(visit);
    if (this.#isPaused || this.#waiting.length <= this.#maxLength) return;
    this.#isPaused = true;
    // The parser resumes the socket with each request of the chunk that it has at the moment.
    process.nextTick(() => this.#keepPaused());
  }

  next(): Visit | undefined {
    const visit = this.#waiting.shift();
    if (visit === undefined || this.#waiting.length > 0) return visit;
    // The body of the last one may be what is to be read.
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (this.#untimed !== undefined) this.#time();
    return visit;
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
    if (isIncomplete) this.#waiting.pop();
    return false;
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
    }, this.#requestMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }
}
