import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { olostepBody, olostepKey, olostepMonitorBody, olostepMonitorPath, olostepPath } from './bodies.ts';
import { type Answer, createListingWorld } from './world.ts';

const { monitorId } = olostepKey;
const key = { provider: 'OLOSTEP', monitorId };
const all = `${olostepMonitorPath}?include_total_count=true&include-diagram=true`;
const light = `${olostepMonitorPath}?include_total_count=false`;
const counted = `${olostepMonitorPath}?include_total_count=true`;

const lightFields = `__typename id provider monitorId name enabled createdAt updatedAt query status rawStatus errorMessage
  schedule { frequency cron timezone nextRunAt }
  tracked { type urls webQuery }
  sourcePolicy { includeUrls excludeUrls includeDomains excludeDomains }
  notification { events channels { type target events } }
  webhookUrl outputSchema metadata agentId`;
const fields = `${lightFields} lastRunAt lastRun { runId status changed ranAt } snapshotCount diagram`;

const byItself = `query ($key: MonitorKey!) { monitor(key: $key) { ... on OlostepMonitor { ${fields} } } }`;
const byRow = `{ monitorList(provider: OLOSTEP) { nodes { ... on OlostepMonitor { ${fields} } } } }`;

/** Asks for a monitor that Olostep answers with `body`, whatever is selected of it. */
async function read(body: object): Promise<Answer> {
  const world = await createListingWorld();
  world.olostep.onAny({ body });
  return world.ask(byItself, { key });
}

/** The monitor in {@link olostepMonitorBody}. */
const monitor = {
  __typename: 'OlostepMonitor',
  id: `OLOSTEP:monitor:${monitorId}`,
  provider: 'OLOSTEP',
  monitorId,
  name: olostepMonitorBody.query,
  enabled: true,
  createdAt: '2025-10-09T08:53:20.000Z',
  updatedAt: '2025-11-20T08:00:09.000Z',
  lastRunAt: '2025-11-20T08:00:09.000Z',
  query: olostepMonitorBody.query,
  status: 'ACTIVE',
  rawStatus: 'active',
  errorMessage: null,
  schedule: { frequency: 'every hour', cron: '0 * * * *', timezone: 'UTC', nextRunAt: '2025-11-20T09:00:00.000Z' },
  tracked: { type: 'urls', urls: ['https://espresso.example/machines'], webQuery: 'espresso machines' },
  sourcePolicy: {
    includeUrls: ['https://espresso.example/machines'],
    excludeUrls: ['https://espresso.example/imprint'],
    includeDomains: ['espresso.example'],
    excludeDomains: ['gossip.example'],
  },
  notification: {
    events: ['changed', 'first_snapshot'],
    channels: [{ type: 'email', target: 'shop@espresso.example', events: ['changed'] }],
  },
  webhookUrl: 'https://hooks.espresso.example/prices',
  outputSchema: { type: 'object', properties: { price: { type: 'string' } } },
  metadata: { team: 'prices' },
  agentId: 'fda_51c0',
  lastRun: { runId: 'run_k3v9c1p7zd', status: 'completed', changed: true, ranAt: '2025-11-20T08:00:09.000Z' },
  snapshotCount: 24,
  diagram: 'graph TD; fetch-->compare',
};

/** What an answer has of errors: where, and of which kind. */
const errorsOf = ({ errors = [] }: Answer) => errors.map(({ path, extensions }) => [path?.join('.'), extensions.code]);

it('reads every field of a monitor', async () => {
  expect(await read(olostepMonitorBody)).toEqual({ data: { monitor } });
});

it('reads every field of a monitor in a list, and asks for it by itself for what rows lack', async () => {
  const world = await createListingWorld();
  const { total_count: _count, mermaid_diagram: _diagram, ...row } = olostepMonitorBody;
  world.olostep.on('/v1/monitors', { body: { monitors: [row], count: 1 } });
  world.olostep.on(all, { body: olostepMonitorBody });

  expect(await world.ask(byRow)).toEqual({ data: { monitorList: { nodes: [monitor] } } });
  expect(world.olostep.paths).toEqual(['/v1/monitors', all]);
});

