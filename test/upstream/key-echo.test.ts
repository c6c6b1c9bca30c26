/** A provider that repeats the API key it was sent: the key reaches no client, no store and no log, however it is written. */
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { createMemoryCache, type RunCache } from '../../src/run-cache/run-cache.ts';
import { KeyPattern, KeyScan } from '../../src/upstream/key-search.ts';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { countTurns } from '../support/event-loop-turns.ts';
import { createWorld, type World } from '../support/world.ts';

const key = 'c2VjcmV0/a+b9%Zq';

const toCode = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
const toPercent = (one: string) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`;
const codes = (text: string) => [...text].map(toCode).join('');
const percents = (text: string) => [...text].map(toPercent).join('');
/** The text as a part of a JSON string. */
const inString = (text: string) => JSON.stringify(text).slice(1, -1);

/** What is in a JSON string, between its quotes. */
const forms: Readonly<Record<string, string>> = {
  'as it is': key,
  'with an escaped slash': key.replace('/', '\\/'),
  'with its first letter by its code': `${toCode('c')}${key.slice(1)}`,
  'with its last letter by its code': `${key.slice(0, -1)}${toCode('q')}`,
  'with all letters by their codes': codes(key),
  'with codes in capitals': codes(key).replaceAll(/(?<=\\u)\w+/g, (code) => code.toUpperCase()),
  'as a part of a URL': encodeURIComponent(key),
  'with all letters percent-encoded': percents(key),
  'with percent-encoding in capitals': percents(key).toUpperCase(),
  'percent-encoded twice': percents(percents(key)),
  'percent-encoded, which is written by its codes': codes(encodeURIComponent(key)),
  'in JSON in a string': inString(JSON.stringify({ key })),
  'by its codes in JSON in a string': inString(`{"key":"${codes(key)}"}`),
  'percent-encoded in JSON in a string': inString(JSON.stringify({ url: `?${encodeURIComponent(key)}` })),
  'behind a backslash': `\\\\${key}`,
  'behind other escapes': `\\n\\"\\u0061${key.replace('/', '\\/')}`,
  'behind a percent sign': `%${codes(key)}`,
  'behind a half of itself': `${key.slice(0, 9)}${codes(key)}`,
};

const headers = {
  'content-type': 'application/json',
  'x-datafold-api-key': key,
  'x-olostep-api-key': key,
};

/** Stores copies of runs, and shows their bytes. */
function createShownStore() {
  const stored: string[] = [];
  const memory = createMemoryCache(defaultLimits);
  const store: RunCache = {
    ...memory,
    write(name, copy, ttlMs) {
      stored.push(copy.bytes.toString());
      return memory.write(name, copy, ttlMs);
    },
  };
  return { store, stored };
}

async function createEchoWorld() {
  const { store, stored } = createShownStore();
  const world = await createWorld({ credentials: 'forwarded', runCache: store });
  return { world, stored };
}

const all = `query ($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) {
    id
    ... on DatafoldRun { rawState error warnings }
    ... on OlostepRun { snapshot logGroup events { nodes { id message event } } }
  }
}`;
const requestAll = (world: World, ...keys: readonly object[]) => world.execute(all, { keys }, { headers });

/** A body with something else in the place of the text `@`, as it is written. */
const withText = (body: object, written: string) => JSON.stringify(body).replaceAll('@', () => written);

