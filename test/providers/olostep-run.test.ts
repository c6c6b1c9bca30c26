import { describe, expect, it } from 'vitest';
import { olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { type Answer, createWorld, verifyCredentials, type World } from '../support/world.ts';

const fields = 'id provider monitorId runId phase outcome startedAt finishedAt snapshot logGroup';
const eventFields = 'id timestamp ingestedAt stream message kind event';

const query = `query ($monitorId: ID!, $runId: ID!, $first: Int, $after: String, $kind: String) {
  olostepRun(monitorId: $monitorId, runId: $runId) {
    ${fields}
    events(first: $first, after: $after, kind: $kind) { nodes { ${eventFields} } }
  }
}`;

/** Requests a run to which Olostep responds with `body`, which may be JSON text. */
async function read(body: object | string): Promise<Answer> {
  const world = await createAnswering(body);
  return world.execute(query, { monitorId: olostepKey.monitorId, runId: olostepKey.runId });
}

async function createAnswering(body: object | string): Promise<World> {
  const world = await createWorld();
  await verifyCredentials(world);
  world.olostep.on(olostepPath, { body });
  return world;
}

/** The events and the run in {@link olostepBody}. */
const events = [
  {
    id: '38001',
    timestamp: '2025-11-20T08:00:00.000Z',
    ingestedAt: '2025-11-20T08:00:00.420Z',
    stream: 'agent/1',
    message: '{"event":"work_received"}',
    kind: 'work_received',
    event: { event: 'work_received' },
  },
  {
    id: '38002',
    timestamp: '2025-11-20T08:00:01.500Z',
    ingestedAt: '2025-11-20T08:00:01.900Z',
    stream: 'agent/1',
    message: '{"event":"node_start","node":"fetch"}',
    kind: 'node_start',
    event: { event: 'node_start', node: 'fetch' },
  },
  {
    id: '38003',
    timestamp: '2025-11-20T08:00:09.000Z',
    ingestedAt: '2025-11-20T08:00:09.200Z',
    stream: 'agent/1',
    message: '{"event":"run_complete"}',
    kind: 'run_complete',
    event: { event: 'run_complete' },
  },
];
const run = {
  id: 'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd',
  provider: 'OLOSTEP',
  monitorId: 'monitor_n8q2x4m1ak',
  runId: 'run_k3v9c1p7zd',
  phase: 'FINISHED',
  outcome: 'UNKNOWN',
  startedAt: '2025-11-20T08:00:00.000Z',
  finishedAt: '2025-11-20T08:00:09.000Z',
  snapshot: { price: '19.90', currency: 'EUR' },
  logGroup: '/olostep/agents/fda_51c0',
  events: { nodes: events },
};

type Line = Readonly<Record<string, unknown>>;
const [received = {}, started = {}, completed = {}]: readonly Line[] = olostepBody.events;

const long = JSON.rawJSON('12345678901234567890');

/** The errors that an answer is to have: at these places, of this kind, and no others. */
const errorsAt = (paths: readonly string[], code = 'UPSTREAM_BAD_RESPONSE') =>
  paths.map((path) =>
    expect.objectContaining({
      path: ['olostepRun', ...path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))],
      extensions: { code, provider: 'OLOSTEP', account: 'default', retryable: false, requestId: expect.any(String) },
    }),
  );

it('Olostep run: reads every field of a run and of its log', async () => {
  expect(await read(olostepBody)).toEqual({ data: { olostepRun: run } });
});

it('Olostep run: takes no notice of fields that are not documented', async () => {
  const body = { ...olostepBody, id: 'x', phase: 'x', status: 'x', logGroup: 'x', __typename: 'x' };

  expect(await read(body)).toEqual({ data: { olostepRun: run } });
});

