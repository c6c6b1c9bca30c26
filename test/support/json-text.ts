/** JSON as another program may write it: with white space anywhere, and letters by their codes. */
import fc from 'fast-check';

export interface Style {
  /** What stands between any two signs. */
  readonly space: string;
  /** Where every letter is written by its code. */
  readonly escaped: 'nowhere' | 'in values' | 'everywhere';
}

export const style: fc.Arbitrary<Style> = fc.record({
  space: fc.constantFrom('', '', ' ', '\n\t', ' \r\n '),
  escaped: fc.constantFrom('nowhere', 'in values', 'everywhere'),
});

/** Numbers that are written otherwise than JavaScript would, or are too long for it. */
const oddNumber = fc
  .constantFrom('12345678901234567890', '-9007199254740993', '1e400', '0.12345678901234567890', '1.0', '1E5', '-0')
  .map((text) => JSON.rawJSON(text) as unknown);

/** Any value of JSON. */
export const jsonValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'é', '😀') }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    oddNumber,
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** The value as text. */
export function write(value: unknown, { space, escaped }: Style): string {
  const text = (characters: string, isEscaped: boolean) =>
    isEscaped ? `"${characters.replace(/[\s\S]/g, toCode)}"` : JSON.stringify(characters);
  const within = (value: unknown): string => {
    if (typeof value === 'string') return text(value, escaped !== 'nowhere');
    if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return JSON.stringify(value);
    const parts = Array.isArray(value)
      ? value.map((item) => space + within(item) + space)
      : Object.entries(value).map(([name, item]) => {
          return `${space}${text(name, escaped === 'everywhere')}${space}:${space}${within(item)}${space}`;
        });
    const inside = parts.length === 0 ? space : parts.join(',');
    return Array.isArray(value) ? `[${inside}]` : `{${inside}}`;
  };
  return `${within(value)}${space}`;
}

const toCode = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
