/** Small records that outlive a request, in each of the stores. */
import { describe, expect, it, vi } from 'vitest';
import { type CacheOwner, createCredentialCache } from '../../src/run-cache/credential-cache.ts';
import { holdDate } from '../support/clock.ts';
import { toCredential } from '../support/credential.ts';
import { found, stores } from '../support/stores.ts';

const credential = toCredential('Key canary', 'caller', 'https://datafold.test');
const owner: CacheOwner = { credential, provider: 'DATAFOLD' };
const hour = 3_600_000;
const now = new Date('2026-11-22T12:00:00Z').getTime();
const entryOf = (text: string, fetchedAt = now) => ({ bytes: Buffer.from(text), fetchedAt });

describe.each(stores)('run cache: records of a credential in $name', ({ create }) => {
  /** A cache of pages, and another process that uses the same store. */
  async function createCaches() {
    holdDate(new Date(now).toISOString());
    const open = await create();
    const [store, other] = [await open(), await open()];
    return { store, pages: createCredentialCache(store, 'page'), others: createCredentialCache(other, 'page') };
  }
  type Cache = ReturnType<typeof createCredentialCache>;
  const textsOf = async (cache: Cache, keys: readonly string[], of = owner, maxAgeMs = hour) =>
    (await cache.getMany(of, keys, maxAgeMs)).map((entry) => entry?.bytes.toString());
  const stored = (cache: Cache, key: string, of = owner) => found(async () => (await textsOf(cache, [key], of))[0]);

  it('are there for another process, in the order of their keys, with the time at which they were fetched', async () => {
    const { pages, others } = await createCaches();
    for (const key of ['a/b?c=1', 'a', '']) pages.set(owner, key, entryOf(`of "${key}"`), hour);
    await stored(others, '');

    expect(await textsOf(others, ['', 'b', 'a', 'a/b?c=1'])).toEqual(['of ""', undefined, 'of "a"', 'of "a/b?c=1"']);
    expect(await others.getMany(owner, ['a'], hour)).toEqual([entryOf('of "a"')]);
  });

  it('are of their credential, their base URL, their provider and their kind alone', async () => {
    const { store, pages } = await createCaches();
    pages.set(owner, '7', entryOf('page'), hour);
    await stored(pages, '7');

    for (const other of [
      { credential: toCredential('Key another', 'caller', 'https://datafold.test'), provider: 'DATAFOLD' },
      { credential: toCredential('Key canary', 'caller', 'https://datafold.test/eu'), provider: 'DATAFOLD' },
      { credential, provider: 'OLOSTEP' },
    ] as const)
      expect(await textsOf(pages, ['7'], other)).toEqual([undefined]);
    expect(await textsOf(createCredentialCache(store, 'run'), ['7'])).toEqual([undefined]);
  });

  it('are none once they are as old as the reader takes them, or as the writer did', async () => {
    const { pages } = await createCaches();
    pages.set(owner, 'short', entryOf('short'), 60_000);
    pages.set(owner, 'long', entryOf('long'), hour);
    await stored(pages, 'long');

    vi.setSystemTime(now + 59_999);
    expect(await textsOf(pages, ['short', 'long'])).toEqual(['short', 'long']);
    expect(await textsOf(pages, ['short', 'long'], owner, 60_000)).toEqual(['short', 'long']);
    vi.setSystemTime(now + 60_000);
    expect(await textsOf(pages, ['short', 'long'])).toEqual([undefined, 'long']);
    expect(await textsOf(pages, ['short', 'long'], owner, 60_000)).toEqual([undefined, undefined]);
  });

  it('are none while the clock is before the time at which they were fetched', async () => {
    const { pages } = await createCaches();
    pages.set(owner, 'a', entryOf('a'), hour);
    await stored(pages, 'a');

    vi.setSystemTime(now - 24 * hour);

    expect(await textsOf(pages, ['a'])).toEqual([undefined]);
  });

  it('are replaced, and deleted', async () => {
    const { pages } = await createCaches();
    pages.set(owner, 'a', entryOf('first'), hour);
    await stored(pages, 'a');

    pages.set(owner, 'a', entryOf('second'), hour);
    await found(async () => (await textsOf(pages, ['a']))[0] === 'second' || undefined);
    pages.delete(owner, ['a']);
    expect(await textsOf(pages, ['a'])).toEqual([undefined]);
  });

  it('go with their credential, of whatever kind, and no other goes', async () => {
    const { store, pages, others } = await createCaches();
    const other: CacheOwner = { ...owner, credential: toCredential('Key b', 'caller', 'https://datafold.test') };
    for (const each of [owner, other]) {
      pages.set(each, 'a', entryOf('a'), hour);
      await stored(others, 'a', each);
    }

    store.forget(credential.digest);

    await found(async () => (await textsOf(others, ['a']))[0] === undefined || undefined);
    expect(await textsOf(pages, ['a'])).toEqual([undefined]);
    expect(await textsOf(others, ['a'], other)).toEqual(['a']);
  });

  it('take no more memory than their bytes', async () => {
    const { pages } = await createCaches();
    const large = Buffer.alloc(1_000_000, 'x');

    pages.set(owner, 'a', { bytes: large.subarray(0, 3), fetchedAt: now }, hour);
    await stored(pages, 'a');
    large.fill('y');

    expect(await textsOf(pages, ['a'])).toEqual(['xxx']);
  });
});
