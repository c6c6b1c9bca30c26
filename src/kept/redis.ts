/**
 * Copies of runs in Redis, shared by all processes that are told of the same one. Whatever Redis does, an answer waits
 * for it no longer than `maxStoreMs`, and while it is away not at all.
 */
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { type Copies, type KeptRuns, toOwner } from './kept-runs.ts';
import { createPresence } from './presence.ts';
import { fromRecord, toRecord } from './record.ts';
import { type RedisAddress, toRedisAddress } from './redis-url.ts';
import { createUndropped } from './undropped.ts';

export interface RedisRunsOptions {
  /** As `isRedisUrl` accepts it. It may hold a password, and goes nowhere but into the client. */
  readonly url: string;
  readonly log: Log;
  readonly limits: Pick<Limits, 'keepStaleMs' | 'maxStoreMs' | 'maxStoredRunSize'>;
}

/** What is before every name: whose it is, and which form it has. */
const prefix = 'monitor-graph:1:';

/** How long Redis is left alone after a failure, and about how long until the next try to connect, in milliseconds. */
const restMs = 1_000;

/** How long connecting may take, in milliseconds, and then the first answer. */
const connectMs = 1_000;

/** How long the end of a connection is waited for, in milliseconds. */
const endMs = 50;

/** The most bytes that wait to be written; what is more is lost. */
const mostUnwritten = 8 * 1024 * 1024;

/** The most copies of one command: what is in time is of use, be the others late. */
const mostAtOnce = 16;

/** After how many late reads, one after the other, Redis counts as away: one alone may have asked for much. */
const mostLate = 3;

/** How far apart the clocks of two processes may be, in milliseconds. */
const clockMs = 1_000;

/** The most refusals that are remembered until Redis knows of them, and the most names of copies that are gone. */
const mostUntold = 10_000;

const nothing: Copies = [];

/**
 * Where it says since when the copies of an owner count, in Unix milliseconds: since the first one, or since the credential was
 * refused last. Without it none count, so that whatever Redis loses brings no copy back.
 */
const toSinceName = (digest: string) => `${prefix}${digest}/since`;