describe.each(Object.entries(forms))('repeated keys: a key that a provider repeats %s', (_how, written) => {
  const datafoldBodies = {
    error: { ...datafoldBody, error: 'bad key @' },
    warnings: { ...datafoldBody, warnings: ['Sampled.', '@'] },
    'what no client selects': { ...datafoldBody, '@': 1 },
  };
  const olostepBodies = {
    snapshot: { ...olostepBody, snapshot: { url: 'https://x.example/?@' } },
    'a name in the snapshot': { ...olostepBody, snapshot: { '@': 1 } },
    'an event': { ...olostepBody, events: [...olostepBody.events, { id: '1', event: { kind: '@' } }] },
    'a large response': { ...olostepBody, other: 'x '.repeat(100_000), log_group: '@' },
  };

  it('is shown to no client, and stored nowhere', async () => {
    const bodies = [
      ...Object.values(datafoldBodies).map((body) => ({ body, path: datafoldPath, runKey: datafoldKey })),
      ...Object.values(olostepBodies).map((body) => ({ body, path: olostepPath, runKey: olostepKey })),
    ];
    const { world, stored } = await createEchoWorld();
    for (const { body, path, runKey } of bodies) {
      const upstream = runKey.provider === 'DATAFOLD' ? world.datafold : world.olostep;
      upstream.on(path, { body: withText(body, written) });

      const answer = await requestAll(world, runKey);

      expect(answer).toMatchObject({
        data: { monitorRuns: [null] },
        errors: [{ path: ['monitorRuns', 0], extensions: { code: 'UPSTREAM_BAD_RESPONSE', retryable: false } }],
      });
    }
    expect(stored).toEqual([]);
    const failed = world.lines.filter(({ message }) => message === 'upstream call failed');
    expect(failed.map(({ reason }) => reason)).toEqual(bodies.map(() => 'credential_echo'));
    expect(JSON.stringify(world.lines)).not.toContain(key.slice(0, 8));
  });
});

it('repeated keys: A response with other texts of the same letters is answered and stored as usual', async () => {
  const { world, stored } = await createEchoWorld();
  const texts = [key.slice(1), key.slice(0, -1), percents(key.slice(1)), `${key.slice(0, 8)} ${key.slice(8)}`, '100 %'];
  world.datafold.on(datafoldPath, { body: { ...datafoldBody, warnings: [...texts, `\\${codes(key.slice(2))}`] } });

  const { data, errors } = await requestAll(world, datafoldKey);

  expect(errors).toBeUndefined();
  expect(data.monitorRuns[0].warnings.slice(0, texts.length)).toEqual(texts);
  expect(stored).toHaveLength(1);
});

it('repeated keys: Keys of fewer than 16 characters are not looked for', async () => {
  const world = await createWorld({ credentials: 'forwarded' });
  const short = key.slice(0, 15);
  world.datafold.on(datafoldPath, { body: { ...datafoldBody, error: short } });

  const answer = await world.execute(
    all,
    { keys: [datafoldKey] },
    { headers: { ...headers, 'x-datafold-api-key': short } },
  );

  expect(answer.data.monitorRuns).toMatchObject([{ error: short }]);
});

