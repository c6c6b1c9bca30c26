import { describe, expect, it } from 'vitest';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
} from '../support/bodies.ts';
import { holdClock, holdDice } from '../support/clock.ts';
import { type FakeUpstream, type Handler, silence } from '../support/fake-upstream.ts';
import { type Answer, createWorld, verifyCredentials, type World } from '../support/world.ts';

const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }';
const nodesQuery = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';

/** The runs 1 to `count`. */
const runs = (count: number) => Array.from({ length: count }, (_, index) => anyDatafoldRun(index + 1));
const id = ({ key }: ReturnType<typeof anyDatafoldRun>) => `DATAFOLD:${key.monitorId}:${key.runId}`;
const found = (run: ReturnType<typeof anyDatafoldRun>) => ({ id: id(run) });

/** A fake upstream that has these runs. */
function have(far: FakeUpstream, all: readonly ReturnType<typeof anyDatafoldRun>[]): void {
  for (const { path, body } of all) far.on(path, { body });
}

/** A fake upstream that answers these runs one by one on demand, the longest waiting first. */
function respondLater(far: FakeUpstream, all: readonly ReturnType<typeof anyDatafoldRun>[]) {
  const waiting: (() => void)[] = [];
  for (const { path, body } of all) {
    const answer: Handler = (_request, response) => {
      waiting.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)));
    };
    far.on(path, answer);
  }
  return { answerOne: () => waiting.shift()?.() };
}

/** The calls that have failed so far. */
const failures = ({ lines }: World) => lines.filter(({ message }) => message === 'upstream call failed');

const error = (path: readonly (string | number)[], code: string) =>
  expect.objectContaining({
    path,
    extensions: expect.objectContaining({ code }),
  });

/** Errors are in the order in which they occur; here, in the order of their paths. */
const inOrder = (errors: Answer['errors'] = []) => errors.toSorted((a, b) => Number(a.path?.[1]) - Number(b.path?.[1]));

