/** How many values of a response are parsed (`maxValues`): a field with more has an error in its place, and nothing else is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lazyObject } from '../../src/json/lazy-object.ts';
import { unreadable } from '../../src/json/lossless.ts';
import { measureClosed, measureNested } from '../../src/json/scan.ts';
import {
  datafoldBody,
  datafoldKey,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepMonitorBody,
  olostepMonitorPath,
  olostepPath,
} from '../support/bodies.ts';
import type { Handler } from '../support/fake-upstream.ts';
import { jsonValue, style, write } from '../support/json-text.ts';
import { type AnswerError, createWorld, type World } from '../support/world.ts';

const tooLarge = 'UPSTREAM_RESPONSE_TOO_LARGE';
const megabytes = 9.9e6;
const repeat = (unit: string, bytes = megabytes) => unit.repeat(Math.floor(bytes / unit.length));
/** So many texts with commas between them. */
const times = (count: number, toText: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => toText(n)).join();

const withMember = (body: object, name: string, json: string) =>
  JSON.stringify({ ...body, [name]: '@' }).replace('"@"', () => json);

const requestRun = (world: World, selection: string) =>
  world.execute(
    `{ run: olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") { ${selection} } }`,
  );
const codesOf = (errors: readonly AnswerError[] = []) =>
  Object.fromEntries(errors.map(({ path = [], extensions }) => [path.slice(1).join('.'), extensions.code]));

const costly: Readonly<Record<string, () => string>> = {
  'numbers beyond a double': () => `[${repeat('1e999,')}0]`,
  'long numbers': () => `[${repeat('12345678901234567,')}0]`,
  'numbers of thousands of digits': () => `[${repeat(`1${'0'.repeat(3_000)},`)}0]`,
  'lists 60 deep': () => `[${repeat(`${'['.repeat(60)}${']'.repeat(60)},`)}0]`,
  'members of different names': () => `{${times(700_000, (n) => `"m${n}":1`)}}`,
  'objects of different names': () => `[${times(700_000, (n) => `{"m${n}":1}`)}]`,
  'empty objects': () => `[${repeat('{},')}0]`,
};

describe.each(Object.entries(costly))('value limit: 9.9 MB of %s', (_what, toJson) => {
  const json = toJson();

  it('as a snapshot cost the snapshot alone', async () => {
    const world = await createWorld();
    world.olostep.on(olostepPath, { body: withMember(olostepBody, 'snapshot', json) });

    const { data, errors } = await requestRun(
      world,
      'snapshot logGroup events { totalCount nodes { kind } } startedAt',
    );

    expect(codesOf(errors)).toEqual({ snapshot: tooLarge });
    expect(data.run).toMatchObject({ logGroup: olostepBody.log_group, events: { totalCount: 3 } });
  });

  it('as an id are an error of the run, and as an error of Datafold that of the field', async () => {
    const world = await createWorld();
    world.olostep.on(olostepPath, { body: withMember(olostepBody, 'run_id', json) });
    world.datafold.on(datafoldPath, { body: withMember(datafoldBody, 'error', json) });

    const { data, errors } = await world.execute(
      'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id ... on DatafoldRun { error warnings } } }',
      { keys: [olostepKey, datafoldKey] },
    );

    expect(codesOf(errors)).toEqual({ 0: tooLarge, '1.error': tooLarge });
    expect(data.monitorRuns).toMatchObject([null, { error: null, warnings: datafoldBody.warnings }]);
  });

  it('in an event cost that field of the event alone', async () => {
    const world = await createWorld();
    const events = `[{"id":"a"},{"id":"b","event":${json}},{"id":"c"}]`;
    world.olostep.on(olostepPath, { body: withMember(olostepBody, 'events', events) });

    const { data, errors } = await requestRun(world, 'logGroup events(first: 3) { nodes { id event } }');

    expect(codesOf(errors)).toEqual({ 'events.nodes.1.event': tooLarge });
    expect(data.run).toEqual({
      logGroup: olostepBody.log_group,
      events: { nodes: ['a', 'b', 'c'].map((id) => ({ id, event: null })) },
    });
  });
});