describe('Olostep run: phase and outcome', () => {
  const other = { ...started, event: { event: 'node_end' } };
  it.each([
    ['a run_complete event and a snapshot', { events: [received, completed] }, 'FINISHED', 'UNKNOWN'],
    ['a run_complete event alone', { events: [completed], snapshot: null }, 'FINISHED', 'UNKNOWN'],
    ['a run_complete event before others', { events: [completed, other], snapshot: null }, 'FINISHED', 'UNKNOWN'],
    ['a run_complete event, no snapshot stated', { events: [completed], snapshot: undefined }, 'FINISHED', 'UNKNOWN'],
    ['a snapshot and other events', { events: [received, other] }, 'FINISHED', 'UNKNOWN'],
    ['a snapshot and an empty log', { events: [] }, 'FINISHED', 'UNKNOWN'],
    ['a snapshot and no log', { events: undefined }, 'FINISHED', 'UNKNOWN'],
    ['an empty snapshot', { events: [], snapshot: {} }, 'FINISHED', 'UNKNOWN'],
    ['other events alone', { events: [received, other], snapshot: null }, 'RUNNING', null],
    ['events that say nothing', { events: [{}], snapshot: null }, 'RUNNING', null],
    ['an empty log', { events: [], snapshot: null }, 'UNKNOWN', null],
    ['neither log nor snapshot', { events: undefined, snapshot: undefined }, 'UNKNOWN', null],
  ])('of %s are %s', async (_signals, signals, phase, outcome) => {
    const { data, errors } = await read({ ...olostepBody, ...signals });

    expect(data.olostepRun).toMatchObject({ phase, outcome });
    expect(errors).toBeUndefined();
  });

  it.each(['event', 'type', 'kind', 'name'])('know a run_complete event by its `%s`', async (name) => {
    const line = { ...completed, event: { [name]: 'run_complete' } };
    const { data } = await read({ ...olostepBody, snapshot: null, events: [received, line] });

    expect(data.olostepRun).toMatchObject({ phase: 'FINISHED', finishedAt: run.finishedAt });
  });

  it("don't take a message for an event", async () => {
    const line = { ...completed, event: {} };
    const { data } = await read({ ...olostepBody, snapshot: null, events: [line] });

    expect(data.olostepRun).toMatchObject({ phase: 'RUNNING', outcome: null, finishedAt: null });
  });
});

describe('Olostep run: the kind of an event', () => {
  it.each([
    [{ event: 'a' }, 'a'],
    [{ type: 'b' }, 'b'],
    [{ kind: 'c' }, 'c'],
    [{ name: 'd' }, 'd'],
    [{ name: 'd', kind: 'c', type: 'b', event: 'a' }, 'a'],
    [{ name: 'd', kind: 'c', type: 'b' }, 'b'],
    [{ name: 'd', kind: 'c' }, 'c'],
    [{ event: 7, type: 'b' }, 'b'],
    [{ event: null, type: { name: 'x' }, kind: ['c'], name: 'd' }, 'd'],
    [{ event: '' }, ''],
    [{ event: 1, type: true, kind: null, name: [] }, null],
    [{ level: 'info' }, null],
    [{}, null],
  ])('of %j is %j', async (event, kind) => {
    const answer = await read({ ...olostepBody, events: [{ ...received, event }] });

    expect(answer.data.olostepRun.events.nodes).toEqual([{ ...events[0], event, kind }]);
    expect(answer.errors).toBeUndefined();
  });
});

describe('Olostep run: start and end', () => {
  const [a, b, c] = [received, started, completed];
  it.each([[[a, b, c]], [[a, c, b]], [[b, a, c]], [[b, c, a]], [[c, a, b]], [[c, b, a]]])(
    'are the earliest event and the run_complete event, whatever the order',
    async (log) => {
      const { data } = await read({ ...olostepBody, events: log });

      expect(data.olostepRun).toMatchObject({ startedAt: run.startedAt, finishedAt: run.finishedAt });
    },
  );

  it('are distinguished when run_complete is not the latest event', async () => {
    const late = { ...started, ts: 1763625700000 };
    const { data } = await read({ ...olostepBody, events: [late, completed] });

    expect(data.olostepRun).toMatchObject({ startedAt: run.finishedAt, finishedAt: run.finishedAt });
  });

  it('are found across the years before and after 1970', async () => {
    const { data } = await read({ ...olostepBody, events: [a, { ...b, ts: -1 }, { ...c, ts: 0 }] });

    expect(data.olostepRun).toMatchObject({
      startedAt: '1969-12-31T23:59:59.999Z',
      finishedAt: '1970-01-01T00:00:00.000Z',
    });
  });

  it('are null, without an error, when no event says', async () => {
    const { ts: _ts, ...timeless } = completed;
    const none = { startedAt: null, finishedAt: null };

    expect(await read({ ...olostepBody, events: [] })).toEqual({
      data: { olostepRun: { ...run, ...none, events: { nodes: [] } } },
    });
    expect(await read({ ...olostepBody, events: [timeless] })).toEqual({
      data: { olostepRun: { ...run, ...none, events: { nodes: [{ ...events[2], timestamp: null }] } } },
    });
  });

  it("don't suffer from an unreadable time elsewhere in the log", async () => {
    const { data, errors } = await read({ ...olostepBody, events: [{ ...received, ts: 'x' }, started, completed] });

    expect(data.olostepRun).toMatchObject({ startedAt: events[1]?.timestamp, finishedAt: run.finishedAt });
    expect(errors).toEqual(errorsAt(['events.nodes.0.timestamp']));
  });

  it('are null with an error, when only unreadable times would say', async () => {
    const { data, errors } = await read({ ...olostepBody, events: [{ ...completed, ts: 'x' }] });

    expect(data.olostepRun).toMatchObject({ startedAt: null, finishedAt: null, phase: 'FINISHED' });
    expect(errors).toEqual(errorsAt(['startedAt', 'finishedAt', 'events.nodes.0.timestamp']));
  });
});

