/** A fake upstream in bytes: reads whole requests, leaves every byte of the response to the fault, and records everything. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** A request as it came over the wire. */
export interface WireRequest {
  readonly path: string;
  /** The whole `Authorization` header; all of them, when there are several. */
  readonly authorization: string;
  /** Request line and headers, as they came. */
  readonly head: string;
  /** When it came, on the clock of `performance.now()`. */
  readonly at: number;
  /** 1 for the first request of its path. */
  readonly nth: number;
}

/** Answers a request, well or badly; the socket is its own until the next request comes. */
export type WireAnswer = (socket: Socket, request: WireRequest) => void;

export interface FaultServer {
  readonly port: number;
  /** Without TLS. */
  readonly baseUrl: string;
  readonly requests: WireRequest[];
  /** The requests of a path. */
  of(path: string): WireRequest[];
  /** How many connections were ever made. */
  connections(): number;
  /** Takes over a connection that another server accepted. */
  take(socket: Socket): void;
  /** Resolves once no connection is open. */
  deserted(): Promise<void>;
  close(): void;
}

export async function startFaultServer(answer: WireAnswer, tls?: TlsOptions): Promise<FaultServer> {
  const byPath = new Map<string, WireRequest[]>();
  const requests: WireRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const read = (socket: Socket, head: string) => {
    const path = /^\S+ (\S+)/.exec(head)?.[1] ?? '';
    const earlier = byPath.get(path) ?? [];
    const authorization = [...head.matchAll(/^authorization: *(.*)$/gim)].map(([, value]) => value).join('\n');
    const request = { path, authorization, head, at: performance.now(), nth: earlier.length + 1 };
    byPath.set(path, [...earlier, request]);
    requests.push(request);
    answer(socket, request);
  };
  const serve = (socket: Socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        read(socket, head);
      }
    });
  };

  const server: Server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket.setNoDelay());
    // A peer that is cut off in the middle of a response resets the connection: the service's side reports that.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      server.emit('deserted');
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    of: (path) => byPath.get(path) ?? [],
    connections: () => connections,
    take: (socket) => void server.emit('connection', socket),
    async deserted() {
      while (sockets.size > 0) await once(server, 'deserted');
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What to write; a header with several values is written several times. */
export interface WireReply {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** Writes a whole and well-formed answer; the connection stays open. */
export function reply(socket: Socket, { status = 200, reason = 'Some Reason', headers, body = '' }: WireReply): void {
  const bytes = Buffer.from(body);
  const all = { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  socket.write(Buffer.concat([Buffer.from(toHead(status, reason, all)), bytes]));
}

/** Status line and headers, up to the empty line. */
export const toHead = (
  status: number,
  reason: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
): string => {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}`),
  );
  return [`HTTP/1.1 ${status} ${reason}`, ...lines, '', ''].join('\r\n');
};