describe('batching: a run that is requested more than once', () => {
  it('is one call: 100 keys of 50 runs are 50 calls, answered in the order of keys', async () => {
    const world = await createWorld();
    const all = runs(50);
    have(world.datafold, all);
    const requested = [...all, ...all.toReversed()];

    const answer = await world.execute(query, { keys: requested.map(({ key }) => key) });

    expect(answer).toEqual({ data: { monitorRuns: requested.map(found) } });
    expect(world.datafold.paths.toSorted()).toEqual(all.map(({ path }) => path).toSorted());
  });

  it('is one call, whichever fields and aliases select it', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.olostep.on(olostepPath, { body: olostepBody });

    const { data, errors } = await world.execute(
      `query ($datafold: MonitorRunKey!, $olostep: MonitorRunKey!) {
        a: monitorRun(key: $datafold) { id phase startedAt }
        b: monitorRun(key: $datafold) { ... on DatafoldRun { id diffId warnings } }
        c: datafoldRun(monitorId: "7", runId: "42") { id state error }
        d: datafoldRun(monitorId: 7, runId: 42) { id rawState }
        e: node(id: "DATAFOLD:7:42") { id }
        f: nodes(ids: ["DATAFOLD:7:42", "OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd", "DATAFOLD:7:42"]) { id }
        g: monitorRuns(keys: [$datafold, $olostep, $datafold]) { id }
        h: olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") { id snapshot }
        i: monitorRun(key: $olostep) { id ... on OlostepRun { events { totalCount } more: events(first: 1) { nodes { id } } } }
      }`,
      { datafold: datafoldKey, olostep: olostepKey },
    );

    expect(errors).toBeUndefined();
    const [d, o] = [{ id: 'DATAFOLD:7:42' }, { id: 'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd' }];
    expect(data).toMatchObject({ a: d, b: d, c: d, d, e: d, f: [d, o, d], g: [d, o, d], h: o, i: o });
    expect(world.datafold.paths).toEqual([datafoldPath]);
    expect(world.olostep.paths).toEqual([olostepPath]);
  });

  it('is one call, also when it fails', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { status: 409 });

    const { data, errors } = await world.execute(query, { keys: [datafoldKey, datafoldKey, datafoldKey] });

    expect(data).toEqual({ monitorRuns: [null, null, null] });
    expect(errors).toEqual([0, 1, 2].map((place) => error(['monitorRuns', place], 'UPSTREAM_BAD_RESPONSE')));
    expect(world.datafold.paths).toEqual([datafoldPath]);
    expect(failures(world)).toHaveLength(1);
  });

  it('is tried again once for all, when it fails', async () => {
    holdDice(0);
    const world = await createWorld();
    world.datafold.on(datafoldPath, { status: 500 });

    const { data, errors } = await world.execute(query, { keys: [datafoldKey, datafoldKey, datafoldKey] });

    expect(data).toEqual({ monitorRuns: [null, null, null] });
    expect(errors).toEqual([0, 1, 2].map((place) => error(['monitorRuns', place], 'UPSTREAM_UNAVAILABLE')));
    expect(world.datafold.paths).toEqual([datafoldPath, datafoldPath, datafoldPath]);
    expect(failures(world)).toHaveLength(1);
  });

  it('is one call, also when there is no such run', async () => {
    const world = await createWorld();
    await verifyCredentials(world);

    expect(await world.execute(query, { keys: [datafoldKey, datafoldKey] })).toEqual({
      data: { monitorRuns: [null, null] },
    });
    expect(world.datafold.paths).toEqual([datafoldPath]);
  });

  it('is two runs, when only one of its ids is the same', async () => {
    const world = await createWorld();
    const keys = [
      { ...datafoldKey, monitorId: '1', runId: '12' },
      { ...datafoldKey, monitorId: '11', runId: '2' },
      { ...datafoldKey, monitorId: '1', runId: '2' },
      { ...datafoldKey, monitorId: '11', runId: '12' },
    ];
    for (const { monitorId, runId } of keys) {
      const body = { ...datafoldBody, monitor_id: Number(monitorId), run_id: Number(runId) };
      world.datafold.on(`/api/v1/monitors/${monitorId}/runs/${runId}`, { body });
    }

    expect(await world.execute(query, { keys })).toEqual({
      data: { monitorRuns: keys.map(({ monitorId, runId }) => ({ id: `DATAFOLD:${monitorId}:${runId}` })) },
    });
    expect(world.datafold.paths).toHaveLength(4);
  });

  it('is two calls in two requests, one after the other', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const states = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { ... on DatafoldRun { state } } }';

    expect(await world.execute(states, { key: datafoldKey })).toEqual({ data: { monitorRun: { state: 'OK' } } });
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, state: 'alert' } });
    expect(await world.execute(states, { key: datafoldKey })).toEqual({ data: { monitorRun: { state: 'ALERT' } } });
    expect(world.datafold.paths).toEqual([datafoldPath, datafoldPath]);
  });

  it('is two calls in two requests, side by side', async () => {
    const world = await createWorld();
    const { answerOne } = respondLater(world.datafold, [anyDatafoldRun(42)]);

    const requested = [1, 2].map(() => world.execute(query, { keys: [datafoldKey] }));
    await world.datafold.arrived(2);
    answerOne();
    answerOne();

    expect(await Promise.all(requested)).toEqual(
      [1, 2].map(() => ({ data: { monitorRuns: [{ id: 'DATAFOLD:7:42' }] } })),
    );
  });
});