describe('repeated keys: the search for a key', () => {
  const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
  const keys = fc.oneof(
    fc.string({ unit: visible, minLength: 16, maxLength: 80 }),
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 16, maxLength: 80 }),
    fc.string({ unit: fc.constantFrom('\\', '%', 'u', '0', '5', 'c'), minLength: 16, maxLength: 40 }),
  );
  const encode = (text: string, dice: () => number): string =>
    [...text].map((one) => (dice() % 3 === 0 ? toCode(one) : inString(one))).join('');
  const around = fc.string({
    unit: fc.constantFrom('a', '\\\\', '\\n', ' ', '%', '0', 'u0041', '\\u0041', '"'),
    maxLength: 20,
  });

  it('finds each key in each JSON string, whichever of its letters are escaped, and in steps as at once', () => {
    fc.assert(
      fc.property(
        keys,
        around,
        around,
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 50 }),
        (text, a, b, dice, step) => {
          const written = encode(text, () => dice.next().value ?? 0);
          const bytes = Buffer.from(`{"x":"${a}${written}${b}"}`);
          const pattern = new KeyPattern(text);
          expect(pattern.isIn(bytes, 'owner')).toBe(true);
          const scan = new KeyScan(pattern, bytes);
          let isFound = false;
          for (let limit = 0; limit < bytes.length + step && !isFound; limit += step) isFound = scan.advance(limit);
          expect(isFound).toBe(true);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('finds none where no decoded string holds it', () => {
    const strings = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\\', '"', '\n'), maxLength: 30 }), {
      maxLength: 5,
    });
    const short = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 16, maxLength: 18 });
    fc.assert(
      fc.property(short, strings, (text, list) => {
        fc.pre(!list.some((one) => one.replaceAll('\\', '').includes(text)));
        expect(new KeyPattern(text).isIn(Buffer.from(JSON.stringify(list)), 'owner')).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  /** Bytes that count how often one of them is read. */
  function countReads(bytes: Buffer) {
    const counted = { reads: 0 };
    const proxy = new Proxy(bytes, {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) counted.reads++;
        return Reflect.get(target, name, target);
      },
    });
    return { counted, proxy };
  }

  const size = 20_000;
  const shapes: Readonly<Record<string, string>> = {
    'text of other letters': '{"x":"- - - - '.repeat(size / 14),
    'letters of the key': 'abababab'.repeat(size / 8),
    'all of the key but its last letter, again and again': `${'a'.repeat(39)}c`.repeat(size / 40),
    'the key but for a byte in each stretch': `${'a'.repeat(39)} `.repeat(size / 40),
    backslashes: '\\'.repeat(size),
    'beginnings of escapes': '\\u00'.repeat(size / 4),
    'percent signs': '%'.repeat(size),
    'percent signs, encoded again and again': `%${'25'.repeat(size / 2)}`,
    'escapes of escapes': '\\u005c'.repeat(size / 6),
  };
  it.each(Object.entries(shapes))('reads each byte at most three times: %s', (_shape, text) => {
    for (const pattern of [new KeyPattern(`${'a'.repeat(39)}b`), new KeyPattern('aabb\\%u05c25aabb\\%u05c25')]) {
      const { counted, proxy } = countReads(Buffer.from(text));
      expect(new KeyScan(pattern, proxy).advance(text.length)).toBe(false);
      expect(counted.reads).toBeLessThanOrEqual(3 * text.length);
    }
  });

  it('reads one byte in forty of a response that has no letter of a key of forty', () => {
    const { counted, proxy } = countReads(Buffer.from('- '.repeat(size / 2)));
    expect(new KeyScan(new KeyPattern('a'.repeat(40)), proxy).advance(size)).toBe(false);
    expect(counted.reads).toBeLessThanOrEqual(size / 40);
  });
});

describe('repeated keys: the search for a key in a response of many bytes', () => {
  const size = 3 * 1024 * 1024;
  const longKey = `${'a'.repeat(2_000)}b${'a'.repeat(2_000)}`;

  it('does not block the event loop for a key that its caller has chosen to make it slow', async () => {
    const native = vi.spyOn(Buffer.prototype, 'includes');
    onTestFinished(() => native.mockRestore());
    const search = new KeyPattern(longKey).isIn(Buffer.alloc(size, 'a'), 'owner');

    expect(search).toBeInstanceOf(Promise);
    expect(await search).toBe(false);
    // It would take seconds a MiB.
    expect(native.mock.calls.filter(([text]) => typeof text !== 'number')).toEqual([]);
  });

  it('takes a few milliseconds of a turn of the event loop, however many responses are searched', async () => {
    // Each step takes longer than that, by this clock.
    const turns = countTurns();

    const searches = [1, 2, 3].map(() => new KeyPattern(longKey).isIn(Buffer.alloc(size, 'a'), 'owner'));
    expect(await Promise.all(searches)).toEqual([false, false, false]);

    expect(turns.end()).toBeGreaterThanOrEqual(3 * (size / (128 * 1024) - 1));
  });

  it.each([
    ['short', 'k'.repeat(99)],
    ['long', longKey],
  ])('finds a %s key wherever it is, between two steps as well', async (_name, text) => {
    const { length } = text;
    for (const step of [128, 256, 512, 1_024].map((kibibytes) => kibibytes * 1024))
      for (const start of [0, step - length, step - 1, step - length + 1, step, size - length]) {
        const bytes = Buffer.alloc(size, '-');
        bytes.write(text, start);
        expect(await new KeyPattern(text).isIn(bytes, 'owner')).toBe(true);
        bytes.fill('-', start, start + 1);
        expect(await new KeyPattern(text).isIn(bytes, 'owner')).toBe(false);
      }
  });
});
