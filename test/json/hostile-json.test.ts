/** Large JSON that is made to be costly: it is read in time and memory that grow with its length alone, or refused. */
import { describe, expect, it } from 'vitest';
import { markLongNumbers, mayHoldLongNumber } from '../../src/json/lossless.ts';
import { olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { createWorld } from '../support/world.ts';

const run = `olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}")`;
const everything = Number.MAX_SAFE_INTEGER;

/** The body of the run, with JSON in the place of a member. */
const withMember = (name: string, json: string) =>
  JSON.stringify({ ...olostepBody, [name]: '@' }).replace('"@"', () => json);

/** The text of the answer to a query for the run. */
async function readText(body: string, selection: string, limits: object = {}, uses = 1): Promise<string> {
  const world = await createWorld({ limits: { compileAfterUses: 2, ...limits } });
  world.olostep.on(olostepPath, { body });
  const query = JSON.stringify({ query: `{ ${run} { ${selection} } }` });
  let text = '';
  for (let use = 0; use < uses; use++) text = await (await world.post(query)).text();
  return text;
}

describe('hostile JSON: beside a number with all its digits,', () => {
  const number = '12345678901234567';

  it.each([
    ['a string of millions of escapes', `"${'\\n'.repeat(4_500_000)}"`],
    ['a string of millions of escaped quotes', `"${'\\"'.repeat(4_500_000)}"`],
    ['a number of millions of digits', `1${'0'.repeat(5_800_000)}`],
    ['a fraction of millions of digits', `0.${'1'.repeat(5_800_000)}`],
    ['a list of thousands of strings', `[${'"\\\\",'.repeat(20_000)}""]`],
  ])('%s is answered as it came', async (_what, value) => {
    const snapshot = `{"number":${number},"value":${value}}`;
    for (const lazyParseThresholdBytes of [0, everything]) {
      const text = await readText(withMember('snapshot', snapshot), 'snapshot', { lazyParseThresholdBytes });

      expect(text === `{"data":{"olostepRun":{"snapshot":${snapshot}}}}`, text.slice(0, 300)).toBe(true);
    }
  });

  it('an event of millions of escapes, with white space, is written as it came', async () => {
    const event = `{"number": ${number}, "value": "${'\\n'.repeat(4_500_000)}"}`;
    const body = withMember('events', `[ { "event" : ${event} } ]`);

    const text = await readText(body, 'events(first: 1000) { nodes { event } }', {}, 2);

    const expected = event.replaceAll(' ', '');
    expect(text === `{"data":{"olostepRun":{"events":{"nodes":[{"event":${expected}}]}}}}`, text.slice(0, 300)).toBe(
      true,
    );
  });

  it('a number of many digits costs what it is answered with', async () => {
    const digits = `1${'0'.repeat(3_000_000)}`;
    const aliases = Array.from({ length: 10 }, (_, place) => `a${place}: snapshot`).join(' ');

    const text = await readText(withMember('snapshot', `{"n":${digits}}`), aliases);

    expect(text.length).toBeLessThan(17 * 1024 * 1024);
    expect(text).toContain('OPERATION_TOO_COSTLY');
  });
});

describe('hostile JSON: the search for numbers with more digits than a double', () => {
  /** A text that counts how often one of its characters is read. */
  function countReads(text: string) {
    const counted = { reads: 0 };
    const proxy = {
      length: text.length,
      charCodeAt(place: number) {
        counted.reads++;
        return text.charCodeAt(place);
      },
      slice: (start: number, end?: number) => text.slice(start, end),
      [Symbol.toPrimitive]: () => text,
    };
    return { counted, proxy: proxy as unknown as string };
  }

  it.each([
    ['escapes', `["${'\\n'.repeat(50_000)}",12345678901234567]`],
    ['quotes', `["${'\\"'.repeat(50_000)}",12345678901234567]`],
    ['digits', `1${'0'.repeat(100_000)}`],
    ['digits in a string', `"${'1'.repeat(100_000)}"`],
    ['points', `"${'.'.repeat(100_000)}"`],
    ['numbers', `[${'1e999,'.repeat(20_000)}0]`],
    ['signs', `["${'-'.repeat(100_000)}",1e999]`],
  ])('reads each character at most four times: %s', (_what, text) => {
    const { counted, proxy } = countReads(text);

    mayHoldLongNumber(proxy);
    markLongNumbers(proxy, 'mark:');

    expect(counted.reads).toBeLessThanOrEqual(4 * text.length);
  });
});