describe('batching: among many keys,', () => {
  it('a bad one, a failing one and a missing one touch no other', async () => {
    holdDice(0);
    const world = await createWorld();
    const all = runs(6);
    have(world.datafold, all);
    world.datafold.on('/api/v1/monitors/7/runs/2', { status: 500 });
    world.datafold.on('/api/v1/monitors/7/runs/4', { status: 404 });
    world.olostep.on(olostepPath, { body: olostepBody });
    const [one, two, three, four, five, six] = all.map(({ key }) => key);
    const bad = { ...datafoldKey, runId: '../42' };

    const answer = await world.execute(query, { keys: [one, two, bad, three, four, olostepKey, five, bad, six] });

    expect(answer.data.monitorRuns.map((run: { id: string } | null) => run?.id)).toEqual([
      'DATAFOLD:7:1',
      undefined,
      undefined,
      'DATAFOLD:7:3',
      undefined,
      'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd',
      'DATAFOLD:7:5',
      undefined,
      'DATAFOLD:7:6',
    ]);
    expect(answer.errors).toHaveLength(3);
    expect(answer.errors).toEqual(
      expect.arrayContaining([
        error(['monitorRuns', 1], 'UPSTREAM_UNAVAILABLE'),
        error(['monitorRuns', 2], 'BAD_USER_INPUT'),
        error(['monitorRuns', 7], 'BAD_USER_INPUT'),
      ]),
    );
    // Each once, and the failing one twice more.
    const twoMore = Array(2).fill('/api/v1/monitors/7/runs/2');
    expect(world.datafold.paths.toSorted()).toEqual([...all.map(({ path }) => path), ...twoMore].toSorted());
  });

  it('the same holds of ids', async () => {
    const world = await createWorld();
    have(world.datafold, runs(3));
    world.datafold.on('/api/v1/monitors/7/runs/2', { status: 403 });
    const strange = ['', 'x', 'DATAFOLD:7', 'DATAFOLD:7:42:1', 'datafold:7:42', 'NEITHER:7:42', 'toString:7:42'];
    const ids = ['DATAFOLD:7:1', 'DATAFOLD:7:2', 'DATAFOLD:7:9', ...strange, 'DATAFOLD:7:03', 'DATAFOLD:7:3'];

    const { data, errors = [] } = await world.execute(nodesQuery, { ids });

    expect(data.nodes).toEqual([{ id: 'DATAFOLD:7:1' }, ...Array(10).fill(null), { id: 'DATAFOLD:7:3' }]);
    expect(errors).toHaveLength(9);
    expect(errors).toEqual(
      expect.arrayContaining([
        error(['nodes', 1], 'FORBIDDEN'),
        ...[3, 4, 5, 6, 7, 8, 9, 10].map((place) => error(['nodes', place], 'BAD_USER_INPUT')),
      ]),
    );
    expect(world.datafold.paths).toHaveLength(4);
  });

  it('a silent one is waited for until its time is up, and holds up no other, of either provider', async () => {
    // With two places each, one of them taken by silence, a call goes out once the one before it has been answered.
    const world = await createWorld({ limits: { maxConcurrentCalls: 2, operationTimeoutMs: 5_000 } });
    const datafold = [1, 2, 3, 4].map((runId) => anyDatafoldRun(runId));
    have(world.datafold, datafold.slice(1, 3));
    const olostep = ['run_1', olostepKey.runId, 'run_3'].map((runId) => ({ ...olostepKey, runId }));
    world.olostep.on(olostepPath, { body: olostepBody });
    for (const far of [world.datafold, world.olostep]) far.onAny(silence);
    const clock = holdClock();
    holdDice(0);

    const requested = world.execute(query, { keys: [...datafold.map(({ key }) => key), ...olostep] });
    await Promise.all([world.datafold.arrived(4), world.olostep.arrived(3)]);
    await clock.pass(3_000);
    // The silent ones are called once more, for the rest of the time.
    await Promise.all([world.datafold.arrived(6), world.olostep.arrived(5)]);
    await clock.pass(2_000);

    const { data, errors } = await requested;
    expect(data.monitorRuns.map((run: { id: string } | null) => run?.id)).toEqual([
      undefined,
      'DATAFOLD:7:2',
      'DATAFOLD:7:3',
      undefined,
      undefined,
      'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd',
      undefined,
    ]);
    expect(inOrder(errors)).toEqual([0, 3, 4, 6].map((place) => error(['monitorRuns', place], 'UPSTREAM_TIMEOUT')));
    expect(world.datafold.paths).toHaveLength(6);
    expect(world.olostep.paths).toHaveLength(5);
  });
});