describe('Olostep run: a time of the log', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [1763625600000, '2025-11-20T08:00:00.000Z'],
    [1763625600999, '2025-11-20T08:00:00.999Z'],
    [JSON.rawJSON('1.7636256e12'), '2025-11-20T08:00:00.000Z'],
    [253402300799999, '9999-12-31T23:59:59.999Z'],
    [-62167219200000, '0000-01-01T00:00:00.000Z'],
  ])('%j is %s', async (ts, time) => {
    const { data, errors } = await read({ ...olostepBody, events: [{ ...received, ts, ingestion_ts: ts }] });

    expect(data.olostepRun.events.nodes).toEqual([{ ...events[0], timestamp: time, ingestedAt: time }]);
    expect(errors).toBeUndefined();
  });

  it.each([
    ['in microseconds', 1763625600000000],
    ['after the year 9999', 253402300800000],
    ['before the year 0', -62167219200001],
    ['beyond what a date holds', 8640000000000001],
    ['beyond what a number holds', JSON.rawJSON('9007199254740993')],
    ['of 20 digits', long],
    ['of 20 digits, negative', JSON.rawJSON('-12345678901234567890')],
    ['too large for a number', JSON.rawJSON('1e400')],
  ])('is null with an error, when it is %s: %j', async (_what, ts) => {
    const log = [started, { ...received, ts, ingestion_ts: ts }];
    const { data, errors } = await read({ ...olostepBody, events: log });

    expect(data.olostepRun.events.nodes).toEqual([events[1], { ...events[0], timestamp: null, ingestedAt: null }]);
    expect(data.olostepRun.startedAt).toBe(events[1]?.timestamp);
    expect(errors).toEqual(errorsAt(['events.nodes.1.timestamp', 'events.nodes.1.ingestedAt']));
  });
});

