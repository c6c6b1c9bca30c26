/**
 * Copies of runs in Redis, shared by all processes that are told of the same one. Whatever Redis does, an answer waits
 * for it no longer than `maxStoreMs`, and while it is away not at all.
 */
import type { Limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { type Copies, type KeptRuns, toOwner } from './kept-runs.ts';
import { createPresence } from './presence.ts';
import { fromRecord, toRecord } from './record.ts';
import { connect, restMs } from './redis-client.ts';
import { mostAtOnce, toParts, toRedisKey, toSinceKey } from './redis-keys.ts';
import { clockMs, createRefusals } from './redis-refusals.ts';
import { toRedisAddress } from './redis-url.ts';

export interface RedisRunsOptions {
  /** As `isRedisUrl` accepts it. It may hold a password, and goes nowhere but into the client. */
  readonly url: string;
  readonly log: Log;
  readonly limits: Pick<Limits, 'keepStaleMs' | 'maxStoreMs' | 'maxStoredRunSize'>;
}

/** The most bytes that wait to be written; what is more is lost. */
const mostUnwritten = 8 * 1024 * 1024;

/** After how many late reads, one after the other, Redis counts as away: one alone may have asked for much. */
const mostLate = 3;

const nothing: Copies = [];

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
      refusals.catchUp();
    },
  });
  const writing = createPresence({
    restMs,
    onLost: (reason) => log.warn({ reason }, 'redis takes no copies'),
    onFound: () => {
      log.info({}, 'redis takes copies again');
      refusals.catchUp();
    },
  });
  const lose = (reason: string) => {
    if (!isClosing) store.lose(reason);
  };
  redis.on('error', (error: unknown) => lose(toReason(error)));
  redis.on('close', () => lose('closed'));

  const refusals = createRefusals(redis, keepStaleMs);
  redis.on('ready', refusals.catchUp);

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
      redis.mgetBuffer([...owners.map(toSinceKey), ...names.map((name) => toRedisKey(name))]).then(
        (records) => {
          if (isOver) return;
          lateReads = 0;
          store.find();
          const sinces = new Map(
            owners.map((owner, place) => [owner, Math.max(toTime(records[place]), refusals.sinceOf(owner))]),
          );
          end(
            names.map((name, place) => {
              // Not before the answer is there: meanwhile it may have gone.
              const copy = refusals.isGone(name) ? undefined : fromRecord(records[owners.length + place]);
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
    write(name, copy, ttlMs) {
      const size = copy.bytes.length;
      if (size > maxStoredRunSize) {
        refusals.drop([name]);
        return;
      }
      if (!isReady() || store.isAway || unwritten + size > mostUnwritten) return;
      unwritten += size;
      // For twice as long as any copy, and never anew, as that could undo a refusal.
      redis.set(toSinceKey(toOwner(name)), copy.readAt - clockMs, 'PX', 2 * keepStaleMs, 'NX').catch(() => {});
      const onWritten = refusals.writing(name);
      redis
        .set(toRedisKey(name), toRecord(copy), 'PX', ttlMs)
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
    drop: refusals.drop,
    forget: refusals.forget,
    async close() {
      isClosing = true;
      redis.disconnect();
    },
  };
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
