/** Where Redis is, and the client that connects to it. */
import { connect as connectPlainly, Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { Redis } from 'ioredis';
import { importPackage } from '../../core/import-module.ts';
import { createReplyCheck, RedisProtocolError, type ReplyLimits } from './replies.ts';

/** What {@link isRedisUrl} accepts. */
export const expectedRedisUrl =
  'a redis or rediss URL with a host, and behind it no more than a port and the number of a database';

export const isRedisUrl = (text: string): boolean => toRedisAddress(text) !== undefined;

/** The same, parsed. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** Whether it is connected to over TLS. */
  readonly isSecure: boolean;
}

/** `undefined` when it isn't such a URL. A query is refused, as it would be options of the client. */
export function toRedisAddress(text: string): RedisAddress | undefined {
  if (!URL.canParse(text) || /[?#]/.test(text)) return undefined;
  const url = new URL(text);
  const { protocol, hostname, port, pathname } = url;
  const username = decode(url.username);
  const password = decode(url.password);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return undefined;
  if (!/^(?:\[[\da-f:.]+\]|[\w.-]{1,255})$/i.test(hostname) || port === '0') return undefined;
  if (!/^(?:\/\d{0,4})?$/.test(pathname)) return undefined;
  if (username === undefined || password === undefined || (username !== '' && password === '')) return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    db: Number(pathname.slice(1)),
    isSecure: protocol === 'rediss:',
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** How long Redis is left alone after a failure, and about how long until the next try to connect, in milliseconds. */
export const restMs = 1_000;

/** How long connecting may take, in milliseconds, and then the first answer. */
const connectTimeoutMs = 1_000;

/** How long the end of a connection is waited for, in milliseconds. */
const endMs = 50;

/** A client that queues nothing, repeats nothing, and goes on trying to connect. Loaded here alone, as most need none. */
export async function connect({ isSecure, ...address }: RedisAddress, limits: ReplyLimits): Promise<Redis> {
  const { AbstractConnector, Redis } = await importPackage('REDIS_URL', 'ioredis', () => import('ioredis'));
  const { host, port } = address;
  const open = () => (isSecure ? connectSecurely({ host, port }) : connectPlainly({ host, port }));

  class Connector extends AbstractConnector {
    constructor() {
      super(endMs);
    }

    /** Once for each connection, however many find out that it is of no use any more. */
    override disconnect(): void {
      if (this.stream?.writableEnded) this.connecting = false;
      else super.disconnect();
    }

    override async connect(): Promise<Socket> {
      const socket = openOrFail(open);
      this.connecting = true;
      this.stream = socket;
      // Told by ioredis where the connection has ended before it listens.
      socket.on('error', (error) => {
        this.firstError = error;
      });
      checkReplies(socket, limits);
      return socket;
    }
  }

  const redis = new Redis({
    ...address,
    Connector,
    // It listens for the end of the handshake then.
    ...(isSecure && { tls: {} }),
    connectTimeout: connectTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    // Not all replicas at once.
    retryStrategy: () => restMs * (0.5 + Math.random()),
  });
  // One that takes connections and says nothing would hold this one for as long as TCP does.
  let timer: NodeJS.Timeout | undefined;
  redis.on('connect', () => {
    timer = setTimeout(() => redis.disconnect(true), connectTimeoutMs);
  });
  for (const event of ['ready', 'close'] as const) redis.on(event, () => clearTimeout(timer));
  return redis;
}

/** Where the socket can't be had at all, one that has failed: ioredis would never try again. */
function openOrFail(open: () => Socket): Socket {
  try {
    return open();
  } catch (error) {
    return new Socket().destroy(error as Error);
  }
}

/** Passes on nothing that isn't a reply of Redis, and ends the connection that it comes from. */
function checkReplies(socket: Socket, limits: ReplyLimits): void {
  const check = createReplyCheck(limits);
  const emit: (event: string | symbol, ...values: unknown[]) => boolean = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event !== 'data') return emit(event, ...values);
    try {
      const bytes = check(values[0] as Buffer);
      return bytes.length > 0 && emit('data', bytes);
    } catch {
      // Of the check, or of ioredis, which throws at replies without a request.
      socket.destroy(new RedisProtocolError());
      return false;
    }
  };
}
