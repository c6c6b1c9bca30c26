/** An answer over `lazyParseThresholdBytes` is read where it is selected, and nowhere else. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseJson } from '../../src/json/lossless.ts';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdDice } from '../support/clock.ts';
import type { Handler } from '../support/fake-upstream.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { jsonValue, style, write } from '../support/json-text.ts';
import { type Answer, createWorld, type World } from '../support/world.ts';

/** Makes a world that parses answers up to so many bytes whole. Many of its calls fail, and that mustn't stop the others. */
const createReading = (lazyParseThresholdBytes: number, limits: object = {}) =>
  createWorld({ limits: { lazyParseThresholdBytes, breakerMinCalls: 1e9, ...limits } });

const everything = Number.MAX_SAFE_INTEGER;
const run = `olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}")`;
const eventFields = 'id timestamp ingestedAt stream message kind event';
const all = `phase outcome startedAt finishedAt snapshot logGroup events { totalCount nodes { ${eventFields} } }`;

beforeEach(() => holdDice(0));

/** The text of the answer, but for the id of the request, and for how else the same values can be written. */
async function textOf(world: World, query: string): Promise<string> {
  const response = await world.post(JSON.stringify({ query }));
  const text = JSON.stringify(parseJson(await response.text()));
  return text.replaceAll(/"requestId":"[^"]*"/g, '');
}

const execute = (world: World, selection: string): Promise<Answer> => world.execute(`{ ${run} { ${selection} } }`);
const codesOf = ({ errors = [] }: Answer) =>
  Object.fromEntries(errors.map(({ path = [], extensions }) => [path.slice(1).join('.'), extensions.code]));
const bad = (...places: readonly string[]) =>
  Object.fromEntries(places.map((place) => [place, 'UPSTREAM_BAD_RESPONSE']));

