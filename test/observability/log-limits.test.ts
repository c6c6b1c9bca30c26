/** What a client and an upstream can make the log write. */
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { createWorld, keys, type World } from '../support/world.ts';

/** A request for monitors with 49 different sets of tags, one tag of which is 90 KB. The upstream answers such paths with 431. */
const longTags = {
  query: `query ($tag: String!) { ${Array.from(
    { length: 49 },
    (_, place) => `a${place}: monitorList(provider: DATAFOLD, tags: [$tag, "${place}"]) { totalCount }`,
  ).join(' ')} }`,
  variables: { tag: 'x'.repeat(90_000) },
};

/** A request for so many runs. */
const manyRuns = (count: number) => ({
  query: 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { phase } }',
  variables: {
    keys: Array.from({ length: count }, (_, place) => ({ provider: 'DATAFOLD', monitorId: '7', runId: `${place}` })),
  },
});

const failing = { status: 403, body: { detail: 'no' } };
const warnings = ({ lines }: Pick<World, 'lines'>) => lines.filter(({ level }) => level === 'warn');

describe('log limits: log lines', () => {
  it('cut a long path, and say how long it was: a request that repeats 90 KB writes no megabytes', async () => {
    const world = await createWorld({ limits: { maxTagLength: 100_000 } });

    await world.execute(longTags.query, longTags.variables);

    expect(warnings(world)).toHaveLength(49);
    for (const { path } of warnings(world)) {
      expect(path).toMatch(/^\/api\/v1\/monitors\?.{1983}… \(9\d{4} characters\)$/);
      expect(String(path).length).toBeLessThan(defaultLimits.maxLogTextChars + 25);
    }
    expect(JSON.stringify(world.lines).length).toBeLessThan(49 * 2_500);
  });

  it('cut the path of the request itself', async () => {
    const world = await createWorld();

    await fetch(`${new URL(world.url).origin}/${'y'.repeat(12_000)}`);

    expect(world.lines).toEqual([expect.objectContaining({ message: 'request', status: 404 })]);
    expect(world.lines[0]?.path).toBe(`/${'y'.repeat(1_999)}… (12001 characters)`);
  });

  it('have a limit of characters as JSON, whatever the limit of a text is', async () => {
    const world = await createWorld({ limits: { maxLogTextChars: 1_000_000, maxTagLength: 100_000 } });

    await world.execute(longTags.query, longTags.variables);

    expect(warnings(world)).toHaveLength(49);
    for (const line of warnings(world)) {
      const { length } = JSON.stringify(line);
      expect(length).toBeLessThanOrEqual(defaultLimits.maxLogLineChars);
      // Cut no further than needed.
      expect(length).toBeGreaterThan(defaultLimits.maxLogLineChars / 3);
    }
  });
});

describe('log limits: a request', () => {
  it.each([
    ['on the fast path', {}],
    ['on the slow path', { 'content-type': 'application/graphql+json' }],
    ['whose response is incremental', { accept: 'multipart/mixed' }],
  ])('has a number of log lines, and one that counts the others, %s', async (_name, headers) => {
    const world = await createWorld();
    world.datafold.onAny(failing);
    const { query, variables } = manyRuns(80);
    const body = JSON.stringify({ query: query.replace('phase', '... @defer { phase }'), variables });
    const isInParts = 'accept' in headers;

    const response = await world.post(isInParts ? body : JSON.stringify(manyRuns(80)), {
      headers: { 'content-type': 'application/json', 'x-request-id': 'many', ...headers },
    });
    await response.text();

    const reported = warnings(world).map(({ message, requestId, omitted }) => ({ message, requestId, omitted }));
    expect(reported.slice(0, -1)).toEqual(
      Array.from({ length: 50 }, () => ({ message: 'upstream call failed', requestId: 'many', omitted: undefined })),
    );
    expect(reported.at(-1)).toEqual({
      message: 'more log lines of the request omitted',
      requestId: 'many',
      omitted: 30,
    });
  });

  it('has them for itself: the next one has as many', async () => {
    const world = await createWorld({ limits: { maxLogLines: 3 } });
    world.datafold.onAny(failing);

    for (const count of [3, 4, 3]) await world.execute(manyRuns(count).query, manyRuns(count).variables);

    expect(warnings(world).map(({ omitted }) => omitted)).toEqual([
      ...Array(6).fill(undefined),
      1,
      ...Array(3).fill(undefined),
    ]);
  });
});

it('log limits: A logger that a library brings gets lines within the limits', async () => {
  const upstream = await startFakeUpstream();
  const lines: object[] = [];
  const write = (fields: object) => void lines.push(fields);
  const gateway = createGateway({
    providers: { DATAFOLD: { apiKey: keys.datafold, baseUrl: upstream.baseUrl } },
    log: { info: write, warn: write, error: write },
    limits: { maxLogLines: 10, maxTagLength: 100_000 },
  });

  const response = await gateway.fetch(
    new Request('http://graph.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(longTags),
    }),
  );
  await response.text();
  await gateway.close();
  upstream.close();

  // The last one is that of the operation.
  expect(lines).toHaveLength(12);
  expect(lines.at(-2)).toMatchObject({ omitted: 39 });
  expect(JSON.stringify(lines).length).toBeLessThan(12 * 2_500);
});