it.each([
  ['has it', {}, ['/v1/monitors'], monitor.lastRunAt],
  ['says that there is none', { last_run: null }, ['/v1/monitors'], null],
  ['says nothing of it', { last_run: undefined }, ['/v1/monitors', light], monitor.lastRunAt],
])('takes the last run from a row that %s', async (_what, change, paths, lastRunAt) => {
  const world = await createListingWorld();
  world.olostep.on('/v1/monitors', { body: { monitors: [{ ...olostepMonitorBody, ...change }] } });
  world.olostep.on(light, { body: olostepMonitorBody });

  const query =
    '{ monitorList(provider: OLOSTEP) { nodes { lastRunAt ... on OlostepMonitor { lastRun { ranAt } } } } }';

  const lastRun = lastRunAt && { ranAt: lastRunAt };
  expect(await world.ask(query)).toEqual({ data: { monitorList: { nodes: [{ lastRunAt, lastRun }] } } });
  expect(world.olostep.paths).toEqual(paths);
});

describe('The status', () => {
  it.each([
    ['provisioning', 'PROVISIONING', false],
    ['active', 'ACTIVE', true],
    ['paused', 'PAUSED', false],
    ['failed', 'FAILED', false],
    ['deleted', 'DELETED', false],
    ['archived', 'UNKNOWN', null],
    ['ACTIVE', 'UNKNOWN', null],
    ['constructor', 'UNKNOWN', null],
  ])('%s is %s, and whether it is enabled %s', async (rawStatus, status, enabled) => {
    expect(await read({ ...olostepMonitorBody, status: rawStatus })).toEqual({
      data: { monitor: { ...monitor, rawStatus, status, enabled } },
    });
  });

  it.each([0, true, [], { active: true }, null])(
    'is UNKNOWN when it is %j, with an error at rawStatus',
    async (status) => {
      const answer = await read({ ...olostepMonitorBody, status });

      expect(answer.data.monitor).toEqual({ ...monitor, rawStatus: null, status: 'UNKNOWN', enabled: null });
      expect(errorsOf(answer)).toEqual([['monitor.rawStatus', 'UPSTREAM_BAD_RESPONSE']]);
    },
  );
});

it('knows older answers by their names of ids and times', async () => {
  const { id, created: _created, updated: _updated, ...rest } = olostepMonitorBody;
  const older = { ...rest, monitor_id: id, created_at: '2025-10-09T08:53:20Z', updated_at: 1763625609 };

  expect(await read(older)).toEqual({ data: { monitor } });
});

it('knows rows of older lists by their names of ids', async () => {
  const world = await createListingWorld();
  world.olostep.on('/v1/monitors', { body: { monitors: [{ monitor_id: monitorId }] } });

  const answer = await world.ask(
    '{ monitorList(provider: OLOSTEP) { nodes { id ... on OlostepMonitor { status } } } }',
  );

  expect(answer).toEqual({ data: { monitorList: { nodes: [{ id: monitor.id, status: 'UNKNOWN' }] } } });
});

it('has nothing but null where Olostep says nothing', async () => {
  const ids = { __typename: 'OlostepMonitor', id: monitor.id, provider: 'OLOSTEP', monitorId };
  const nothing = Object.fromEntries(Object.keys(monitor).map((name) => [name, null]));

  expect(await read({})).toEqual({ data: { monitor: { ...nothing, ...ids, status: 'UNKNOWN' } } });
});