describe('lazy parsing: a large answer says what it would say if it were small', () => {
  const kinds = fc.oneof(fc.constantFrom('run_complete', 'tick', 'tock'), fc.string({ unit: 'binary' }));
  const time = fc.integer({ min: 0, max: 4e12 });
  /** Mostly as it is documented. */
  const eventLike = (isBroken: boolean) => {
    const orOdd = (documented: fc.Arbitrary<unknown>) => (isBroken ? fc.oneof(documented, jsonValue) : documented);
    const event = fc.oneof(
      fc.record({ event: orOdd(kinds), type: orOdd(kinds), kind: kinds, name: kinds }, { requiredKeys: [] }),
      fc.dictionary(fc.string({ unit: 'binary' }), jsonValue, { maxKeys: 4 }),
    );
    return fc.record(
      {
        ...{ id: orOdd(fc.string()), ts: orOdd(time), ingestion_ts: orOdd(time), stream: orOdd(fc.string()) },
        ...{
          message: orOdd(fc.string({ unit: 'binary', maxLength: 150 })),
          event: orOdd(event),
          undocumented: jsonValue,
        },
      },
      { requiredKeys: [] },
    );
  };
  const log = fc.oneof(
    fc.array(eventLike(false), { maxLength: 8 }),
    fc.array(fc.oneof({ weight: 9, arbitrary: eventLike(true) }, jsonValue), { maxLength: 8 }),
  );
  const body = fc.record(
    {
      monitor_id: fc.constantFrom<unknown>(olostepKey.monitorId, olostepKey.monitorId, null, 'another'),
      run_id: fc.constantFrom<unknown>(olostepKey.runId, olostepKey.runId, null, 7),
      snapshot: fc.oneof(fc.dictionary(fc.string(), jsonValue), fc.constant(null), jsonValue),
      log_group: fc.oneof(fc.string(), jsonValue),
      events: fc.oneof({ weight: 9, arbitrary: log }, jsonValue),
      undocumented: jsonValue,
    },
    { requiredKeys: [] },
  );
  const first = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(1_000));
  const after = fc
    .tuple(fc.nat(9), fc.constantFrom(null, '', 'x'))
    .map((cursor) => Buffer.from(JSON.stringify(cursor)).toString('base64url'));
  const page = fc
    .tuple(first, fc.option(after), fc.option(fc.constantFrom('tick', 'run_complete')))
    .map(([first, after, kind]) => JSON.stringify({ first, after, kind }).slice(1, -1))
    .map((args) => args.replace(/"(\w+)":/g, '$1:'))
    .chain((args) =>
      fc
        .subarray(
          [
            'totalCount',
            `nodes { ${eventFields} }`,
            'nodes { ...on AgentLogEvent { what: kind __typename } kind }',
            'nodes { kind @include(if: $isWanted) }',
            'edges { node { id @include(if: $isWanted) } cursor @include(if: $isWanted) }',
            'edges { cursor node { id kind } }',
            `edges { node { ${eventFields} } __typename }`,
            'pageInfo { hasNextPage hasPreviousPage }',
            'pageInfo { startCursor endCursor }',
          ],
          { minLength: 1 },
        )
        .map((fields) => `events(${args}) { ${fields.join(' ')} }`),
    );
  const selection = fc
    .tuple(
      fc.shuffledSubarray(['runId', 'phase', 'outcome', 'startedAt', 'finishedAt', 'snapshot', 'logGroup']),
      fc.array(page, { maxLength: 3 }),
    )
    .map(([fields, pages]) => [...fields, ...pages.map((page, n) => `p${n}: ${page}`), 'id'].join(' '));

  /** Reads what is selected and no more, by a plan from the first time on; and reads all, as GraphQL executes it. */
  const createBoth = (limits: object) =>
    Promise.all([
      createReading(0, { ...limits, compileAfterUses: 1 }),
      createReading(everything, { ...limits, compileAfterUses: everything }),
    ]);

  it.each([
    ['whatever is in it, however it is written, whatever is selected', casesOf(600, 60), [1e9]],
    ['as far as it may be answered with', casesOf(150, 15), [100, 1_500, 3_000, 5_000]],
  ])('%s', fuzz, async (_what, numRuns, limits) => {
    for (const maxResponseBytes of limits) {
      const worlds = await createBoth({ maxResponseBytes });
      const check = async (text: string, selection: string) => {
        for (const world of worlds) world.olostep.on(olostepPath, { body: text });
        const query = `query ($isWanted: Boolean = false) { ${run} { ${selection} phase @include(if: $isWanted) } }`;
        const [lazy, whole] = await Promise.all(worlds.map((world) => textOf(world, query)));
        expect(lazy).toBe(whole);
      };
      await fc.assert(
        fc.asyncProperty(body, style, fc.infiniteStream(fc.nat()), selection, (body, written, dice, selection) => {
          const members = Object.entries(body).map((member) => ({ member, at: dice.next().value ?? 0 }));
          const shuffled = members.sort((a, b) => a.at - b.at).map(({ member }) => member);
          return check(write(Object.fromEntries(shuffled), written), selection);
        }),
        { numRuns },
      );
    }
  });

  const long = 'x'.repeat(10_000);
  const bytesOf = (lines: number) => lines * (16 + 1_000);
  it.each([
    ['message', bytesOf(2) + 15_000, [{ message: long }, { message: long }]],
    ['message', bytesOf(2) + 10_000, [{ message: long }, { message: '' }]],
    ['event', bytesOf(2) + 15_000, [{ event: { long } }, { event: { long } }]],
    ['event', bytesOf(2) + 9_000, [{ event: { long: '' } }, { event: { long } }]],
    ['kind', bytesOf(2) + 15_000, [{ event: { type: long } }, { event: { type: long } }]],
    ['id', bytesOf(2) + 15_000, [{ id: long }, { id: long }]],
  ])('where its events have more of %s than %i bytes hold', async (name, maxResponseBytes, events) => {
    const worlds = await createBoth({ maxResponseBytes });
    const answers = [];
    for (const world of worlds) {
      world.olostep.on(olostepPath, { body: { events } });
      for (const selection of [`nodes { ${name} }`, `edges { node { ${name} } }`])
        answers.push(await execute(world, `events(first: 1000) { ${selection} }`));
    }

    const [byPlan, edgesByPlan, expected, expectedEdges] = answers;
    expect(Object.values(codesOf(expected as Answer))).toContain('OPERATION_TOO_COSTLY');
    expect(codesOf(byPlan as Answer)).toEqual(codesOf(expected as Answer));
    expect(codesOf(edgesByPlan as Answer)).toEqual(codesOf(expectedEdges as Answer));
  });

  it.each([
    ['ids', '"id":"LONG"', 'events(first: 1000, after: "WzAsInEiXQ") { totalCount }'],
    ['ids by their codes', '"id":"\\u0041LONG"', 'events(first: 1000, after: "WzAsInEiXQ") { totalCount }'],
    ['kinds by their codes', '"event":{"type":"\\u0041LONG"}', 'events(first: 1000, kind: "x") { totalCount }'],
    ['white space', '"event":{"a": SPACE}', 'events(first: 1000) { nodes { event } }'],
  ])('with long %s, however often a page is requested', async (_what, member, page) => {
    const text = member.replace('LONG', 'x'.repeat(500_000)).replace('SPACE', `${' '.repeat(500_000)}1`);
    const selection = Array.from({ length: 40 }, (_, place) => `p${place}: ${page}`).join(' ');
    const answers = [];
    for (const world of await createBoth({})) {
      world.olostep.on(olostepPath, { body: `{"events":[{${text}},{"id":"q"}]}` });
      answers.push((await execute(world, selection)).data);
    }

    const [lazy, parsed] = answers;
    expect(lazy).toEqual(parsed);
  });

  it('where nothing is selected of its events after all', async () => {
    for (const world of await createBoth({})) {
      world.olostep.on(olostepPath, { body: { events: [{ id: 'a' }, { id: 'b' }] } });
      const nothing = 'id @include(if: false)';
      const answer = await execute(world, `events(first: 1000) { nodes { ${nothing} } edges { node { ${nothing} } } }`);

      expect(answer.data.olostepRun.events).toEqual({ nodes: [{}, {}], edges: [{ node: {} }, { node: {} }] });
    }
  });

  it('with its events, by a plan as by the executor of GraphQL', async () => {
    const world = await createReading(0, { compileAfterUses: 2 });
    const event = '{"big":12345678901234567890,"round":1.0,"text":"\\u00e9\\/é😀"}';
    world.olostep.on(olostepPath, {
      body: JSON.stringify({ events: '@' }).replace('"@"', `[ { "event" : ${event} } ]`),
    });
    const query = JSON.stringify({
      query: `{ ${run} { events(first: 1000) { nodes { event } edges { node { event } } } } }`,
    });
    const textOf = async () => (await world.post(query)).text();
    const answer = (event: string) =>
      `{"data":{"olostepRun":{"events":{"nodes":[{"event":${event}}],"edges":[{"node":{"event":${event}}}]}}}}`;

    const written = '{"big":12345678901234567890,"round":1,"text":"é/é😀"}';
    expect(await textOf()).toBe(answer(written));
    expect(await textOf()).toBe(answer(written));
  });

  it('of any provider', async () => {
    const world = await createReading(0);
    const { monitorId, runId } = datafoldKey;
    world.datafold.on(datafoldPath, { body: JSON.stringify(datafoldBody, null, 2) });

    expect(
      await world.execute(
        `{ datafoldRun(monitorId: "${monitorId}", runId: "${runId}") { state startedAt diffId error warnings } }`,
      ),
    ).toEqual({
      data: {
        datafoldRun: {
          state: 'OK',
          startedAt: '2026-11-20T08:00:00.000Z',
          diffId: '2262836',
          error: null,
          warnings: datafoldBody.warnings,
        },
      },
    });
  });
});

