/** Answers that never come, come too slowly, or end too early (U-04 to U-07). */
import { drip, type InjectedFault, timeout, unavailable, upstreamCanary, type Wire } from './fault.ts';
import { toHead } from './fault-server.ts';

const json = { 'content-type': 'application/json', 'x-canary': upstreamCanary };
const chunked = toHead(200, 'OK', { ...json, 'transfer-encoding': 'chunked' });
const headFor = (length: number) => toHead(200, 'OK', { ...json, 'content-length': String(length) });
const half = ({ body }: Wire) => body.slice(0, body.length / 2);
const inChunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** Once the first bytes are on their way: they are to arrive before the end does. */
const andThen = ({ socket }: Wire, bytes: string, end: () => void) => socket.write(bytes, () => setTimeout(end, 20));

export const connectionFaults: readonly InjectedFault[] = [
  { name: 'hangs before the headers', ...timeout, play: () => {} },
  { name: 'hangs in the status line', ...timeout, play: ({ socket }) => socket.write('HTTP/1.1 2') },
  { name: 'hangs in the headers', ...timeout, play: ({ socket }) => socket.write('HTTP/1.1 200 OK\r\ncontent-') },
  {
    name: 'drips headers',
    ...timeout,
    play({ socket }) {
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, 'x-a: b\r\n', 50);
    },
  },
  {
    name: 'hangs in the body',
    ...timeout,
    play: (wire) => wire.socket.write(headFor(wire.body.length) + half(wire)),
  },
  {
    name: 'drips the body, a byte at a time',
    ...timeout,
    play({ socket }) {
      socket.write(headFor(100_000));
      drip(socket, ' ', 50);
    },
  },
  {
    name: 'drips chunks',
    ...timeout,
    play: ({ socket }) => void socket.write(chunked, () => drip(socket, inChunk(' '), 50)),
  },
  {
    name: 'hangs behind a Content-Length that is too long',
    ...timeout,
    play: ({ socket, body }) => socket.write(headFor(body.length + 10) + body),
  },

  { name: 'closes before the answer', ...unavailable, play: ({ socket }) => socket.end() },
  { name: 'resets before the answer', ...unavailable, play: ({ socket }) => socket.resetAndDestroy() },
  { name: 'closes in the headers', ...unavailable, play: ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-') },
  {
    name: 'resets in the headers',
    ...unavailable,
    play: (wire) => andThen(wire, 'HTTP/1.1 200 OK\r\ncontent-', () => wire.socket.resetAndDestroy()),
  },
  {
    name: 'closes in the body',
    ...unavailable,
    play: (wire) => wire.socket.end(headFor(wire.body.length) + half(wire)),
  },
  {
    name: 'resets in the body',
    ...unavailable,
    play: (wire) => andThen(wire, headFor(wire.body.length) + half(wire), () => wire.socket.resetAndDestroy()),
  },
  {
    name: 'closes behind a Content-Length that is too long',
    ...unavailable,
    play: ({ socket, body }) => socket.end(headFor(body.length + 10) + body),
  },
  { name: 'closes between chunks', ...unavailable, play: (wire) => wire.socket.end(chunked + inChunk(half(wire))) },
  { name: 'closes in a chunk', ...unavailable, play: (wire) => wire.socket.end(`${chunked}fff\r\n${half(wire)}`) },
  {
    name: 'resets between chunks',
    ...unavailable,
    play: (wire) => andThen(wire, chunked + inChunk(half(wire)), () => wire.socket.resetAndDestroy()),
  },
];
