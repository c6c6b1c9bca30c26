/**
 * Cache entries in Redis, shared by all processes that are configured with the same one. Whatever Redis does, an answer waits
 * for it no longer than `redisTimeoutMs`, and while it is away not at all.
 */
import type { Limits } from '../../core/limits.ts';
import type { Log } from '../../observability/logger.ts';
import { type RunCache, type StoredEntries, type StoredEntry, toOwner } from '../run-cache.ts';
import { createAvailability } from '../safe-cache.ts';
import { connect, restMs, toRedisAddress } from './client.ts';
import {
  fromRecord,
  maxAtOnce,
  maxNameBytes,
  maxOverheadBytes,
  toEpochKey,
  toParts,
  toRecord,
  toRedisKey,
} from './codec.ts';
import { RedisProtocolError } from './replies.ts';
import { createEpochs, createRevocations, type Sending } from './revocations.ts';

export interface RedisCacheOptions {
  /** As `isRedisUrl` accepts it. It may hold a password, and goes nowhere but into the client. */
  readonly url: string;
  readonly log: Log;
  readonly limits: Pick<Limits, 'runCacheStaleIfErrorMs' | 'redisTimeoutMs' | 'redisMaxEntryBytes'>;
}

/** The most bytes that wait to be written; what is more is lost. */
const maxUnwritten = 8 * 1024 * 1024;

/** After how many late reads, one after the other, Redis counts as unavailable: one alone may have requested much. */
const maxLate = 3;

const nothing: StoredEntries = [];

