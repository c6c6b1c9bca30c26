/** A Redis that stores what it is sent in memory, and says whatever the test wants it to. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A reply as it goes over the wire: as it is, or after it the connection ends. */
export type Said = string | Buffer | { readonly end: string | Buffer };

export interface FakeRedis {
  readonly url: string;
  /** What it was sent so far: each a command and what is behind it. */
  readonly commands: string[][];
  /** What it has been told to store. */
  readonly values: Map<string, Buffer>;
  /**
   * Has it say something else to commands; where that is undefined, it says what a Redis does.
   * @param say given the command, in small letters, and the reply of a Redis
   */
  say(say: (command: string, reply: string | Buffer) => Said | undefined): void;
  /** Sends that many bytes more on every connection, as fast as they are taken, and then ends it. */
  flood(bytes: number): void;
}

export async function startFakeRedis(): Promise<FakeRedis> {
  const values = new Map<string, Buffer>();
  const commands: string[][] = [];
  const sockets = new Set<Socket>();
  let say: Parameters<FakeRedis['say']>[0] = () => undefined;

  const answer = (socket: Socket, parts: readonly Buffer[]) => {
    const [name = '', ...rest] = parts.map(String);
    const command = name.toLowerCase();
    commands.push([command, ...rest]);
    const reply = toReply(values, command, parts.slice(1));
    const said = say(command, reply) ?? reply;
    if (typeof said === 'string' || Buffer.isBuffer(said)) socket.write(said);
    else socket.end(said.end);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let unread = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (let found = readCommand(unread); found !== undefined; found = readCommand(unread)) {
        unread = unread.subarray(found.end);
        answer(socket, found.parts);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    values,
    say(next) {
      say = next;
    },
    flood(bytes) {
      for (const socket of sockets) pour(socket, bytes);
    },
  };
}

const piece = Buffer.alloc(64 * 1024, 'x');

function pour(socket: Socket, bytes: number): void {
  for (let left = bytes; left > 0; left -= piece.length) {
    if (socket.destroyed) return;
    if (!socket.write(piece)) {
      socket.once('drain', () => pour(socket, left - piece.length));
      return;
    }
  }
  socket.end();
}

/** The first whole command in the bytes, and where it ends. */
function readCommand(bytes: Buffer): { parts: Buffer[]; end: number } | undefined {
  let place = 0;
  const readCount = () => {
    const end = bytes.indexOf('\r\n', place);
    if (end < 0) return undefined;
    const count = Number(bytes.toString('latin1', place + 1, end));
    place = end + 2;
    return count;
  };
  const count = readCount();
  if (count === undefined) return undefined;
  const parts: Buffer[] = [];
  while (parts.length < count) {
    const length = readCount();
    if (length === undefined || place + length + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(place, place + length));
    place += length + 2;
  }
  return { parts, end: place };
}

export const bulk = (value: Buffer | string | undefined): Buffer =>
  value === undefined
    ? Buffer.from('$-1\r\n')
    : Buffer.concat([Buffer.from(`$${Buffer.byteLength(value)}\r\n`), Buffer.from(value), Buffer.from('\r\n')]);

function toReply(values: Map<string, Buffer>, command: string, parts: readonly Buffer[]): string | Buffer {
  const [key = '', value] = [parts[0]?.toString(), parts[1]];
  const flags = parts.slice(2).map((part) => part.toString().toUpperCase());
  switch (command) {
    case 'info':
      return bulk('# Server\r\nredis_version:7.2.0\r\nloading:0\r\n');
    case 'ping':
      return '+PONG\r\n';
    case 'get':
      return bulk(values.get(key));
    case 'mget':
      return Buffer.concat([
        Buffer.from(`*${parts.length}\r\n`),
        ...parts.map((part) => bulk(values.get(part.toString()))),
      ]);
    case 'set':
      if ((flags.includes('NX') && values.has(key)) || (flags.includes('XX') && !values.has(key))) return '$-1\r\n';
      values.set(key, Buffer.from(value ?? ''));
      return '+OK\r\n';
    case 'del':
      return `:${parts.filter((part) => values.delete(part.toString())).length}\r\n`;
    default:
      return '+OK\r\n';
  }
}