it.each([
  ['query', 7, ['monitor.name', 'monitor.query']],
  ['error_message', 7, ['monitor.errorMessage']],
  ['schedule', 'hourly', ['monitor.schedule']],
  ['schedule', { ...olostepMonitorBody.schedule, cron: 7 }, ['monitor.schedule.cron']],
  ['schedule', { ...olostepMonitorBody.schedule, next_run_at: 'soon' }, ['monitor.schedule.nextRunAt']],
  ['tracked', ['url'], ['monitor.tracked']],
  ['tracked', { ...olostepMonitorBody.tracked, urls: [7] }, ['monitor.tracked.urls']],
  ['source_policy', { ...olostepMonitorBody.source_policy, exclude_urls: 'x' }, ['monitor.sourcePolicy.excludeUrls']],
  ['notification', { events: ['changed'], channels: ['email'] }, ['monitor.notification.channels.0']],
  [
    'notification',
    { events: 7, channels: [{ type: 7 }] },
    ['monitor.notification.events', 'monitor.notification.channels.0.type'],
  ],
  ['webhook', { url: 7 }, ['monitor.webhookUrl']],
  ['output_schema', 'text', ['monitor.outputSchema']],
  ['metadata', [], ['monitor.metadata']],
  ['last_run', 'run_k3v9c1p7zd', ['monitor.lastRunAt', 'monitor.lastRun']],
  ['last_run', { ...olostepMonitorBody.last_run, change_detected: 'no' }, ['monitor.lastRun.changed']],
  ['agent', { id: 7 }, ['monitor.agentId']],
  ['created', 'yesterday', ['monitor.createdAt']],
  ['created', 1763625609e9, ['monitor.createdAt']],
  ['updated', 1e300, ['monitor.updatedAt']],
  ['total_count', 1.5, ['monitor.snapshotCount']],
  ['total_count', 3_000_000_000, ['monitor.snapshotCount']],
  ['mermaid_diagram', 7, ['monitor.diagram']],
])('has an error in place of a bad field, and nowhere else: %s %j', async (name, value, places) => {
  const answer = await read({ ...olostepMonitorBody, [name]: value });

  expect(errorsOf(answer).toSorted()).toEqual(places.map((place) => [place, 'UPSTREAM_BAD_RESPONSE']).toSorted());
  const touched = new Set(places.map((place) => place.split('.')[1]));
  for (const [field, expected] of Object.entries(monitor))
    if (!touched.has(field)) expect(answer.data.monitor[field], field).toEqual(expected);
});

it("takes no other monitor's answer for it", async () => {
  const answer = await read({ ...olostepMonitorBody, id: 'monitor_other00000' });

  expect(answer.data).toEqual({ monitor: null });
  expect(errorsOf(answer)).toEqual([['monitor', 'UPSTREAM_BAD_RESPONSE']]);
});

