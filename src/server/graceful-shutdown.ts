/** Graceful shutdown: the server ends without losing a response. */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as immediate, setTimeout as wait } from 'node:timers/promises';
import type { Limits } from '../core/limits.ts';
import type { Gateway } from '../gateway/create-gateway.ts';
import type { InFlightResponses } from './connections.ts';
import { type Rejection, refuse } from './request-checks.ts';

export interface GracefulShutdown {
  /** Whether new requests are welcome. */
  isReady(): boolean;
  /** Takes the server, its answers and the operations of its gateway under its care; before it listens. */
  watch(server: Server, answers: InFlightResponses, gateway: Pick<Gateway, 'capDeadlines'>): void;
  /** Called for every response before it begins. */
  begin(response: ServerResponse): void;
  /** Called when a response is over. */
  end(): void;
  /**
   * Says at once that requests should go elsewhere, and tells every client to close its connection after the response; goes
   * on serving for `shutdownDelayMs`, stops listening, and resolves when the last answer is over. No operation takes longer than
   * until shortly before `shutdownTimeoutMs`, so that its client is answered by then; a client that hasn't read its answer is cut off.
   */
  stop(): Promise<void>;
}

/** Both times count from the moment at which the server is to stop. */
export function createGracefulShutdown({
  shutdownDelayMs,
  shutdownTimeoutMs,
}: Pick<Limits, 'shutdownDelayMs' | 'shutdownTimeoutMs'>): GracefulShutdown {
  let server: Server | undefined;
  let answers: InFlightResponses | undefined;
  let gateway: Pick<Gateway, 'capDeadlines'> | undefined;
  const sockets = new Set<Socket>();
  let accepted = 0;
  let state: 'ready' | 'draining' | 'closed' = 'ready';

  /** A client that waits for a connection when the server stops listening is cut off, and Node.js accepts one each turn. */
  const acceptWaiting = async () => {
    // As long as the queue of the system is at the most.
    for (let turn = 0; turn < 511; turn++) {
      const before = accepted;
      await immediate();
      if (accepted === before) return;
    }
  };

  const waiting = () => [...sockets].filter((socket) => answers?.isWaiting(socket));

  /** A process that is late may be about to send the last answers; what is none of an operation gets one here. */
  const answered = async () => {
    const until = performance.now() + maxLateMs;
    while (performance.now() < until && waiting().length > 0) await wait(10);
    for (const state of waiting().flatMap((socket) => answers?.on(socket) ?? [])) {
      if (state.response.headersSent || !state.request.complete) continue;
      refuse(state.writeCommonHeaders(), stopped, state.requestId);
    }
  };

  return {
    isReady: () => state === 'ready',
    watch(watched, itsAnswers, itsGateway) {
      server = watched;
      answers = itsAnswers;
      gateway = itsGateway;
      server.on('connection', (socket) => {
        accepted++;
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
    },
    begin(response) {
      if (state !== 'ready') response.setHeader('connection', 'close');
    },
    end() {
      // Its head was sent before the shutdown, so it didn't tell the client to close the connection.
      if (state === 'closed') setImmediate(() => server?.closeIdleConnections());
    },
    async stop() {
      state = 'draining';
      gateway?.capDeadlines(shutdownTimeoutMs - toSendMs(shutdownTimeoutMs));
      const old = [...sockets];
      for (const { response } of old.flatMap((socket) => answers?.on(socket) ?? [])) {
        if (!response.headersSent) response.setHeader('connection', 'close');
      }
      // A client may be about to send its next request on a connection that it was left, and wouldn't learn whether that
      // arrived. In this time most do, and get the header.
      await wait(Math.min(shutdownDelayMs, shutdownTimeoutMs));
      await acceptWaiting();
      state = 'closed';
      const closed = server?.listening && once(server, 'close');
      server?.close();
      endSilent(old);
      const timers = [
        setTimeout(() => endSilent(sockets), shutdownDelayMs),
        setTimeout(async () => {
          await answered();
          for (const socket of sockets) socket.destroy();
        }, shutdownTimeoutMs - shutdownDelayMs),
      ];
      await closed;
      timers.forEach(clearTimeout);
    },
  };
}

/** How long the last answers are waited for when the time is up, in milliseconds. */
const maxLateMs = 500;

const stopped: Rejection = {
  status: 503,
  code: 'OVERLOADED',
  message: 'This process is shutting down. Try again.',
  headers: { 'retry-after': '1' },
};

/** How much of the time is reserved for sending the last responses, in milliseconds. */
const toSendMs = (shutdownTimeoutMs: number): number => Math.min(1_000, shutdownTimeoutMs / 4);

/** Browsers open connections in advance, which Node.js doesn't count as idle. Each has had its time to say something. */
function endSilent(sockets: Iterable<Socket>): void {
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
}
