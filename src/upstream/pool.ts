/** The connections to a provider. */
import { buildConnector, type errors, Pool } from 'undici';
import type { UpstreamLimits } from '../limits.ts';

export function createPool(origin: string, { maxInFlight, connectMs, fieldMs }: UpstreamLimits): Pool {
  // One connection of HTTP/2 was measured far slower than many of HTTP/1.1 for calls side by side.
  const allowH2 = false;
  // Said here, where no variable of the environment switches it off.
  const connect = buildConnector({ allowH2, timeout: connectMs, rejectUnauthorized: true });
  return new Pool(origin, {
    connections: maxInFlight,
    allowH2,
    connect(options, callback) {
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null);
        // A socket's own errors don't tell how far it had come; those that undici makes do.
        socket.on('error', (error) => Object.assign(error, { socket: { bytesRead: socket.bytesRead } }));
        callback(null, socket);
      });
    },
    keepAliveTimeout: 4_000,
    // The deadlines end every call; these only catch what slips past them.
    headersTimeout: 2 * fieldMs,
    bodyTimeout: 2 * fieldMs,
  });
}

/** Whether it is the end of a connection that had carried answers before. */
export function isEndOfUsedConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { socket } = error as Partial<errors.SocketError>;
  return (socket?.bytesRead ?? 0) > 0;
}