it('lazy parsing: A large answer is read whatever number of members comes first', async () => {
  const world = await createWorld();
  const others = Array.from({ length: 3_000 }, (_, place) => `"other-${place}":${place},`).join('');
  const behind = (body: object) => ({ body: `{${others}${JSON.stringify(body).slice(1)}` });
  world.datafold.on(datafoldPath, behind(datafoldBody));
  world.olostep.on(olostepPath, behind(olostepBody));
  const query = `query ($key: MonitorRunKey!) {
    monitorRun(key: $key) { phase ... on DatafoldRun { warnings diffId } ... on OlostepRun { logGroup events { totalCount } } }
  }`;

  expect(await world.execute(query, { key: datafoldKey })).toEqual({
    data: { monitorRun: { phase: 'FINISHED', warnings: datafoldBody.warnings, diffId: String(datafoldBody.diff_id) } },
  });
  expect(await world.execute(query, { key: olostepKey })).toEqual({
    data: { monitorRun: { phase: 'FINISHED', logGroup: olostepBody.log_group, events: { totalCount: 3 } } },
  });
  // It is held against the ids as any other.
  world.datafold.on(datafoldPath, behind({ ...datafoldBody, run_id: 43 }));
  expect((await world.execute(query, { key: datafoldKey })).errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_BAD_RESPONSE' } },
  ]);
});