describe('Olostep run: a field of the wrong type is null, with an error there alone:', () => {
  it.each(['text', '', 0, 7, long, true, false, [], [{}]])('snapshot: %j', async (snapshot) => {
    const { data, errors } = await read({ ...olostepBody, snapshot });

    expect(data.olostepRun).toEqual({ ...run, snapshot: null });
    expect(errors).toEqual(errorsAt(['snapshot']));
  });

  it.each([0, 7, long, true, false, [], ['text'], {}])('log_group: %j', async (log_group) => {
    const { data, errors } = await read({ ...olostepBody, log_group });

    expect(data.olostepRun).toEqual({ ...run, logGroup: null });
    expect(errors).toEqual(errorsAt(['logGroup']));
  });

  it.each(['text', '', 0, 7, long, true, false, null, {}, { 0: received }])(
    'events: %j, and what is derived from them',
    async (log) => {
      const { data, errors } = await read({ ...olostepBody, events: log });

      expect(data.olostepRun).toEqual({ ...run, events: null, startedAt: null, finishedAt: null });
      expect(errors).toHaveLength(3);
      expect(errors).toEqual(expect.arrayContaining(errorsAt(['startedAt', 'finishedAt', 'events'])));
    },
  );

  it.each(['text', '', 0, 7, long, true, false, null, [], [received]])('an event: %j', async (line) => {
    const { data, errors } = await read({ ...olostepBody, events: [received, line, completed] });

    expect(data.olostepRun).toEqual({ ...run, events: { nodes: [events[0], null, events[2]] } });
    expect(errors).toEqual(errorsAt(['events.nodes.1']));
  });

  const notText = [0, 7, long, true, false, null, [], ['text'], {}];
  const notTime = ['1763625600000', '', 1.5, true, false, null, [], [1], {}];
  const notObject = ['text', '', 0, 7, long, true, false, null, [], [{}]];
  it.each([
    ...notText.map((value) => ['id', 'id', value] as const),
    ...notTime.map((value) => ['ts', 'timestamp', value] as const),
    ...notTime.map((value) => ['ingestion_ts', 'ingestedAt', value] as const),
    ...notText.map((value) => ['stream', 'stream', value] as const),
    ...notText.map((value) => ['message', 'message', value] as const),
    ...notObject.map((value) => ['event', 'event', value] as const),
  ])("an event's %s (%s): %j", async (name, field, value) => {
    const { data, errors } = await read({
      ...olostepBody,
      events: [received, { ...started, [name]: value }, completed],
    });

    const kind = field === 'event' ? null : events[1]?.kind;
    expect(data.olostepRun).toEqual({
      ...run,
      events: { nodes: [events[0], { ...events[1], kind, [field]: null }, events[2]] },
    });
    expect(errors).toEqual(errorsAt([`events.nodes.1.${field}`]));
  });

  it('in edges as in nodes', async () => {
    const world = await createAnswering({ ...olostepBody, events: [received, 7, { ...completed, stream: 7 }] });
    const { monitorId, runId } = olostepKey;
    const { data, errors } = await world.execute(
      `{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { events { edges { cursor node { id stream } } } } }`,
    );

    expect(data.olostepRun.events.edges).toEqual([
      { cursor: expect.any(String), node: { id: '38001', stream: 'agent/1' } },
      { cursor: expect.any(String), node: null },
      { cursor: expect.any(String), node: { id: '38003', stream: null } },
    ]);
    expect(errors).toEqual(errorsAt(['events.edges.1.node', 'events.edges.2.node.stream']));
  });

  it('and it is no failure to clients that did not select it', async () => {
    const body = { ...olostepBody, snapshot: 7, log_group: 7, events: [{ ...received, id: 7, ts: 'x', event: 7 }] };
    const world = await createAnswering(body);
    const { monitorId, runId } = olostepKey;

    expect(
      await world.execute(
        `{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { phase events { nodes { kind stream } } } }`,
      ),
    ).toEqual({ data: { olostepRun: { phase: 'RUNNING', events: { nodes: [{ kind: null, stream: 'agent/1' }] } } } });
  });
});

describe('Olostep run: a field that is missing is null without an error, as Olostep promises none:', () => {
  it.each([
    ['snapshot', { snapshot: null }],
    ['log_group', { logGroup: null }],
    ['events', { events: null, startedAt: null, finishedAt: null }],
    ['monitor_id', {}],
    ['run_id', {}],
  ])('%s', async (name, rest) => {
    const body: Record<string, unknown> = { ...olostepBody };
    delete body[name];

    expect(await read(body)).toEqual({ data: { olostepRun: { ...run, ...rest } } });
  });

  it.each([
    ['id', { id: null }],
    ['ts', { timestamp: null }],
    ['ingestion_ts', { ingestedAt: null }],
    ['stream', { stream: null }],
    ['message', { message: null }],
    ['event', { event: null, kind: null }],
  ])("an event's %s", async (name, rest) => {
    const { [name]: _value, ...line } = started;

    expect(await read({ ...olostepBody, events: [received, line, completed] })).toEqual({
      data: { olostepRun: { ...run, events: { nodes: [events[0], { ...events[1], ...rest }, events[2]] } } },
    });
  });

  it('all of them', async () => {
    expect(await read({})).toEqual({
      data: {
        olostepRun: {
          ...run,
          phase: 'UNKNOWN',
          outcome: null,
          startedAt: null,
          finishedAt: null,
          snapshot: null,
          logGroup: null,
          events: null,
        },
      },
    });
  });

  it('null where Olostep may say null', async () => {
    expect(await read({ ...olostepBody, snapshot: null, log_group: null })).toEqual({
      data: { olostepRun: { ...run, snapshot: null, logGroup: null } },
    });
  });
});