describe('value limit: within the limit is', () => {
  it('a snapshot of 15 MB of text', async () => {
    const world = await createWorld();
    const text = 'The quick brown fox. '.repeat(700_000);
    world.olostep.on(olostepPath, { body: withMember(olostepBody, 'snapshot', JSON.stringify({ text })) });

    const { data, errors } = await requestRun(world, 'snapshot');

    expect(errors).toBeUndefined();
    expect(data.run.snapshot.text === text).toBe(true);
  });

  it.each([
    ['200,000 numbers', 200_000 - 10, (count: number) => `{"a":[${times(count, String)}]}`],
    ['50,000 members', 50_000 - 10, (count: number) => `{${times(count, (n) => `"m${n}":${n}`)}}`],
  ])('a snapshot of %s', async (_what, count, toJson) => {
    const world = await createWorld();
    const read = async (count: number) => {
      world.olostep.on(olostepPath, { body: withMember(olostepBody, 'snapshot', toJson(count)) });
      return requestRun(world, 'snapshot');
    };

    const { snapshot } = (await read(count)).data.run;
    expect(Object.keys(snapshot.a ?? snapshot)).toHaveLength(count);
    expect(codesOf((await read(count + 20)).errors)).toEqual({ snapshot: tooLarge });
  });

  it('each page of a log of 100,000 events, and what is read of all of them', async () => {
    const world = await createWorld({ limits: { compileAfterUses: 1_000 } });
    const event = (n: number) =>
      `{"id":"${n}","ts":${1.7e12 + n},"ingestion_ts":1700000000000,"stream":"s","message":"${'m'.repeat(50)}","event":{"event":"${n === 99_999 ? 'run_complete' : 'tick'}"}}`;
    world.olostep.on(olostepPath, { body: withMember(olostepBody, 'events', `[${times(100_000, event)}]`) });
    const cursor = Buffer.from('[98999,"98999"]').toString('base64url');

    const { data, errors } = await requestRun(
      world,
      `few: events(first: 10) { nodes { id } } startedAt finishedAt last: events(first: 1000, after: "${cursor}") { nodes { id } }
      done: events(kind: "run_complete") { totalCount }`,
    );

    expect(errors).toBeUndefined();
    expect(data.run.few.nodes).toHaveLength(10);
    expect(data.run.last.nodes.at(-1)).toEqual({ id: '99999' });
    expect(data.run).toMatchObject({ startedAt: '2023-11-14T22:13:20.000Z', done: { totalCount: 1 } });
  });

  it('a list of 3,000 monitors, however many values they have', async () => {
    const world = await createWorld();
    const monitors = Array.from({ length: 3_000 }, (_, n) => ({ ...olostepMonitorBody, id: `monitor_${n}` }));
    world.olostep.on('/v1/monitors', { body: { monitors, count: 3_000 } });

    const { data, errors } = await world.execute(
      `{ monitorList(provider: OLOSTEP, first: 100, after: "${Buffer.from('[5,"monitor_2899"]').toString('base64url')}") {
        totalCount nodes { id name }
      } }`,
    );

    expect(errors).toBeUndefined();
    expect(data.monitorList.totalCount).toBe(3_000);
    expect(data.monitorList.nodes.at(-1)).toEqual({
      id: 'OLOSTEP:monitor:monitor_2999',
      name: olostepMonitorBody.query,
    });
  });
});