describe('What a query costs:', () => {
  it.each([
    ['id monitorId provider', [light]],
    ['name enabled lastRunAt', [light]],
    ['... on OlostepMonitor { snapshotCount }', [counted]],
    ['... on OlostepMonitor { diagram }', [`${light}&include-diagram=true`]],
    ['... on OlostepMonitor { snapshotCount diagram lastRun { runId } }', [all]],
  ])('monitor { %s }', async (selection, paths) => {
    const world = await createListingWorld();
    world.olostep.onAny({ body: olostepMonitorBody });

    const answer = await world.ask(`query ($key: MonitorKey!) { monitor(key: $key) { ${selection} } }`, { key });

    expect(answer.errors).toBeUndefined();
    expect(world.olostep.paths).toEqual(paths);
  });

  it.each([
    ['less of it', 'name lastRunAt', [counted]],
    ['the same', 'name ... on OlostepMonitor { snapshotCount }', [counted]],
    ['more than there is in that', '... on OlostepMonitor { diagram }', [counted, `${light}&include-diagram=true`]],
  ])('a monitor that was asked for already, and then by a run of its own for %s', async (_what, selection, paths) => {
    const world = await createListingWorld();
    for (const path of [counted, light, `${light}&include-diagram=true`])
      world.olostep.on(path, { body: olostepMonitorBody });
    world.olostep.on(olostepPath, { body: olostepBody });

    const answer = await world.ask(
      `query ($key: MonitorKey!, $monitorId: ID!, $runId: ID!) {
        monitor(key: $key) { ... on OlostepMonitor { snapshotCount } }
        olostepRun(monitorId: $monitorId, runId: $runId) { logGroup monitor { ${selection} } }
      }`,
      { key, ...olostepKey },
    );

    expect(answer.errors).toBeUndefined();
    expect(answer.data.olostepRun.monitor).not.toBeNull();
    expect(world.olostep.paths.toSorted()).toEqual([olostepPath, ...paths].toSorted());
  });

  const query = 'query ($keys: [MonitorKey!]!) { monitors(keys: $keys) { monitorId name } }';
  const ids = ['monitor_a', 'monitor_b', 'monitor_c', 'monitor_d'] as const;
  const keysOf = (some: readonly string[]) => ({ keys: some.map((id) => ({ provider: 'OLOSTEP', monitorId: id })) });
  const single = (id: string) => `/v1/monitors/${id}?include_total_count=false`;

  it.each([
    ['two of them, each by itself', ['monitor_a', 'monitor_b'], ['monitor_a', 'monitor_b'].map(single)],
    ['three of them, one list', ['monitor_a', 'monitor_b', 'monitor_c'], ['/v1/monitors']],
    [
      'one that the list lacks, the list and itself',
      ['monitor_a', 'monitor_b', 'monitor_d', 'monitor_a'],
      ['/v1/monitors', single('monitor_d')],
    ],
  ])('monitors { name } of %s', async (_what, some, paths) => {
    const world = await createListingWorld();
    world.olostep.on('/v1/monitors', { body: { monitors: ids.slice(0, 3).map((id) => ({ id, query: id })) } });
    for (const id of ids) world.olostep.on(single(id), { body: { id, query: id } });

    const answer = await world.ask(query, keysOf(some));

    expect(answer).toEqual({ data: { monitors: some.map((id) => ({ monitorId: id, name: id })) } });
    expect(world.olostep.paths.toSorted()).toEqual(paths.toSorted());
  });

  it('monitors of which one does not exist: null, after a call of its own', async () => {
    const world = await createListingWorld();
    world.olostep.on('/v1/monitors', { body: { monitors: ids.slice(0, 3).map((id) => ({ id, query: id })) } });

    const answer = await world.ask(query, keysOf(['monitor_a', 'monitor_b', 'monitor_x']));

    expect(answer.errors).toBeUndefined();
    expect(answer.data.monitors[2]).toBeNull();
    expect(world.olostep.paths).toEqual(['/v1/monitors', single('monitor_x')]);
  });

  it.each([
    ['runId', [light]],
    ['run { id }', [light, olostepPath]],
    ['run { phase snapshot }', [light, olostepPath]],
    ['run { changed }', [light, `${olostepMonitorPath}/events?limit=100`]],
  ])('lastRun { %s }', async (selection, paths) => {
    const world = await createListingWorld();
    world.olostep.on(light, { body: olostepMonitorBody });
    world.olostep.on(olostepPath, { body: olostepBody });
    const data = [{ run_id: olostepKey.runId, changed: true, created: 1763625609 }];
    world.olostep.on(`${olostepMonitorPath}/events?limit=100`, { body: { data, has_more: false } });

    const answer = await world.ask(
      `query ($key: MonitorKey!) { monitor(key: $key) { ... on OlostepMonitor { lastRun { ${selection} } } } }`,
      { key },
    );

    expect(answer.errors).toBeUndefined();
    expect(world.olostep.paths).toEqual(paths);
  });
});

