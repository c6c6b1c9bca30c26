/** Guards that separate cache entries, and bound their age. */
import type { Guard } from './guard.ts';

const sharedTests = ['test/run-cache/shared-store.test.ts'];
const freshnessTests = ['test/loaders/freshness.test.ts'];
const staleTests = ['test/loaders/stale-responses.test.ts'];
const replyTests = ['test/run-cache/redis-replies.test.ts'];

export const runCacheGuards: readonly Guard[] = [
  {
    name: 'copies by the base URL that they are of',
    file: 'src/upstream/credential.ts',
    from: '{baseUrl} $',
    to: "{baseUrl && ''} $",
    tests: sharedTests,
  },
  {
    name: 'copies by the form that they have',
    file: 'src/run-cache/run-cache.ts',
    from: '{formatVersion}/$',
    to: '{formatVersion && 1}/$',
    tests: ['test/run-cache/run-cache.test.ts'],
  },
  {
    name: 'records by their kind',
    file: 'src/run-cache/run-cache.ts',
    from: '{kind}/$',
    to: "{kind && 'run'}/$",
    tests: ['test/run-cache/credential-cache.test.ts'],
  },
  {
    name: "a reader's own limit of how long a copy stands for an answer",
    file: 'src/loaders/cached-runs.ts',
    from: 'return known && age < this.#freshMsOf(known, kind) ? ',
    to: 'return known ? ',
    tests: sharedTests,
  },
  {
    name: "a reader's own limit of how old a record may be",
    file: 'src/run-cache/credential-cache.ts',
    from: 'ageOf(copy.readAt, now) < maxAgeMs && ',
    to: '',
    tests: ['test/run-cache/credential-cache.test.ts'],
  },
  {
    name: 'no copy that was read in the future',
    file: 'src/run-cache/run-cache.ts',
    from: 'readAt > now + maxClockSkewMs',
    to: 'readAt > now + 1e12 * maxClockSkewMs',
    tests: sharedTests,
  },
  {
    name: 'an end of all copies of a refused key that no clock takes part in',
    file: 'src/run-cache/redis/codec.ts',
    from: '|| !epoch.equals(record.subarray(epochAt, timesAt))',
    to: '|| epoch.length === 0',
    tests: sharedTests,
  },
  {
    name: 'records that say what they are of',
    file: 'src/run-cache/redis/codec.ts',
    from: 'nameEnd) !== name) return undefined',
    to: "nameEnd) === '') return undefined",
    tests: replyTests,
  },
  {
    name: 'a check of what a Redis says before its client reads it',
    file: 'src/run-cache/redis/client.ts',
    from: 'const bytes = check(values[0] as Buffer);',
    to: 'const bytes = (check && values[0]) as Buffer;',
    tests: replyTests,
  },
  {
    name: 'an end of the connection when the client of Redis throws',
    file: 'src/run-cache/redis/client.ts',
    from: 'socket.destroy(new RedisProtocolError());',
    to: 'throw new RedisProtocolError();',
    tests: replyTests,
  },
  {
    name: 'a length of what a Redis says',
    file: 'src/run-cache/redis/replies.ts',
    from: 'isPassedOver = length > maxTextBytes;',
    to: 'isPassedOver = length > 1e9 * maxTextBytes;',
    tests: replyTests,
  },
  {
    name: 'values of a Redis that are the requested ones',
    file: 'src/run-cache/redis/redis-cache.ts',
    from: 'if (!isSound || reply.length !== count) throw',
    to: 'if (isSound === null) throw',
    tests: replyTests,
  },
  {
    name: 'an answer though a store of copies throws',
    file: 'src/run-cache/safe-cache.ts',
    from: '    } catch (error) {\n      fail(error);',
    to: '    } catch (error) {\n      throw error;',
    tests: ['test/run-cache/run-cache.test.ts'],
  },
  {
    name: 'no reuse of what was in flight when its credential was refused',
    file: 'src/loaders/response-cache.ts',
    from: 'pending.isRevoked = true',
    to: 'pending.isRevoked = false',
    tests: freshnessTests,
  },
  {
    name: 'no reuse of responses for a refused credential',
    file: 'src/loaders/response-cache.ts',
    from: 'if (!isShared) store.forget(digest);',
    to: '',
    tests: freshnessTests,
  },
  {
    name: 'no reuse of a response that is forbidden since',
    file: 'src/loaders/request-fetcher.ts',
    from: 'if (isRefusal(error)) responses.drop(pending);\n        else ',
    to: '',
    tests: freshnessTests,
  },
  {
    name: 'no page that is older than the page above it',
    file: 'src/loaders/request-fetcher.ts',
    from: 'request.isContinuation && (listReadAt',
    to: 'request.isContinuation && false && (listReadAt',
    tests: freshnessTests,
  },
  {
    name: 'no answer that is older than the client allows',
    file: 'src/loaders/request-fetcher.ts',
    from: 'Math.min(freshMs, Math.max(maxAgeMs, freshMinMs))',
    to: 'Math.max(freshMs, maxAgeMs === 0 ? 0 : freshMinMs)',
    tests: freshnessTests,
  },
  {
    name: 'as many reused responses as the limit allows',
    file: 'src/run-cache/memory-cache.ts',
    from: 'max: maxEntries }',
    to: 'max: maxEntries * 1_000 }',
    tests: freshnessTests,
  },
  {
    name: 'nothing stale in place of a refusal',
    file: 'src/loaders/request-fetcher.ts',
    from: 'if (responses === undefined || !mayPass(error)) throw error;',
    to: 'if (responses === undefined) throw error;',
    tests: staleTests,
  },
  {
    name: 'nothing stale for a field that does not allow it',
    file: 'src/loaders/list-loader.ts',
    from: 'const tracked = fetches.track(provider, allowStale);\n    const page = await readPage',
    to: 'const tracked = fetches.track(provider, true);\n    const page = await readPage',
    tests: staleTests,
  },
  {
    name: 'nothing stale without a mark',
    file: 'src/loaders/request-fetcher.ts',
    from: 'this.#note(body, { readAt, isStale: true });',
    to: 'this.#note(body, { readAt, isStale: false });',
    tests: staleTests,
  },
];
