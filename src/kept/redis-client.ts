/** The client of Redis. */
import type { Redis } from 'ioredis';
import type { RedisAddress } from './redis-url.ts';

/** How long Redis is left alone after a failure, and about how long until the next try to connect, in milliseconds. */
export const restMs = 1_000;

/** How long connecting may take, in milliseconds, and then the first answer. */
const connectMs = 1_000;

/** How long the end of a connection is waited for, in milliseconds. */
const endMs = 50;

/** A client that queues nothing, repeats nothing, and goes on trying to connect. Loaded here alone, as most need none. */
export async function connect({ isSecure, ...address }: RedisAddress): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const redis = new Redis({
    ...address,
    ...(isSecure && { tls: {} }),
    connectTimeout: connectMs,
    disconnectTimeout: endMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    // Not all replicas at once.
    retryStrategy: () => restMs * (0.5 + Math.random()),
  });
  // One that takes connections and says nothing would keep this one for as long as TCP does.
  let timer: NodeJS.Timeout | undefined;
  redis.on('connect', () => {
    timer = setTimeout(() => redis.disconnect(true), connectMs);
  });
  for (const event of ['ready', 'close'] as const) redis.on(event, () => clearTimeout(timer));
  return redis;
}