describe('The last run', () => {
  const query = `query ($key: MonitorKey!) {
    monitor(key: $key) { ... on OlostepMonitor { lastRun { runId run { runId phase monitor { monitorId } } } } }
  }`;

  it('leads to the run itself', async () => {
    const world = await createListingWorld();
    world.olostep.on(light, { body: olostepMonitorBody });
    world.olostep.on(olostepPath, { body: olostepBody });

    const run = { runId: olostepKey.runId, phase: 'FINISHED', monitor: { monitorId } };
    expect(await world.ask(query, { key })).toEqual({
      data: { monitor: { lastRun: { runId: olostepKey.runId, run } } },
    });
  });

  it.each([
    [undefined, []],
    // Null isn't as documented, where it stands.
    [null, ['monitor.lastRun.runId', 'monitor.lastRun.run']],
    ['', ['monitor.lastRun.run']],
    ['k3v9c1p7zd', ['monitor.lastRun.run']],
    ['run_../x', ['monitor.lastRun.run']],
    ['run_k3v9c1p7zd?x', ['monitor.lastRun.run']],
  ])(
    'leads nowhere when its id is %j, with an error unless there is none, and nothing is asked for',
    async (id, wrong) => {
      const world = await createListingWorld();
      world.olostep.on(light, { body: { ...olostepMonitorBody, last_run: { ...olostepMonitorBody.last_run, id } } });

      const answer = await world.ask(query, { key });

      expect(answer.data.monitor.lastRun).toEqual({ runId: id ?? null, run: null });
      expect(errorsOf(answer).map(([path]) => path)).toEqual(wrong);
      expect(world.olostep.paths).toEqual([light]);
    },
  );

  it('leads nowhere when Olostep has it no longer', async () => {
    const world = await createListingWorld();
    world.olostep.on(light, { body: olostepMonitorBody });

    expect(await world.ask(query, { key })).toEqual({
      data: { monitor: { lastRun: { runId: olostepKey.runId, run: null } } },
    });
  });
});

