import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lazyArray } from '../../src/json/lazy-array.ts';
import { lazyObject } from '../../src/json/lazy-object.ts';
import { parseJson, unreadable } from '../../src/json/lossless.ts';
import { createTextCheck, findMembers, parseWord } from '../../src/json/object-members.ts';
import { NestedPass } from '../../src/json/scan.ts';
import { countTurns } from '../support/event-loop-turns.ts';
import { jsonValue, type Style, style, write } from '../support/json-text.ts';

const members = (text: string) => lazyObject(Buffer.from(text), 0);
const items = (text: string) => lazyArray(Buffer.from(text), 0).items ?? [];
/** As text, as long numbers are equal only there. */
const toText = (value: unknown) => (typeof value === 'symbol' ? 'unreadable' : String(JSON.stringify(value)));

describe('lazy JSON: members that are found one by one', () => {
  const object = fc.dictionary(fc.string({ unit: 'binary' }), jsonValue, { maxKeys: 8 });

  it('are those of the object parsed whole, whichever is read first', () => {
    return fc.assert(
      fc.property(object, style, fc.infiniteStream(fc.nat()), (value, written, dice) => {
        const text = write(value, written);
        const whole = parseJson(text) as Record<string, unknown>;
        const found = members(text);
        const names = [...Object.keys(whole), 'no such name'];
        const shuffled = names.map((name) => ({ name, at: dice.next().value ?? 0 })).sort((a, b) => a.at - b.at);

        for (const { name } of shuffled) {
          const value = Object.hasOwn(whole, name) ? whole[name] : undefined;
          expect(found.isObject(name)).toBe(toText(value).startsWith('{'));
          expect(toText(found.items(name)?.slice())).toBe(toText(Array.isArray(value) ? value : undefined));
          expect(toText(found.get(name))).toBe(toText(value));
          expect(toText(found.get(name))).toBe(toText(value));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', 1],
    ['{"a":1,"\\u0061":2}', 1],
    ['{"\\u0061":1,"a":2}', 1],
    ['{"b":{"a":1},"a":2}', 2],
    ['{"b":"\\"a\\":1","a":2}', 2],
    ['{"b":"\\\\","a":2}', 2],
    ['{"b":"\\\\\\"","a":2}', 2],
    ['{"b":["]",{"}":"{"}],"a":2}', 2],
    ['\n{\t"a" \r\n:\t2 } ', 2],
    ['{"é漢😀":1,"a":2}', 2],
    [`{"b":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)},"a":2}`, 2],
    [`{"b":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)},"a":2}`, 2],
  ])('%.50s: the first of its name, at the level that counts', (text, value) => {
    expect(lazyObject(Buffer.from(text), text.indexOf('{')).get('a')).toBe(value);
  });

  it.each([
    '{"b":1 "a":2}',
    '{"b":1,,"a":2}',
    '{"b":1,a:2}',
    '{"b" 1,"a":2}',
    '{"b":,"a":2}',
    '{b:1,"a":2}',
    '{,"a":2}',
    '{"b":[1,"a":2}',
    '{"b":{"x":1,"a":2}',
    '{"b":"x,"a":2}',
    '{"b":1',
    '{"b":"',
    '{"b":"\\',
    '{"b',
    '{',
    '{"b\n":1,"a":2}',
    '{"b":1} ,"a":2}',
    '{"b":1}}',
    '{"b":[1},"a":2}',
  ])('%s: what follows a syntax error is unreadable, also when it is read again', (text) => {
    const found = members(text);
    for (const _again of [1, 2]) {
      expect(found.get('a')).toBe(unreadable);
      expect(found.items('a')).toBeUndefined();
      expect(found.isObject('a')).toBe(false);
    }
  });

  it('are unreadable one by one, where they are closed as they were opened', () => {
    const found = members('{"a":tru,"b":{"x":},"c":[1,],"d":01,"e":"\n","f":"ok","g":[1}');

    expect(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => found.get(name))).toEqual([
      ...Array(5).fill(unreadable),
      'ok',
      unreadable,
      unreadable,
    ]);
  });

  it.each([999, 1_000, 1_001, 5_000])('are found behind %i others, whatever these are called', (before) => {
    const others = (name: (place: number) => string) =>
      Array.from({ length: before }, (_, place) => `${JSON.stringify(name(place))}:{"a":0},`).join('');

    for (const name of [() => 'x', String, (place: number) => `a${place}`, (place: number) => `b"${place}`]) {
      const found = members(`{${others(name)}"a":[2],"a":3,"\\u0062":{"c":4},"":5,"s\\/\\t":6}`);

      expect(found.get('no such name')).toBeUndefined();
      expect(found.items('a')?.slice()).toEqual([2]);
      expect(found.get('a')).toEqual([2]);
      expect(found.isObject('b')).toBe(true);
      expect(found.get('b')).toEqual({ c: 4 });
      expect(found.get('')).toBe(5);
      expect(found.get('s/\t')).toBe(6);
      expect(found.get('no such name')).toBeUndefined();
      expect(found.get('c')).toBeUndefined();
    }
  });

  it.each(['"y" 1', '"y":', 'y:1', '"y":[1}', '"y":1 "z":2', ''])(
    'are unreadable behind a break that is behind a thousand others: %s',
    (broken) => {
      const found = members(`{${'"x":1,'.repeat(1_500)}"b":1,${broken},"a":2}`);

      for (const _again of [1, 2]) {
        expect(found.get('b')).toBe(1);
        expect(found.get('a')).toBe(unreadable);
        expect(found.items('a')).toBeUndefined();
      }
    },
  );

  it('have their items as one, where those are hundreds of thousands', () => {
    const found = members(`{"a":[${'0,'.repeat(300_000)}0],"b":2}`);

    expect(found.items('a')).toBeUndefined();
    expect(found.get('a')).toHaveLength(300_001);
    expect(found.get('b')).toBe(2);
  });

  it('know a word that is nowhere, and one that may be somewhere', () => {
    expect(members('{"a":["run"]}').mayHold('run_complete')).toBe(false);
    expect(members('{"a":["run_complete"]}').mayHold('run_complete')).toBe(true);
    expect(members('{"a":["run\\u005fcomplete"]}').mayHold('run_complete')).toBe(true);
  });
});

describe('lazy JSON: items that are found one by one', () => {
  it('are those of the list parsed whole, whichever are read first', () => {
    const slices = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 5 });
    return fc.assert(
      fc.property(fc.array(jsonValue, { maxLength: 10 }), style, slices, (list, written, requested) => {
        const text = write(list, written).trim();
        const whole = parseJson(text) as readonly unknown[];
        const found = items(text);

        expect(found.length).toBe(whole.length);
        for (const [start, end] of requested)
          expect(toText(found.slice(start, end))).toBe(toText(whole.slice(start, end)));
        expect(toText(found.slice())).toBe(toText(whole));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['[ ]', []],
    ['[1,tru,{"a":1},{"a":},[2,],"x]"]', [1, unreadable, { a: 1 }, unreadable, unreadable, 'x]']],
    ['[1,]', [1, unreadable]],
    ['[,]', [unreadable, unreadable]],
    ['[{} {}]', [unreadable]],
    ['[{"a":[1},{"a":1]},2]', [unreadable, 2]],
  ])('%s: one that is no JSON is no harm to the others', (text, expected) => {
    expect(items(text).slice()).toEqual(expected);
  });
});

describe('lazy JSON: members of items that are not parsed', () => {
  const row = fc.oneof(
    fc.record({ id: jsonValue, about: jsonValue, more: jsonValue }, { requiredKeys: [] }),
    fc.dictionary(fc.string({ unit: 'binary' }), jsonValue, { maxKeys: 4 }),
    jsonValue,
  );
  const scan = (text: string, names: readonly string[]) =>
    lazyArray(Buffer.from(text), 0).items?.scan?.((bytes, start) =>
      findMembers(bytes, start, names).map((place) => (place === undefined ? undefined : parseWord(bytes, place))),
    );

  it('are those of the items parsed', () => {
    const check = (list: readonly unknown[], written: Style) => {
      const text = write(list, written).trim();
      const whole = parseJson(text) as readonly unknown[];
      const expected = whole.map((item) => {
        const members = toText(item).startsWith('{') ? (item as Record<string, unknown>) : {};
        return ['id', 'about'].map((name) => {
          const value = Object.hasOwn(members, name) ? members[name] : undefined;
          if (/^[[{"]/.test(toText(value))) return 'unreadable';
          // A number with very many digits is the nearest one.
          return toText(value === undefined ? undefined : JSON.parse(toText(value)));
        });
      });
      const found = whole.length === 0 ? [] : scan(text, ['id', 'about']);
      expect(found?.map((values) => values?.map(toText))).toEqual(expected);
    };
    fc.assert(fc.property(fc.array(row, { maxLength: 10 }), style, check), { numRuns: 1_000 });
  });

  it.each([
    ['[{"id":1,"id":2}]', [[1]]],
    ['[{"\\u0069d":1}]', [[1]]],
    ['[{"about":{"id":1},"id":2}]', [[2]]],
    ['[{"about":"\\"id\\":1","id":2}]', [[2]]],
    [
      '[ {"id" : 1} , 7, [], null, "id", {"x":2} ]',
      [[1], [undefined], [undefined], [undefined], [undefined], [undefined]],
    ],
    // What follows the member isn't read.
    ['[{"id":1,tru},{"id":2}]', [[1], [2]]],
    ['[{"x":tru,"id":1}]', [[1]]],
    ['[{"x" 1,"id":1},{"id":2}]', [undefined, [2]]],
    ['[{"x":,"id":1},{"id":2}]', [undefined, [2]]],
    ['[{x:1,"id":1},{"id":2}]', [undefined, [2]]],
    ['[{"id":01},{"id":tru},{"id":2}]', [undefined, undefined, [2]]],
    ['[{"id":{}},{"id":[]},{"id":"\\x"}]', [[unreadable], [unreadable], [unreadable]]],
  ])('are the first of their names, and an item that is broken before them has none: %s', (text, expected) => {
    expect(scan(text, ['id'])).toEqual(expected);
  });

  it('are found by several names at once', () => {
    expect(scan('[{"about":1,"more":2,"id":3}]', ['id', 'about', 'none'])).toEqual([[3, 1, undefined]]);
  });

  it('are compared with a text, however either is written', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('id', 'é', '😀', '"', '\\'));
    const check = (value: unknown, other: string, written: Style) => {
      const bytes = Buffer.from(write(value, { ...written, space: '' }));
      for (const sought of [other, typeof value === 'string' ? value : 'x'])
        expect(createTextCheck(sought)(bytes, 0)).toBe(value === sought);
    };
    fc.assert(fc.property(fc.oneof(text, jsonValue), text, style, check), { numRuns: 2_000 });
  });

  it.each(['"id', '"i', '"\\', '"\\u00', '"\\x"', '"é', '"i"', '"idd"', 'id', ''])(
    'are no text that is broken: %s',
    (json) => {
      for (const sought of ['id', 'é', '']) expect(createTextCheck(sought)(Buffer.from(json), 0)).toBe(false);
    },
  );
});

describe('lazy JSON: steps', () => {
  it('a list or an object ends at the same place, and has the same commas, however long its steps are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(jsonValue), fc.dictionary(fc.string(), jsonValue)), style, (value, written) => {
        const bytes = Buffer.from(`${write(value, written)},[]`);
        const atOnce = new NestedPass(bytes, 0, 100);
        expect(atOnce.advance(bytes.length)).toBe(true);
        for (const step of [1, 2, 3, 7]) {
          const pass = new NestedPass(bytes, 0, 100);
          while (!pass.advance(step));
          expect([pass.end, pass.commas]).toEqual([atOnce.end, atOnce.commas]);
        }
      }),
    );
  });

  it.each(['[1', '["]', '[1}', '{"a":[}'])('a list or an object that is not closed is none: %s', (text) => {
    const pass = new NestedPass(Buffer.from(text), 0);
    expect(() => {
      while (!pass.advance(1));
    }).toThrow(SyntaxError);
  });

  it.each([
    ['a list', `[${'1,'.repeat(4_500_000)}1]`],
    ['an object', `{${'"a":1,'.repeat(1_500_000)}"a":1}`],
    ['strings', `["${'x'.repeat(9_000_000)}"]`],
    ['members', `1,${'"m":[1],'.repeat(100)}"n":[${'"\\\\",'.repeat(2_000_000)}1]`],
  ])('a large response is skipped in steps: %s', async (_what, json) => {
    // Each step takes so long that it is the only one in its turn of the event loop.
    const turns = countTurns();
    const text = `{"first":2,"large":${json},"last":[3]}`;
    const found = members(text);

    await found.index?.('owner');

    expect(turns.end()).toBeGreaterThan(text.length / 1_200_000);
    expect([found.get('first'), found.items('last')?.slice(), found.get('none')]).toEqual([2, [3], undefined]);
    expect(toText(found.items('large')?.slice(0, 2))).toBe(toText(members(text).items('large')?.slice(0, 2)));
  });

  it('a large response that breaks off has the members before that', async () => {
    const found = members(`{"first":2,"large":[${'1,'.repeat(1_000_000)}`);

    await found.index?.('owner');

    expect([found.get('first'), found.items('large'), found.get('large'), found.get('last')]).toEqual([
      ...[2, undefined, unreadable, unreadable],
    ]);
  });
});

describe('lazy JSON: a number', () => {
  const digits = fc
    .tuple(fc.constantFrom('', '-'), fc.stringMatching(/^[1-9]\d{0,60}$/))
    .map(([sign, number]) => sign + number)
    .filter((text) => text.length > 15 || String(Number(text)) === text);
  const numbers = fc.oneof(
    digits,
    fc.stringMatching(/^-?[1-9]\d{0,20}\.\d{16,20}$/),
    fc.stringMatching(/^-?[1-9](\.\d{1,4})?[eE][+-]?[1-9]\d{2,4}$/),
  );
  const texts = fc.oneof(fc.stringMatching(/^[\d.eE, :[-]{0,60}$/), fc.string());

  it('has all its digits, wherever it is and whatever is beside it', () => {
    const parts = fc.array(
      fc.oneof(
        numbers,
        texts.map((text) => JSON.stringify(text)),
      ),
      { maxLength: 20 },
    );
    return fc.assert(
      fc.property(parts, numbers, style, (list, alone, { space }) => {
        const isHeld = ([...list, alone] as string[]).every((text) => text.startsWith('"') || isStored(text));
        fc.pre(isHeld);
        const compact = `[${list}]`;
        expect(JSON.stringify(parseJson(compact))).toBe(compact);
        expect(JSON.stringify(parseJson(`${space}[${list.join(`${space},${space}`)}]`))).toBe(compact);
        expect(JSON.stringify(parseJson(alone))).toBe(alone);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Whether the number comes out as it went in: it is written as JavaScript writes it, or too long for JavaScript. */
const isStored = (text: string): boolean => JSON.stringify(Number(text)) === text || /\d{16}|[eE][+-]?\d{3}/.test(text);
