/** Generated ids, in all shades of nearly right. */
import fc from 'fast-check';

/** Single UTF-16 units of all sorts, half a surrogate pair included. */
const unit = fc.oneof(
  fc.constantFrom(...'0123456789abz_-+.eEx/\\%?#&;=@:,*~|"\'<>{}[]()^`$! \t\r\n\0\x7f'),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  fc.constantFrom(
    '..',
    '/../',
    '%2e',
    '%2F',
    '%00',
    '\r\nHost: evil.test\r\n',
    '\u2028',
    '\u202e',
    '\ufeff',
    '７',
    '٣',
  ),
);
const anything = fc.oneof(
  fc.string({ unit, maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.webUrl({ withQueryParameters: true, withFragments: true, size: 'small' }),
  fc.double().map(String),
  fc.maxSafeInteger().map(String),
);

/** A good id with something put in at some place, or taken away. */
const nearly = (good: fc.Arbitrary<string>) =>
  fc
    .tuple(good, fc.double({ min: 0, max: 1, noNaN: true }), fc.oneof(unit, fc.constant('')), fc.nat({ max: 2 }))
    .map(([id, where, put, taken]) => {
      const at = Math.round(where * id.length);
      return id.slice(0, at) + put + id.slice(at + taken);
    });

/** An id that is good, nearly good, or anything. */
export const toId = (good: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 3, arbitrary: good }, { weight: 3, arbitrary: nearly(good) }, { weight: 1, arbitrary: anything });

const letter = fc.constantFrom(...'abcxyzABCXYZ0189_-');
const tail = fc.oneof(
  fc.string({ unit: letter, minLength: 1, maxLength: 20 }),
  fc.string({ unit: letter, minLength: 127, maxLength: 128 }),
);

/** Ids of Datafold's grammar. */
export const datafoldIds = fc.oneof(
  fc.constantFrom('0', '9007199254740993'),
  fc.bigInt(1n, 2n ** 63n - 1n).map(String),
);

/** Ids of Olostep's grammar, behind their prefix. */
export const olostepIds = (prefix: string) => tail.map((text) => prefix + text);

/** Whether Datafold can have the id, said in other words than the service's own. */
export const datafoldGrammar = {
  test: (text: string) => /^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) < 2n ** 63n,
};