describe('The list of monitors', () => {
  const query = `query ($first: Int, $after: String, $tags: [String!]) {
    monitorList(provider: OLOSTEP, first: $first, after: $after, tags: $tags) {
      totalCount
      edges { cursor node { monitorId } }
      pageInfo { hasNextPage hasPreviousPage endCursor }
    }
  }`;
  const ids = Array.from({ length: 5 }, (_, place) => `monitor_${place}`);
  const listOf = (some: readonly unknown[]) => ({ body: { monitors: some, count: some.length } });

  async function createListed(some: readonly unknown[] = ids.map((id) => ({ id }))) {
    const world = await createListingWorld();
    world.olostep.on('/v1/monitors', listOf(some));
    return world;
  }

  const idsOf = ({ data }: Answer): string[] =>
    data.monitorList.edges.map(({ node }: { node: { monitorId: string } }) => node.monitorId);

  const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('comes a page at a time, in its order, each by one call', async () => {
    const world = await createListed();
    const pages: string[][] = [];
    let after: string | null = null;
    do {
      const answer = await world.ask(query, { first: 2, after });
      expect(answer.data.monitorList).toMatchObject({ totalCount: 5, pageInfo: { hasPreviousPage: after !== null } });
      pages.push(idsOf(answer));
      const { hasNextPage, endCursor } = answer.data.monitorList.pageInfo;
      after = hasNextPage ? endCursor : null;
    } while (after !== null);

    expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    expect(world.olostep.paths).toEqual(Array(3).fill('/v1/monitors'));
  });

  it('goes on behind a monitor wherever it stands by then', async () => {
    const world = await createListed();
    const { data } = await world.ask(query, { first: 2 });
    world.olostep.on('/v1/monitors', listOf([{ id: 'monitor_new' }, ...ids.map((id) => ({ id }))]));

    expect(idsOf(await world.ask(query, { after: data.monitorList.pageInfo.endCursor }))).toEqual(ids.slice(2));
  });

  it('goes on behind no row that is no monitor by its id, wherever it stands by then', async () => {
    const world = await createListed([{ id: 'monitor_0' }, { id: 'x' }, { id: 'monitor_1' }]);
    const after = made([0, 'x']);

    expect(errorsOf(await world.ask(query, { after }))).toEqual([['monitorList', 'BAD_USER_INPUT']]);
  });

  it('has an error in place of a row that is no monitor, and goes on behind it', async () => {
    const world = await createListed([
      { id: 'monitor_0' },
      7,
      { query: 'x' },
      { id: 'monitor_../1' },
      { id: 'monitor_1' },
    ]);

    const answer = await world.ask(query, { first: 4 });

    expect(answer.data.monitorList.edges.map(({ node }: { node: unknown }) => node)).toEqual([
      { monitorId: 'monitor_0' },
      null,
      null,
      null,
    ]);
    expect(errorsOf(answer)).toEqual(
      [1, 2, 3].map((place) => [`monitorList.edges.${place}.node`, 'UPSTREAM_BAD_RESPONSE']),
    );
    const { endCursor } = answer.data.monitorList.pageInfo;
    expect(idsOf(await world.ask(query, { after: endCursor }))).toEqual(['monitor_1']);
  });

  it('is read no further than it is shown, however long it is and however often it is selected', async () => {
    const many = Array.from({ length: 5_000 }, (_, place) => ({ id: `monitor_${place}` }));
    const world = await createListed(many);
    const parsing = vi.spyOn(JSON, 'parse');
    onTestFinished(() => parsing.mockRestore());
    const page = 'monitorList(provider: OLOSTEP, first: 2) { totalCount nodes { monitorId } }';

    const { data } = await world.ask(`{ ${Array.from({ length: 48 }, (_, alias) => `a${alias}: ${page}`).join(' ')} }`);

    expect(data.a47).toEqual({ totalCount: 5_000, nodes: [{ monitorId: 'monitor_0' }, { monitorId: 'monitor_1' }] });
    expect(parsing.mock.calls.filter(([text]) => text.includes('monitor_2'))).toEqual([]);
  });

  it('is an error behind the last that came, where Olostep says that there are more', async () => {
    const world = await createListed();
    world.olostep.on('/v1/monitors', { body: { monitors: ids.map((id) => ({ id })), count: 7 } });

    const answer = await world.ask(query, { first: 10 });
    expect(idsOf(answer)).toEqual(ids);
    expect(answer.data.monitorList).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: true } });

    const { data, errors } = await world.ask(query, { after: answer.data.monitorList.pageInfo.endCursor });
    expect(data).toEqual({ monitorList: null });
    expect(errors).toMatchObject([
      { path: ['monitorList'], extensions: { code: 'UPSTREAM_BAD_RESPONSE', provider: 'OLOSTEP' } },
    ]);
  });

  it('has nothing on a page of none, and says that there is more', async () => {
    const world = await createListed();

    const { data } = await world.ask(query, { first: 0 });

    expect(data.monitorList).toEqual({
      totalCount: 5,
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, endCursor: null },
    });
  });

  it('can be had by no tags', async () => {
    const world = await createListed();

    const answer = await world.ask(query, { tags: ['a'] });

    expect(answer.errors).toMatchObject([
      {
        message: "Expected no `tags`: Olostep's monitors have none.",
        extensions: { code: 'BAD_USER_INPUT', provider: 'OLOSTEP' },
      },
    ]);
    expect(world.olostep.paths).toEqual([]);
    expect(idsOf(await world.ask(query, { tags: [] }))).toEqual(ids);
  });

  it.each(['', 'x', made(7), made([0]), made([-1, 'monitor_0']), made([0, 'monitor_x']), made([9, null])])(
    'knows no monitor behind the cursor %j',
    async (after) => {
      const world = await createListed();

      expect((await world.ask(query, { after })).errors).toMatchObject([
        {
          message: 'Expected `after` to be the cursor of a monitor of this list.',
          extensions: { code: 'BAD_USER_INPUT', provider: 'OLOSTEP' },
        },
      ]);
    },
  );

  it.each([{}, { monitors: null }, { monitors: { id: 'monitor_0' } }, { monitors: 'monitor_0' }])(
    'is an error when there is none: %j',
    async (body) => {
      const world = await createListingWorld();
      world.olostep.on('/v1/monitors', { body });

      expect(errorsOf(await world.ask(query))).toEqual([['monitorList', 'UPSTREAM_BAD_RESPONSE']]);
    },
  );
});