describe('lazy parsing: a large answer that is broken', () => {
  const { monitor_id, run_id, ...rest } = olostepBody;
  const ids = JSON.stringify({ monitor_id, run_id }).slice(1, -1);
  const [first, second, third] = olostepBody.events.map((event) => JSON.stringify(event));
  const ofBody = async (body: string, selection = all, limits: object = {}) => {
    const world = await createReading(0, limits);
    world.olostep.on(olostepPath, { body });
    return { world, answer: await execute(world, selection) };
  };

  it.each([
    `{"x":{,${ids}}`,
    `{"x":1 ${ids}}`,
    `{"x",${ids}}`,
    `{x:1,${ids}}`,
    `{"x":"\n,${ids}}`,
    `{,${ids}}`,
    `{${ids.replace('"run_id"', 'run_id')}}`,
    `{${ids.replace('"run_', 'run_')}}`,
  ])('before its ids is no run, and is requested again: %s', async (body) => {
    const { world, answer } = await ofBody(body, 'runId');

    expect(answer.data).toEqual({ olostepRun: null });
    expect(codesOf(answer)).toEqual(bad(''));
    expect(world.olostep.paths).toHaveLength(2);
    expect(world.lines).toContainEqual(expect.objectContaining({ reason: 'body', attempts: 2 }));
  });

  it.each([
    ['snapshot', '{"price":19.9.0}'],
    ['snapshot', '{"price":NaN}'],
    ['snapshot', '{"price"}'],
    ['log_group', '"\n"'],
    ['log_group', '"\\x"'],
    ['log_group', 'text'],
  ])('in its %s, %s, loses nothing else', async (name, json) => {
    const body = JSON.stringify({ ...olostepBody, [name]: '@' }).replace('"@"', () => json);
    const { answer } = await ofBody(body);
    const { answer: well } = await ofBody(JSON.stringify(olostepBody));

    const field = name === 'snapshot' ? 'snapshot' : 'logGroup';
    expect(codesOf(answer)).toEqual(bad(field));
    expect(answer.data.olostepRun).toEqual({ ...well.data.olostepRun, [field]: null });
  });

  it('in an event loses that event', async () => {
    const body = JSON.stringify(olostepBody).replace(second ?? '', '{"id":}');
    const { answer } = await ofBody(body);
    const { answer: well } = await ofBody(JSON.stringify(olostepBody));

    expect(codesOf(answer)).toEqual(bad('events.nodes.1'));
    const { events, ...fields } = well.data.olostepRun;
    const nodes = [events.nodes[0], null, events.nodes[2]];
    expect(answer.data.olostepRun).toEqual({ ...fields, events: { totalCount: 3, nodes } });
  });

  it.each([
    `[${first},${second},${third}`,
    `[${first},{${second},${third}]`,
    `[${first},[${second},${third}]`,
    `[${first},${second},${third?.slice(0, -1)}]`,
  ])('in the end of its log loses the log, and what is read from it', async (log) => {
    const body = `{${ids},"snapshot":{},"events":${log}}`;
    const { answer } = await ofBody(body);

    expect(codesOf(answer)).toEqual(bad('startedAt', 'finishedAt', 'events', 'logGroup'));
    expect(answer.data.olostepRun).toMatchObject({ phase: 'FINISHED', snapshot: {} });
  });

  it('in what is not selected is not found to be so', async () => {
    const body = `{${ids},"log_group":"x","x":NaN,"snapshot":{1},"events":[}]}}`;

    const { answer } = await ofBody(body, 'runId logGroup');

    expect(answer).toEqual({ data: { olostepRun: { runId: olostepKey.runId, logGroup: 'x' } } });
  });

  it('has nothing behind the break', async () => {
    const body = `{${ids},"log_group":"x" "snapshot":{},"events":[]}`;

    const { answer } = await ofBody(body);

    expect(codesOf(answer)).toEqual(bad('startedAt', 'finishedAt', 'snapshot', 'events'));
    expect(answer.data.olostepRun).toMatchObject({ phase: 'UNKNOWN', logGroup: 'x' });
  });

  it('is found to be so, wherever it is, where all answers are parsed whole', async () => {
    const body = `{${ids},"log_group":"x","x":NaN}`;

    const { answer } = await ofBody(body, 'runId', { lazyParseThresholdBytes: everything });

    expect(codesOf(answer)).toEqual(bad(''));
  });

  describe('because it was cut off', () => {
    const body = `{${ids},${JSON.stringify({ ...rest, events: rest.events.slice(2) }).slice(1)}`;
    const cuts = Array.from(body, (_, length) => body.slice(0, length));
    /** Ends with the connection, and says nothing of a length. */
    const unmeasured =
      (text: string): Handler =>
      ({ socket }) =>
        void socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${text}`);

    it('by a provider that then said that this is all of it, is never read wrongly', async () => {
      const world = await createReading(0, { maxAttempts: 1 });
      world.olostep.on(olostepPath, { body });
      const { olostepRun: well } = (await execute(world, all)).data;

      for (const cut of cuts) {
        world.olostep.on(olostepPath, { body: cut });
        const answer = await execute(world, all);

        const codes = codesOf(answer);
        expect(new Set(Object.values(codes))).toEqual(new Set(['UPSTREAM_BAD_RESPONSE']));
        const { olostepRun: read } = answer.data;
        if (read === null) continue;
        for (const field of Object.keys(well)) {
          if (codes[field] === undefined) expect([field, read[field]]).toEqual([field, well[field]]);
          else expect(read[field]).toBeNull();
        }
      }
    });

    it('by a connection that ended, is no answer', async () => {
      const world = await createReading(0, { maxAttempts: 1 });
      for (const cut of cuts) {
        world.olostep.on(olostepPath, unmeasured(cut));
        expect(codesOf(await execute(world, 'runId'))).toEqual(bad(''));
      }
      world.olostep.on(olostepPath, unmeasured(body));
      expect(await execute(world, 'runId')).toEqual({ data: { olostepRun: { runId: olostepKey.runId } } });
    });
  });
});

describe('lazy parsing: of two members of one name', () => {
  const body = (...members: readonly string[]) => `{${members.join(',')}}`;
  const mine = `"run_id":"${olostepKey.runId}"`;
  const other = '"run_id":"run_other"';

  it.each([
    ['the first counts in a large answer', 0, { snapshot: { a: 1 } }],
    ['the last counts in a small one', everything, { snapshot: { a: 2 } }],
  ])('%s', async (_what, lazyParseThresholdBytes, read) => {
    const world = await createReading(lazyParseThresholdBytes);
    world.olostep.on(olostepPath, { body: body(mine, '"snapshot":{"a":1}', '"snapshot":{"a":2}') });

    expect(await execute(world, 'snapshot')).toEqual({ data: { olostepRun: read } });
  });

  it.each([
    [0, body(other, mine)],
    [0, body(other, '"run\\u005fid":"x"', mine)],
    [everything, body(mine, other)],
  ])('it is the one that counts which says whose run it is', async (lazyParseThresholdBytes, text) => {
    const world = await createReading(lazyParseThresholdBytes);
    world.olostep.on(olostepPath, { body: text });

    expect(codesOf(await execute(world, 'runId'))).toEqual(bad(''));
    expect(world.lines).toContainEqual(expect.objectContaining({ reason: 'id_mismatch' }));
  });
});

it.each([
  ['and cut off', `{"n":12345678901234567,"t":"${'\\"'.repeat(100_000)}`],
  ['and has such a member', `{"snapshot":12345678901234567${'\\"'.repeat(100_000)}}`],
])(
  'lazy parsing: A body of quotes that is no JSON %s is given up as soon as any other',
  { timeout: 10_000 },
  async (_how, body) => {
    const world = await createReading(0, { maxAttempts: 1 });
    world.olostep.on(olostepPath, { body });

    expect(Object.values(codesOf(await execute(world, 'snapshot')))).toEqual(['UPSTREAM_BAD_RESPONSE']);
  },
);

describe('lazy parsing: a large answer is skipped', () => {
  it.each([
    ['lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['brackets in a text', JSON.stringify('[{"'.repeat(100_000))],
  ])('however deep %s go in it', async (_what, json) => {
    const world = await createReading(0);
    const { monitor_id, ...rest } = olostepBody;
    world.olostep.on(olostepPath, { body: JSON.stringify({ x: '@', ...rest, monitor_id }).replace('"@"', () => json) });

    expect(await execute(world, 'logGroup events { totalCount }')).toEqual({
      data: { olostepRun: { logGroup: olostepBody.log_group, events: { totalCount: 3 } } },
    });
  });
});