describe('batching: of calls in flight at a time,', () => {
  it('there are 32 to a provider, never more, and the next goes as soon as one is answered', async () => {
    const world = await createWorld();
    const all = runs(50);
    const { answerOne } = respondLater(world.datafold, all);

    const requested = world.execute(query, { keys: all.map(({ key }) => key) });
    await world.datafold.arrived(32);
    for (let arrived = 33; arrived <= 50; arrived++) {
      answerOne();
      await world.datafold.arrived(arrived);
    }
    for (let left = 32; left > 0; left--) answerOne();

    expect(await requested).toEqual({ data: { monitorRuns: all.map(found) } });
    expect(world.datafold.maxAtOnce()).toBe(32);
    expect(world.datafold.paths.slice(32)).toEqual(all.slice(32).map(({ path }) => path));
  });

  it('there are 32 to a provider in all requests together', async () => {
    const world = await createWorld();
    const all = runs(20);
    const { answerOne } = respondLater(world.datafold, all);
    const keys = all.map(({ key }) => key);

    const requested = [1, 2, 3].map(() => world.execute(query, { keys }));
    await world.datafold.arrived(32);
    for (let arrived = 33; arrived <= 60; arrived++) {
      answerOne();
      await world.datafold.arrived(arrived);
    }
    for (let left = 32; left > 0; left--) answerOne();

    for (const answer of await Promise.all(requested))
      expect(answer).toEqual({ data: { monitorRuns: all.map(found) } });
    expect(world.datafold.maxAtOnce()).toBe(32);
  });

  it('those to one provider hold up none to the other', async () => {
    const world = await createWorld();
    const all = runs(50);
    const { answerOne } = respondLater(world.datafold, all);
    world.olostep.on(olostepPath, { body: olostepBody });

    const requested = world.execute(query, { keys: [...all.map(({ key }) => key), olostepKey] });
    await world.datafold.arrived(32);
    await world.olostep.arrived(1);
    expect(await world.execute(query, { keys: [olostepKey] })).toMatchObject({ data: { monitorRuns: [{}] } });
    expect(world.datafold.maxAtOnce()).toBe(32);
    expect(world.datafold.paths).toHaveLength(32);

    for (let arrived = 33; arrived <= 82; arrived++) {
      answerOne();
      await world.datafold.arrived(Math.min(arrived, 50));
    }
    expect((await requested).errors).toBeUndefined();
  });

  it('those that fail make room as well', async () => {
    const world = await createWorld({ limits: { maxConcurrentCalls: 2 } });
    const all = runs(20);
    world.datafold.onAny({ status: 403 });

    const { errors } = await world.execute(query, { keys: all.map(({ key }) => key) });

    expect(inOrder(errors)).toEqual(all.map((_run, place) => error(['monitorRuns', place], 'FORBIDDEN')));
    expect(world.datafold.paths).toEqual(all.map(({ path }) => path));
  });

  it('those that are tried again make room in between', async () => {
    const world = await createWorld({ limits: { maxConcurrentCalls: 1 } });
    const [failing, other] = [anyDatafoldRun(1), anyDatafoldRun(2)];
    world.datafold.on(failing.path, { status: 500 });
    have(world.datafold, [other]);
    const clock = holdClock();
    holdDice(0.5);

    const requested = world.execute(query, { keys: [failing.key, other.key] });
    await clock.waitOf(50);
    await world.datafold.arrived(2);
    have(world.datafold, [failing]);
    await clock.pass(50);

    expect(await requested).toEqual({ data: { monitorRuns: [found(failing), found(other)] } });
    expect(world.datafold.paths).toEqual([failing.path, other.path, failing.path]);
  });

  it('those that no room is made for in time are given up', async () => {
    // The breaker would speak first.
    const world = await createWorld({
      limits: { breakerMinCalls: 1_000, retryBudget: 0, operationTimeoutMs: 5_000, maxLogLines: 1_000 },
    });
    const all = runs(100);
    world.datafold.onAny(silence);
    const clock = holdClock();

    const requested = world.execute(query, { keys: all.map(({ key }) => key) });
    await world.datafold.arrived(32);
    await clock.pass(2_999);
    expect(failures(world)).toHaveLength(0);
    await clock.pass(1);
    expect(failures(world)).toHaveLength(32);

    await world.datafold.arrived(64);
    await clock.pass(1_999);
    expect(failures(world)).toHaveLength(32);
    await clock.pass(1);
    expect(failures(world)).toHaveLength(100);

    const { data, errors } = await requested;
    expect(data.monitorRuns).toEqual(Array(100).fill(null));
    expect(inOrder(errors)).toEqual(all.map((_run, place) => error(['monitorRuns', place], 'UPSTREAM_TIMEOUT')));
    await world.datafold.deserted(64);
    expect(world.datafold.paths).toHaveLength(64);
  });

  it('those that came too late leave no room taken', async () => {
    const world = await createWorld({ limits: { maxConcurrentCalls: 2, operationTimeoutMs: 5_000 } });
    const all = runs(10);
    world.datafold.onAny(silence);
    const clock = holdClock();
    const requested = world.execute(query, { keys: all.map(({ key }) => key) });
    await world.datafold.arrived(2);
    await clock.pass(3_000);
    await world.datafold.arrived(4);
    await clock.pass(2_000);
    expect((await requested).errors).toHaveLength(10);

    have(world.datafold, all);
    expect(await world.execute(query, { keys: all.map(({ key }) => key) })).toEqual({
      data: { monitorRuns: all.map(found) },
    });
  });
});

