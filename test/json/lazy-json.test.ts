import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createColumns } from '../../src/json/columns.ts';
import { JsonBytes } from '../../src/json/json-buffer.ts';
import { lazyArray } from '../../src/json/lazy-array.ts';
import { lazyObject } from '../../src/json/lazy-object.ts';
import { parseJson, sizeWithin } from '../../src/json/lossless.ts';
import { unreadable } from '../../src/json/unread.ts';
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

describe('lazy JSON: items as a table', () => {
  const columns = createColumns(['id', 'size', 'about', 'about.id', 'about.size'], 'about');
  const { of } = columns;
  const tableOf = (text: string, levels = 64) => lazyArray(Buffer.from(text), 0, { columns, levels }).items?.table;
  const about = fc.oneof(
    fc.record({ id: jsonValue, size: jsonValue, more: jsonValue }, { requiredKeys: [] }),
    jsonValue,
  );
  const row = fc.oneof(
    fc.record({ id: jsonValue, size: jsonValue, about, more: jsonValue }, { requiredKeys: [] }),
    fc.record({ about: fc.record({ size: fc.nat() }), size: fc.nat(), id: fc.string({ unit: 'binary' }) }),
    fc.dictionary(fc.string({ unit: 'binary' }), jsonValue, { maxKeys: 4 }),
  );
  const rows = fc.array(row, { maxLength: 10 });
  const nameWithCodes = /"[^"\\]*\\(?:[^"\\]|\\.)*"\s*:/;
  const isObject = (value: unknown) => toText(value).startsWith('{');

  /** What is there by its own names, `about.id`. */
  const find = (row: unknown, path: string): unknown =>
    path.split('.').reduce<unknown>((value, name) => {
      return isObject(value) && Object.hasOwn(value as object, name) ? (value as object)[name as never] : undefined;
    }, row);

  it('are what they are when they are parsed', () => {
    const check = (list: readonly unknown[], written: Style) => {
      const text = write(list, written).trim();
      const whole = parseJson(text) as readonly Record<string, unknown>[];
      const table = tableOf(text);
      if (table === undefined) {
        expect(text).toMatch(nameWithCodes);
        return;
      }
      expect(table.length).toBe(whole.length);
      for (const [number, row] of whole.entries()) {
        const size = row.about === undefined ? 0 : (sizeWithin(64, row.about) ?? 0);
        expect(table.sizeOf(number)).toBeGreaterThanOrEqual(size);
        expect(table.sizeOf(number)).toBeLessThanOrEqual(10 * size + text.length);
        for (const [path, column] of Object.entries(of)) {
          const value = find(row, path);
          const into = new JsonBytes(Buffer.alloc(1));
          table.write(number, column, into);
          const bytes = into.toBuffer().toString();
          expect(table.has(number, column)).toBe(value !== undefined);
          expect(table.isText(number, column)).toBe(typeof value === 'string');
          expect(table.isObject(number, column)).toBe(isObject(value));
          expect(table.text(number, column)).toBe(typeof value === 'string' ? value : undefined);
          for (const text of ['x', typeof value === 'string' ? value : '']) {
            const isSame = table.isSame(number, column, text, Buffer.from(JSON.stringify(text)));
            // Of what is written by codes it needn't be known.
            if (isSame === undefined) expect(bytes).toContain('\\');
            else expect(isSame).toBe(value === text);
          }
          const isInteger = typeof value === 'number' && /^\d{1,15}$/.test(bytes);
          expect(table.integer(number, column)).toBe(isInteger ? value : undefined);
          // As it was written, but for the white space.
          expect(bytes).toBe(value === undefined ? '' : write(find(list[number], path), { ...written, space: '' }));
        }
      }
    };
    return fc.assert(fc.property(rows, style, check), { numRuns: 1_000 });
  });

  it('are none where JSON.parse takes offence, wherever something is changed', () => {
    let tables = 0;
    const check = (list: readonly unknown[], written: Style, at: number, length: number, put: string) => {
      const text = write(list, written).trim();
      const place = 1 + (at % Math.max(1, text.length - 2));
      const changed = text.slice(0, place) + put + text.slice(place + length);
      let isTable = false;
      try {
        isTable = tableOf(changed) !== undefined;
      } catch {
        // A list without end.
      }
      if (!isTable) return;
      tables++;
      // What is behind the list is for others.
      const { end } = lazyArray(Buffer.from(changed), 0);
      expect(() => JSON.parse(Buffer.from(changed).toString('utf8', 0, end))).not.toThrow();
    };
    const put = fc.oneof(
      fc.constantFrom(
        '',
        '"',
        '\\',
        ',',
        ':',
        '{',
        '}',
        '[',
        ']',
        '\\u12',
        '\\x',
        '\\"',
        '\n',
        '\0',
        '\u001f',
        '\u007f',
      ),
      fc.constantFrom('0', '01', '-', '.', 'e', 'E+', '1.', 'tru', 'true', 'nul', 'NaN', 'Infinity', "'", '//', 'é'),
    );
    fc.assert(fc.property(rows, style, fc.nat(), fc.nat(3), put, check), { numRuns: 20_000 });
    expect(tables).toBeGreaterThan(1_000);
  });

  it.each([
    '[{"id":1,"id":2}]',
    '[{"about":{"id":1,"id":1}}]',
    '[{"\\u0069d":1}]',
    '[{"about":{"\\u0069d":1}}]',
    '[{"id":1},7]',
    '[{"id":1},[]]',
    '[{"id":1},null]',
    '[{"id":01}]',
    '[{"id":1.}]',
    '[{"id":.5}]',
    '[{"id":-}]',
    '[{"id":1e}]',
    '[{"id":+1}]',
    '[{"id":tru}]',
    '[{"id":}]',
    '[{"id"}]',
    '[{"id" 1}]',
    '[{"id":1,}]',
    '[{,"id":1}]',
    '[{"id":1}{"id":2}]',
    '[{"id":1},]',
    '[{"id":"\t"}]',
    '[{"id":"\\x41"}]',
    '[{"id":"\\u00g0"}]',
    '[{"more":[1 2]}]',
    '[{"more":[1,]}]',
    '[{"more":{"x":1,}}]',
    '[{"more":{x:1}}]',
    '[{"id":1\u00a0}]',
  ])('are none where one is unsupported, and are found as ever: %s', (text) => {
    expect(tableOf(text)).toBeUndefined();
    expect(toText(lazyArray(Buffer.from(text), 0, { columns, levels: 64 }).items?.slice())).toBe(
      toText(items(text).slice()),
    );
  });

  it('are none where their bytes are no UTF-8', () => {
    const bytes = Buffer.from('[{"id":"\xff"}]', 'latin1');

    expect(lazyArray(bytes, 0, { columns, levels: 64 }).items?.table).toBeUndefined();
  });

  it('are none where a member is nested over more levels than may be', () => {
    const nested = (levels: number) => `[{"about":${'{"x":'.repeat(levels)}1${'}'.repeat(levels)}}]`;

    expect(tableOf(nested(3), 3)).toBeDefined();
    expect(tableOf(nested(4), 3)).toBeUndefined();
    expect(tableOf(nested(64), 1e9)).toBeDefined();
    expect(tableOf(nested(100_000), 1e9)).toBeUndefined();
    expect(tableOf(`[{"about":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`, 1e9)).toBeUndefined();
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