/** Resolves once Redis is there, or isn't: both will do. @throws {Error} when the URL is none, without saying it */
export async function createRedisRuns({ url, log, limits }: RedisRunsOptions): Promise<KeptRuns> {
  const { keepStaleMs, maxStoreMs, maxStoredRunSize } = limits;
  const address = toRedisAddress(url);
  if (address === undefined) throw new Error('Expected the URL of a Redis.');
  const redis = await connect(address);
  let isClosing = false;
  let unwritten = 0;
  let lateReads = 0;
  /** Those that are under way together are late together, and count as one. */
  let round = 0;

  const store = createPresence({
    restMs,
    onLost: (reason) => log.warn({ reason }, 'redis is away'),
    onFound: () => {
      log.info({}, 'redis is back');
      catchUp();
    },
  });
  const writing = createPresence({
    restMs,
    onLost: (reason) => log.warn({ reason }, 'redis takes no copies'),
    onFound: () => {
      log.info({}, 'redis takes copies again');
      catchUp();
    },
  });
  const lose = (reason: string) => {
    if (!isClosing) store.lose(reason);
  };
  redis.on('error', (error: unknown) => lose(toReason(error)));
  redis.on('close', () => lose('closed'));

  /** The owners who were refused, and until when what was read of them doesn't count, as long as Redis doesn't know. */
  const untold = new LRUCache<string, number>({ max: mostUntold });
  const tell = (digest: string, since: number) => {
    if (!isReady()) return;
    // Of one who has no copies there is nothing to be known.
    redis.set(toSinceName(digest), since, 'PX', 2 * keepStaleMs, 'XX').then(
      () => {
        if (untold.peek(digest) === since) untold.delete(digest);
      },
      () => {},
    );
  };
  const forget = (digest: string) => {
    const since = Date.now() + clockMs;
    untold.set(digest, since);
    tell(digest, since);
  };

  // Those of a busy outage are more than are remembered, and none of them is to come back: all of its owner's go instead.
  const undropped = createUndropped({ most: mostUntold, onOverflow: (name) => forget(toOwner(name)) });
  const tellDropped = (names: readonly string[]) => {
    if (isReady()) redis.del(names.map((name) => prefix + name)).then(undropped.sending(names), () => {});
  };
  const drop = (names: readonly string[]) => {
    undropped.add(names);
    tellDropped(names);
  };

  /** What Redis has missed, or refused to hear. */
  const catchUp = () => {
    for (const [digest, since] of untold.entries()) tell(digest, since);
    for (const names of toParts(undropped.all())) tellDropped(names);
  };
  redis.on('ready', catchUp);

  const isReady = () => redis.status === 'ready';

  const find = (names: readonly string[]) =>
    new Promise<Copies>((resolve) => {
      const ownRound = round;
      let isOver = false;
      const end = (copies: Copies) => {
        isOver = true;
        clearTimeout(timer);
        resolve(copies);
      };
      const giveUp = () => {
        if (isOver) return;
        if (ownRound === round) {
          round++;
          lateReads++;
          if (store.isAway || lateReads >= mostLate) {
            lateReads = 0;
            lose('late');
            // What it may still send would hold up all that is behind it.
            redis.disconnect(true);
          }
        }
        end(none());
      };
      const none = () => names.map(() => undefined);
      // When it was this process that was late, the answer is there, and is read before what is immediate.
      const timer = setTimeout(() => setImmediate(giveUp), maxStoreMs);
      const owners = [...new Set(names.map(toOwner))];
      redis.mgetBuffer([...owners.map(toSinceName), ...names.map((name) => prefix + name)]).then(
        (records) => {
          if (isOver) return;
          lateReads = 0;
          store.find();
          const sinces = new Map(
            owners.map((owner, place) => [owner, Math.max(toTime(records[place]), untold.get(owner) ?? 0)]),
          );
          end(
            names.map((name, place) => {
              // Not before the answer is there: meanwhile it may have gone.
              const copy = undropped.has(name) ? undefined : fromRecord(records[owners.length + place]);
              return copy && copy.readAt >= (sinces.get(toOwner(name)) ?? Infinity) ? copy : undefined;
            }),
          );
        },
        (error: unknown) => {
          if (isOver) return;
          lose(toReason(error));
          end(none());
        },
      );
    });

  const findAll = async (names: readonly string[]) => (await Promise.all(toParts(names).map(find))).flat();

  await new Promise<void>((resolve) => {
    for (const event of ['ready', 'close'] as const) redis.once(event, () => resolve());
  });

  return {
    read(names) {
      if (!isReady() || !store.mayAsk()) return nothing;
      return names.length > mostAtOnce ? findAll(names) : find(names);
    },
    write(name, copy) {
      const size = copy.bytes.length;
      if (size > maxStoredRunSize) {
        drop([name]);
        return;
      }
      if (!isReady() || store.isAway || unwritten + size > mostUnwritten) return;
      unwritten += size;
      // For twice as long as any copy, and never anew, as that could undo a refusal.
      redis.set(toSinceName(toOwner(name)), copy.readAt - clockMs, 'PX', 2 * keepStaleMs, 'NX').catch(() => {});
      const onWritten = undropped.sending([name]);
      redis
        .set(prefix + name, toRecord(copy), 'PX', keepStaleMs)
        .then(
          () => {
            onWritten();
            writing.find();
          },
          (error: unknown) => {
            if (isReply(error)) writing.lose(toReason(error));
          },
        )
        .finally(() => {
          unwritten -= size;
        });
    },
    drop,
    forget,
    async close() {
      isClosing = true;
      redis.disconnect();
    },
  };
}

/** The names of each command. */
function toParts(names: readonly string[]): readonly (readonly string[])[] {
  const parts: (readonly string[])[] = [];
  for (let start = 0; start < names.length; start += mostAtOnce) parts.push(names.slice(start, start + mostAtOnce));
  return parts;
}

/** A client that queues nothing, repeats nothing, and goes on trying to connect. Loaded here alone, as most need none. */
async function connect({ isSecure, ...address }: RedisAddress): Promise<Redis> {
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

/** A time that was written as digits; for ever, where there is none. */
function toTime(record: Buffer | null | undefined): number {
  const text = record?.toString() ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : Infinity;
}

/** Redis itself has said no. */
const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';

/** A code, or the first word of a reply, which is one: the rest may say what nobody is to read. */
function toReason(error: unknown): string {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (typeof code === 'string' && /^[A-Z\d_]+$/.test(code)) return code;
  return (isReply(error) && /^[A-Z]+\b/.exec(message)?.[0]) || 'connection';
}