describe('value limit: the limit', () => {
  const createLimited = (maxValues: number) => createWorld({ limits: { maxValues, lazyParseThresholdBytes: 0 } });

  it('can be set, and counts for all members of a response together', async () => {
    const world = await createLimited(100);
    const numbers = `[${times(60, String)}]`;
    const body = withMember(olostepMonitorBody, 'metadata', `{"a":${numbers}}`);
    world.olostep.on(`${olostepMonitorPath}?include_total_count=false`, {
      body: body.replace(/"output_schema":\{.*?\}\}\}/, `"output_schema":{"b":${numbers}}`),
    });
    const execute = (selection: string) =>
      world.execute(
        `{ monitor(key: { provider: OLOSTEP, monitorId: "${olostepKey.monitorId}" }) { ... on OlostepMonitor { ${selection} } } }`,
      );

    expect((await execute('metadata')).errors).toBeUndefined();
    expect((await execute('outputSchema')).errors).toBeUndefined();
    const { data, errors } = await execute('query metadata outputSchema webhookUrl');
    expect(codesOf(errors)).toEqual({ outputSchema: tooLarge });
    expect(data.monitor).toMatchObject({
      query: olostepMonitorBody.query,
      webhookUrl: olostepMonitorBody.webhook.url,
    });
  });

  it('is none for what is read of each event alone, as no event is parsed for it', async () => {
    const world = await createLimited(100);
    const events = `[${times(10, (n) => `{"\\u0069d":"${n}","ts":${1.7e12 + n},"event":{"a":[1,2,3]}}`)}]`;
    world.olostep.on(olostepPath, { body: withMember(olostepBody, 'events', events) });

    const orders = [
      'startedAt page: events(first: 2) { nodes { id } }',
      'page: events(first: 2) { nodes { id } } startedAt',
    ];
    for (const selection of orders) {
      const { data, errors } = await requestRun(world, `${selection} kind: events(kind: "x") { totalCount } logGroup`);

      expect(errors).toBeUndefined();
      expect(data.run).toMatchObject({
        startedAt: '2023-11-14T22:13:20.000Z',
        page: { nodes: [{ id: '0' }, { id: '1' }] },
        kind: { totalCount: 0 },
        logGroup: olostepBody.log_group,
      });
    }
  });

  it.each(['first: 8', 'first: 8, kind: "x"'])(
    'refuses what is too large in the last events of a page, where they have more together: %s',
    async (args) => {
      const world = await createLimited(140);
      const events = `[${times(10, (n) => `{"id":"${n}","event":{"type":"x","a":[1,2,3]}}`)}]`;
      world.olostep.on(olostepPath, { body: withMember(olostepBody, 'events', events) });

      const { data, errors } = await requestRun(world, `events(${args}) { nodes { id event } }`);

      const { nodes } = data.run.events;
      expect(nodes.slice(0, 6).map(({ id }: { id: string }) => id)).toEqual(['0', '1', '2', '3', '4', '5']);
      expect(new Set(Object.values(codesOf(errors)))).toEqual(new Set([tooLarge]));
      expect(Object.keys(codesOf(errors)).length).toBeGreaterThan(0);
    },
  );

  it('refuses a response whose end HTTP does not tell, as it is parsed whole', async () => {
    const world = await createLimited(100);
    const unmeasured =
      (text: string): Handler =>
      ({ socket }) =>
        void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${text}`);
    world.olostep.on(olostepPath, unmeasured(withMember(olostepBody, 'other', `[${times(200, String)}]`)));

    const { data, errors } = await requestRun(world, 'logGroup');

    expect(data).toEqual({ run: null });
    expect(codesOf(errors)).toEqual({ '': tooLarge });
    expect(world.olostep.paths).toHaveLength(1);
  });

  it('ends the search for a member', () => {
    const names = (count: number) => times(count, (n) => `"m${n}":1`);
    const read = (count: number) => lazyObject(Buffer.from(`{${names(count)},"a":2}`), 0, 8_000).get('a');

    expect(read(2_990)).toBe(2);
    expect(String(read(3_010))).toBe('Symbol(tooLarge)');
  });
});

describe('value limit: the count of values', () => {
  it('is at least that of the values, and as large as the work for each member', () => {
    const countOf = (value: unknown): number => {
      if (typeof value !== 'object' || value === null) return 1;
      const inner = Object.values(value).reduce((sum: number, one) => sum + countOf(one), 0);
      return 1 + inner + (Array.isArray(value) ? 0 : 3 * Object.keys(value).length);
    };
    fc.assert(
      fc.property(
        fc.oneof(fc.array(jsonValue), fc.dictionary(fc.string({ unit: 'binary' }), jsonValue)),
        style,
        (value, written) => {
          const bytes = Buffer.from(write(value, written).trim());
          const { values, end } = measureNested(bytes, 0, 1e9);
          expect(end).toBe(bytes.length);
          expect(values).toBeGreaterThanOrEqual(countOf(JSON.parse(bytes.toString())));
          expect(values).toBeLessThanOrEqual(2 * bytes.length);
          expect(measureClosed(bytes, 0, bytes.length, 1e9).values).toBe(values);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['one string', `["${'\\n'.repeat(320)}"]`, 2 + 10],
    ['several strings', `[${'"\\\\\\"",'.repeat(160)}0]`, 2 + 160 + 10],
    ['a string that is no member', `"${'\\u0041'.repeat(64)}"`, 1 + 2],
  ])('32 escapes count as a value: in %s', (_where, text, values) => {
    expect(measureClosed(Buffer.from(text), 0, text.length, 1e9).values).toBe(values);
  });

  it('ends soon behind the limit, whatever follows', () => {
    const bytes = Buffer.from(`[${'1,'.repeat(100_000)}1]`);
    let reads = 0;
    const counted = new Proxy(bytes, {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
        return Reflect.get(target, name, target);
      },
    });

    expect(measureNested(counted, 0, 100).end).toBeUndefined();
    expect(reads).toBeLessThan(1_000);
  });

  it.each(['[1', '{"a":1', '[{"a":1]', '[1}', '["]', '[[]'])(
    'is none of what is not closed as it was opened: %s',
    (text) => {
      expect(() => measureNested(Buffer.from(text), 0, 1e9)).toThrow(SyntaxError);
      expect(lazyObject(Buffer.from(`{"a":${text}`), 0).get('a')).toBe(unreadable);
    },
  );
});