describe('Olostep run: what is free-form', () => {
  it('comes through as Olostep wrote it', async () => {
    const snapshot = {
      text: 'é 漢 😀 \u0000\u2028 </script>',
      list: [1, 2.5, -0.25, 1e21, true, false, null, [], {}],
      __proto__name: 1,
      constructor: { prototype: {} },
      '': { ' ': '' },
    };

    expect(await read({ ...olostepBody, snapshot })).toEqual({ data: { olostepRun: { ...run, snapshot } } });
  });

  it('has every digit of a number, and changes no prototype', async () => {
    const snapshot = '{"id":12345678901234567890,"small":-9007199254740993,"__proto__":{"polluted":true}}';
    const world = await createAnswering(`{"snapshot":${snapshot}}`);
    const { monitorId, runId } = olostepKey;
    const response = await world.post(
      JSON.stringify({ query: `{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { snapshot } }` }),
    );

    expect(await response.text()).toBe(`{"data":{"olostepRun":{"snapshot":${snapshot}}}}`);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  /** An object with lists in it, `levels` in all. */
  const nested = (levels: number) => `{"deep":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  const text = JSON.stringify(olostepBody);
  const withSnapshot = (snapshot: string) => text.replace(JSON.stringify(olostepBody.snapshot), snapshot);
  const withEvent = (event: string) => text.replace('{"event":"node_start","node":"fetch"}', event);

  it('may be nested 64 levels deep', async () => {
    const deep = nested(64);

    expect((await read(withSnapshot(deep))).data).toEqual({ olostepRun: { ...run, snapshot: JSON.parse(deep) } });
    const answer = await read(withEvent(deep));
    expect(answer.data.olostepRun.events.nodes[1].event).toEqual(JSON.parse(deep));
    expect(answer.errors).toBeUndefined();
  });

  describe.each([65, 5_000, 100_000])('is too large when it is nested %i levels deep:', (levels) => {
    it('a snapshot, and the run is a finished one all the same', async () => {
      const { data, errors } = await read(withSnapshot(nested(levels)));

      expect(data.olostepRun).toEqual({ ...run, snapshot: null });
      expect(errors).toEqual(errorsAt(['snapshot'], 'UPSTREAM_RESPONSE_TOO_LARGE'));
    });

    it('an event', async () => {
      const { data, errors } = await read(withEvent(nested(levels)));

      expect(data.olostepRun).toEqual({
        ...run,
        events: { nodes: [events[0], { ...events[1], kind: null, event: null }, events[2]] },
      });
      expect(errors).toEqual(errorsAt(['events.nodes.1.event'], 'UPSTREAM_RESPONSE_TOO_LARGE'));
    });

    it("a field that isn't selected, which concerns no client", async () => {
      const world = await createAnswering(withSnapshot(nested(levels)).replace('"snapshot"', '"undocumented"'));

      const answer = await world.execute(query, { monitorId: olostepKey.monitorId, runId: olostepKey.runId });
      expect(answer).toEqual({ data: { olostepRun: { ...run, snapshot: null } } });
    });
  });

  describe('beside a number that needs all its digits', () => {
    const withNumber = (levels: number) => withSnapshot(nested(levels)).replace('{', '{"number":12345678901234567890,');

    it.each([65, 100, 101, 5_000, 100_000])(
      'is too large as a field, when it is nested %i levels deep',
      async (levels) => {
        const { data, errors } = await read(withNumber(levels));

        expect(data.olostepRun).toEqual({ ...run, snapshot: null });
        expect(errors).toEqual(errorsAt(['snapshot'], 'UPSTREAM_RESPONSE_TOO_LARGE'));
      },
    );
  });
});

it('Olostep run: How many events a log may have, and how deep its values may be nested, can be set', async () => {
  const world = await createWorld({ limits: { maxLogEvents: 3, maxJsonDepth: 2 } });
  const { monitorId, runId } = olostepKey;
  const execute = async (body: object) => {
    world.olostep.on(olostepPath, { body });
    const { errors = [] } = await world.execute(query, { monitorId, runId });
    return errors.map(({ path, extensions }) => `${path?.slice(1).join('.')} ${extensions.code}`).sort();
  };

  expect(await execute({ ...olostepBody, snapshot: { a: { b: 1 } } })).toEqual([]);
  expect(await execute({ ...olostepBody, snapshot: { a: { b: {} } } })).toEqual([
    'snapshot UPSTREAM_RESPONSE_TOO_LARGE',
  ]);
  expect(await execute({ ...olostepBody, events: [...olostepBody.events, {}] })).toEqual(
    ['events', 'finishedAt', 'startedAt'].map((field) => `${field} UPSTREAM_RESPONSE_TOO_LARGE`),
  );
});