describe('batching: a request', () => {
  const hundred = runs(100);

  it('may have 100 keys, and 100 ids', async () => {
    const world = await createWorld();
    have(world.datafold, hundred);

    const expected = hundred.map(found);
    expect(await world.execute(query, { keys: hundred.map(({ key }) => key) })).toEqual({
      data: { monitorRuns: expected },
    });
    expect(await world.execute(nodesQuery, { ids: hundred.map(id) })).toEqual({ data: { nodes: expected } });
  });

  it.each([
    ['keys', 101, query, { keys: [...hundred.map(({ key }) => key), hundred[0]?.key] }],
    ['keys', 1_000, query, { keys: Array(1_000).fill(datafoldKey) }],
    ['ids', 101, nodesQuery, { ids: [...hundred.map(id), 'DATAFOLD:7:1'] }],
  ])(
    'gets an error with the limit of 100 %s, when there are %i, and costs no call',
    async (name, _count, document, variables) => {
      const world = await createWorld();
      have(world.datafold, hundred);

      const { data, errors } = await world.execute(document, variables);

      expect(data).toBeNull();
      expect(errors).toMatchObject([
        { message: `Expected at most 100 \`${name}\`.`, extensions: { code: 'BAD_USER_INPUT', retryable: false } },
      ]);
      expect(world.datafold.paths).toEqual([]);
    },
  );

  it('may have no keys at all', async () => {
    const world = await createWorld();

    expect(await world.execute(query, { keys: [] })).toEqual({ data: { monitorRuns: [] } });
  });

  it.each([0, 1, 2])('is one operation: a list of %i is refused', async (count) => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const operation = { query, variables: { keys: [datafoldKey] } };

    const response = await world.post(JSON.stringify(Array(count).fill(operation)));

    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: expect.any(String),
          extensions: { code: 'BAD_USER_INPUT', requestId: response.headers.get('x-request-id') },
        },
      ],
    });
    expect(world.datafold.paths).toEqual([]);
  });
});
