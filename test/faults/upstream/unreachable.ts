/** Upstreams that must never get a request: what accepts a connection, and how the service reacts (U-01, U-03). */
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type Certificate, createCertificate } from './certificate.ts';
import { type FaultServer, reply, startFaultServer } from './fault-server.ts';
import { type Subject, toRun } from './subjects.ts';

export interface Unreachable {
  readonly name: string;
  readonly code: string;
  /** The most connections that a call makes. */
  readonly connections: number;
  /** Starts what takes the connections. */
  open(subject: Subject): Promise<Taker>;
}

export interface Taker {
  take(socket: Socket): void;
  /** How many requests it could read: each had a key in it. */
  requests(): number;
  close(): void;
}

const unavailable = 'UPSTREAM_UNAVAILABLE';

/** Answers the beginning of a handshake in its own way. */
const withoutTls = (
  name: string,
  code: string,
  connections: number,
  answer: (socket: Socket) => void,
): Unreachable => ({
  name,
  code,
  connections,
  open: async () => ({
    take: (socket) => void socket.once('data', () => answer(socket)),
    requests: () => 0,
    close() {},
  }),
});

/** Would answer if it were trusted. */
const withTls = (name: string, options: TlsOptions, code = unavailable): Unreachable => ({
  name,
  code,
  connections: 1,
  async open({ toBody }) {
    const server: FaultServer = await startFaultServer(
      (socket, { path }) => reply(socket, { body: JSON.stringify(toBody(toRun(path))) }),
      options,
    );
    return { take: server.take, requests: () => server.requests.length, close: server.close };
  },
});

const create = (from: number, until: number, address = '127.0.0.1'): Certificate =>
  createCertificate({ address, validFrom: from, validUntil: until });

const right = create(-1, 1);
const past = create(-9, -1);
const future = create(1, 9);
const wrongName = create(-1, 1, '192.0.2.1');

/** Without a signature. */
export const untrusted = withTls('has a certificate without a signature', create(-1, 1));

/** Every certificate but the untrusted one: each is wrong in another way, so that trust alone doesn't help it. */
export const trusted = [right, past, future, wrongName].map(({ cert }) => cert).join('');

export const unreachables: readonly Unreachable[] = [
  withoutTls('closes at once', unavailable, 3, (socket) => socket.end()),
  withoutTls('resets in the handshake', unavailable, 3, (socket) => socket.resetAndDestroy()),
  withoutTls('never answers the handshake', 'UPSTREAM_TIMEOUT', 3, () => {}),
  withoutTls('answers the handshake with junk', unavailable, 1, (socket) => socket.end('\0'.repeat(100))),
  withoutTls('speaks plain HTTP', unavailable, 1, (socket) => socket.end('HTTP/1.1 400 No\r\n\r\n')),
  untrusted,
  withTls('has a certificate of the past', past),
  withTls('has a certificate of the future', future),
  withTls('has a certificate for another address', wrongName),
  withTls('speaks TLS 1.1', {
    ...right,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  }),
  withTls('has no cipher in common', { ...right, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-CCM8' }),
  // Or all of the above would show nothing.
  withTls('has a certificate as it should be', right, 'data'),
];