/** Resolves once Redis is there, or isn't: both will do. @throws {Error} when the URL is none, without saying it */
export async function createRedisCache({ url, log, limits }: RedisCacheOptions): Promise<RunCache> {
  const { runCacheStaleIfErrorMs, redisTimeoutMs, redisMaxEntryBytes } = limits;
  const address = toRedisAddress(url);
  if (address === undefined) throw new Error('Expected the URL of a Redis.');
  const maxTextBytes = redisMaxEntryBytes + maxOverheadBytes;
  const redis = await connect(address, { maxTextBytes, maxValues: 2 * maxAtOnce });
  let isClosing = false;
  let unwritten = 0;
  let lateReads = 0;
  /** Those that are in flight together are late together, and count as one. */
  let round = 0;

  const store = createAvailability({
    restMs,
    onLost: (reason) => log.warn({ reason }, 'redis unavailable'),
    onFound: () => {
      log.info({}, 'redis available');
      revocations.flush();
    },
  });
  const writing = createAvailability({
    restMs,
    onLost: (reason) => log.warn({ reason }, 'redis writes failing'),
    onFound: () => {
      log.info({}, 'redis writes recovered');
      revocations.flush();
    },
  });
  const markDown = (reason: string) => {
    if (!isClosing) store.markDown(reason);
  };
  /** What it says next may be the reply to something else. */
  const giveUpConnection = (reason: string) => {
    markDown(reason);
    redis.disconnect(true);
  };
  redis.on('error', (error: unknown) => {
    // Redis has sent a reply to no command. Reading it reports that, and ends the connection.
    if (isOfQueue(error)) throw new RedisProtocolError();
    markDown(toReason(error));
  });
  redis.on('close', () => markDown('closed'));

  // For twice as long as any entry of a run.
  const epochs = createEpochs(redis, 2 * runCacheStaleIfErrorMs);
  const revocations = createRevocations(redis, epochs);
  redis.on('ready', () => {
    // Redis may have lost everything since.
    epochs.doubt();
    revocations.flush();
  });

  const isReady = () => redis.status === 'ready';

  /** The entries among the values of their epochs and their own. */
  const toEntries = (names: readonly string[], owners: readonly string[], values: Values): StoredEntries => {
    const current = owners.map((owner, place) => {
      // Not before the answer is there: meanwhile it may have been refused.
      return revocations.isRevoked(owner) ? undefined : epochs.learn(owner, values[place]);
    });
    return names.map((name, place) => {
      const epoch = current[owners.indexOf(toOwner(name))];
      if (epoch === undefined || revocations.isTombstoned(name)) return undefined;
      return fromRecord(values[owners.length + place], name, epoch);
    });
  };

  const find = (names: readonly string[]) =>
    new Promise<StoredEntries>((resolve) => {
      const ownRound = round;
      let isOver = false;
      const end = (entries: StoredEntries) => {
        isOver = true;
        clearTimeout(timer);
        resolve(entries);
      };
      const onTimeout = () => {
        if (isOver) return;
        if (ownRound === round) {
          round++;
          lateReads++;
          if (store.isDown || lateReads >= maxLate) {
            lateReads = 0;
            // What it may still send would hold up all that is behind it.
            giveUpConnection('late');
          }
        }
        end(nothing);
      };
      // When it was this process that was late, the answer is there, and is read before what is immediate.
      const timer = setTimeout(() => setImmediate(onTimeout), redisTimeoutMs);
      const owners = [...new Set(names.map(toOwner))];
      redis
        .mgetBuffer([...owners.map(toEpochKey), ...names.map(toRedisKey)])
        .then((reply) => {
          if (isOver) return;
          const values = toValues(reply, owners.length + names.length);
          lateReads = 0;
          store.find();
          end(toEntries(names, owners, values));
        })
        .catch((error: unknown) => {
          if (isOver) return;
          if (error instanceof RedisProtocolError) giveUpConnection(error.code);
          else markDown(toReason(error));
          end(nothing);
        });
    });

  const findAll = async (names: readonly string[]) => {
    const parts = toParts(names);
    const found = await Promise.all(parts.map(find));
    return parts.flatMap((part, index) => part.map((_name, place) => found[index]?.[place]));
  };

  const send = async (name: string, stored: StoredEntry, ttlMs: number, sending: Sending) => {
    const epoch = await epochs.find(toOwner(name));
    // Meanwhile it may have gone.
    if (epoch === undefined || sending.isLate() || !isReady()) return;
    const reply: unknown = await redis.set(toRedisKey(name), toRecord(name, epoch, stored), 'PX', Math.ceil(ttlMs));
    if (reply !== 'OK') throw new RedisProtocolError();
    sending.done();
    writing.find();
  };

  await new Promise<void>((resolve) => {
    for (const event of ['ready', 'close'] as const) redis.once(event, () => resolve());
  });

  return {
    read(names) {
      if (!isReady() || !store.allowProbe()) return nothing;
      return names.length > maxAtOnce ? findAll(names) : find(names);
    },
    write(name, stored, ttlMs) {
      const size = stored.bytes.length;
      if (size > redisMaxEntryBytes || Buffer.byteLength(name) > maxNameBytes) {
        revocations.drop([name]);
        return;
      }
      if (!isReady() || store.isDown || revocations.isRevoked(toOwner(name)) || unwritten + size > maxUnwritten) return;
      unwritten += size;
      // Now, as what is to go from now on goes behind it.
      send(name, stored, ttlMs, revocations.writing(name))
        .catch((error: unknown) => {
          if (error instanceof RedisProtocolError) giveUpConnection(error.code);
          else if (isReply(error)) writing.markDown(toReason(error));
        })
        .finally(() => {
          unwritten -= size;
        });
    },
    drop: revocations.drop,
    forget: revocations.forget,
    async close() {
      isClosing = true;
      redis.disconnect();
    },
  };
}

type Values = readonly (Buffer | null)[];

/** A value for each key. @throws {RedisProtocolError} when that isn't the reply */
function toValues(reply: unknown, count: number): Values {
  const isSound = Array.isArray(reply) && reply.every((value) => value === null || Buffer.isBuffer(value));
  if (!isSound || reply.length !== count) throw new RedisProtocolError();
  return reply;
}

/** Redis itself has said no. */
const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';

/** Of ioredis: there is no command that a reply could be to. */
const isOfQueue = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Command queue state error');

/** A code, or the first word of a reply, which is one: the rest may be confidential. */
function toReason(error: unknown): string {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (typeof code === 'string' && /^[A-Z\d_]+$/.test(code)) return code;
  return (isReply(error) && /^[A-Z]+\b/.exec(message)?.[0]) || 'connection';
}
