/** Answers that are meant to fill the memory (U-30 to U-32). */
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { badBody, type InjectedFault, tooLarge } from './fault.ts';
import { reply, toHead } from './fault-server.ts';

const json = { 'content-type': 'application/json' };
const block = Buffer.alloc(64 * 1024, ' ');
const chunk = Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]);

/** Each takes more memory than its bytes while it is stored separately. */
const smallChunks = Buffer.from(`40\r\n${' '.repeat(64)}\r\n`.repeat(1_000));

/** Writes as fast as it is read, until the other side has had enough. */
function flood(socket: Socket, bytes: Buffer): void {
  const go = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', go);
  go();
}

const bombPart = gzipSync(Buffer.alloc(20 * 1024 * 1024, ' '), { level: 9 });
/** 200 MB of spaces in some 200 KB: compressions may be nested. */
const bomb = Buffer.concat(Array.from({ length: 10 }, () => bombPart));

export const sizeFaults: readonly InjectedFault[] = [
  {
    name: 'sends a gzip bomb',
    ...badBody,
    play: ({ socket }) => reply(socket, { headers: { 'content-encoding': 'gzip' }, body: bomb }),
  },
  {
    name: 'sends chunks without end',
    ...tooLarge,
    play({ socket }) {
      socket.write(toHead(200, 'OK', { ...json, 'transfer-encoding': 'chunked' }));
      flood(socket, chunk);
    },
  },
  {
    name: 'sends small chunks without end',
    ...tooLarge,
    play({ socket }) {
      socket.write(toHead(200, 'OK', { ...json, 'transfer-encoding': 'chunked' }));
      flood(socket, smallChunks);
    },
  },
  {
    name: 'sends a GiB',
    ...tooLarge,
    play({ socket }) {
      socket.write(toHead(200, 'OK', { ...json, 'content-length': String(2 ** 30) }));
      flood(socket, block);
    },
  },
  {
    name: 'sends without length and end',
    ...tooLarge,
    play({ socket }) {
      socket.write(toHead(200, 'OK', { ...json, connection: 'close' }));
      flood(socket, block);
    },
  },
  {
    name: 'sends an error page without end',
    ...tooLarge,
    play({ socket }) {
      socket.write(toHead(500, 'No', { ...json, 'transfer-encoding': 'chunked' }));
      flood(socket, chunk);
    },
  },
];
