import { describe, expect, it } from 'vitest';
import {
  datafoldBody,
  datafoldMonitorBody,
  datafoldMonitorKey,
  datafoldMonitorPath,
  datafoldMonitorRow,
} from '../support/bodies.ts';
import { serveDatafold } from '../support/datafold-upstream.ts';
import { createListingWorld, verifyCredentials, type World } from '../support/world.ts';

const light = `
  id provider monitorId name enabled createdAt modifiedAt lastRunAt lastAlertAt type rawType state rawState tags owner
`;
const heavy = `
  description
  schedule {
    __typename
    ... on DatafoldHourlySchedule { every }
    ... on DatafoldDailySchedule { every hour utcAt }
    ... on DatafoldCrontabSchedule { cron }
    ... on DatafoldNoSchedule { type }
  }
  datasets { connectionId table column filter metric query }
  alert {
    __typename
    ... on DatafoldDiffAlert { differentRowsCount differentRowsPercent matchRatioMin }
    ... on DatafoldAutomaticAlert { sensitivity }
    ... on DatafoldAbsoluteAlert { min max }
    ... on DatafoldPercentageAlert { increase decrease }
  }
  notifications {
    __typename
    ... on DatafoldEmailNotification { recipients features }
    ... on DatafoldPagerdutyNotification { integrationId features }
    ... on DatafoldWebhookNotification { integrationId features }
    ... on DatafoldSlackNotification { integrationId channel mentions features }
    ... on DatafoldTeamsNotification { integrationId channel mentions features }
  }
`;
const whole = `query ($key: MonitorKey!) { monitor(key: $key) { ... on DatafoldMonitor { ${light} ${heavy} } } }`;
const listOf = (fields: string) =>
  `query ($first: Int, $after: String, $tags: [String!]) {
    monitorList(provider: DATAFOLD, first: $first, after: $after, tags: $tags) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { ... on DatafoldMonitor { ${fields} } } }
    }
  }`;

/** The monitor in `datafoldMonitorRow`, */
const lightMonitor = {
  id: 'DATAFOLD:monitor:7',
  provider: 'DATAFOLD',
  monitorId: '7',
  name: 'Orders: staging against production',
  enabled: true,
  createdAt: '2026-01-02T03:04:05.000Z',
  modifiedAt: '2026-02-03T04:05:06.000Z',
  lastRunAt: '2026-11-20T08:00:00.000Z',
  lastAlertAt: '2026-11-19T08:00:00.000Z',
  type: 'DIFF',
  rawType: 'diff',
  state: 'OK',
  rawState: 'ok',
  tags: ['shop', 'critical'],
  owner: 'data@shop.example',
};
/** and in `datafoldMonitorBody`. */
const monitor = {
  ...lightMonitor,
  description: 'Before every release.',
  schedule: { __typename: 'DatafoldDailySchedule', every: 'day', hour: 6, utcAt: '06:30:00' },
  datasets: [
    {
      connectionId: '4',
      table: 'shop.orders',
      column: 'id',
      filter: 'id > 0',
      metric: 'row_count',
      query: 'select 1',
    },
    { connectionId: '6', table: null, column: null, filter: null, metric: null, query: null },
  ],
  alert: { __typename: 'DatafoldDiffAlert', differentRowsCount: 10, differentRowsPercent: 1, matchRatioMin: 0.5 },
  notifications: [
    { __typename: 'DatafoldEmailNotification', recipients: ['data@shop.example'], features: ['attach_csv'] },
  ],
};

/** Requests a monitor to which Datafold responds with `body`. */
async function read(body: object) {
  const world = await createListingWorld();
  world.datafold.on(datafoldMonitorPath, { body });
  return world.execute(whole, { key: datafoldMonitorKey });
}

/** An error of an answer that isn't as documented. */
const badAt = (...path: readonly (string | number)[]) =>
  expect.objectContaining({
    path,
    message: 'DATAFOLD sent a response that does not match its documentation.',
    extensions: expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE', provider: 'DATAFOLD' }),
  });

/** Expects all of a monitor but this field, with an error there alone. */
async function expectBroken(body: object, field: keyof typeof monitor, others: Partial<typeof monitor> = {}) {
  expect(await read(body)).toEqual({
    data: { monitor: { ...monitor, ...others, [field]: null } },
    errors: [badAt('monitor', field)],
  });
}

/** Datafold's monitors 1 to `count`. */
const monitorsUpTo = (count: number) =>
  Array.from({ length: count }, (_, place) => ({
    ...datafoldMonitorBody,
    id: place + 1,
    name: `Monitor ${place + 1}`,
  }));

const keysOf = (...ids: readonly number[]) => ids.map((id) => ({ provider: 'DATAFOLD', monitorId: String(id) }));
const named = (...ids: readonly number[]) => ids.map((id) => ({ name: `Monitor ${id}` }));
const firstOfList = '/api/v1/monitors?page=1&page_size=100&order_by=id&sort_order=asc';

it('Datafold monitor: reads every field of a monitor', async () => {
  expect(await read(datafoldMonitorBody)).toEqual({ data: { monitor } });
});

it('Datafold monitor: takes no notice of fields that are not documented', async () => {
  const body = {
    ...datafoldMonitorBody,
    monitorId: 8,
    provider: 'x',
    __typename: 'x',
    type: 'x',
    datasets: [],
    runs: [],
  };

  expect(await read(body)).toEqual({ data: { monitor } });
});

it('Datafold monitor: reads every field of a monitor in a list, and requests what lists lack', async () => {
  const world = await createListingWorld();
  serveDatafold(world.datafold, { monitors: [datafoldMonitorBody] });

  const { data, errors } = await world.execute(listOf(light + heavy));

  expect(errors).toBeUndefined();
  expect(data.monitorList.edges).toEqual([{ cursor: expect.any(String), node: monitor }]);
  expect(world.datafold.paths).toEqual([
    '/api/v1/monitors?page=1&page_size=20&order_by=id&sort_order=asc',
    datafoldMonitorPath,
  ]);
});

it('Datafold monitor: makes no further call, when a list has all that is selected', async () => {
  const world = await createListingWorld();
  world.datafold.onAny({
    body: { count: 1, page: 1, page_size: 20, total_pages: 1, monitors: [datafoldMonitorRow] },
  });

  const { data, errors } = await world.execute(listOf(light));

  expect(errors).toBeUndefined();
  expect(data.monitorList.edges).toEqual([{ cursor: expect.any(String), node: lightMonitor }]);
  expect(world.datafold.paths).toHaveLength(1);
});

it('Datafold monitor: shows what a list has of a monitor that cannot be requested, with errors at the rest', async () => {
  const world = await createListingWorld();
  serveDatafold(world.datafold, { monitors: monitorsUpTo(2) });
  world.datafold.on('/api/v1/monitors/2', { status: 403 });

  const { data, errors } = await world.execute(listOf('name description alert { __typename }'));

  expect(data.monitorList.edges.map(({ node }: { node: object }) => node)).toEqual([
    { name: 'Monitor 1', description: 'Before every release.', alert: { __typename: 'DatafoldDiffAlert' } },
    { name: 'Monitor 2', description: null, alert: null },
  ]);
  expect(errors?.map(({ path, extensions }) => [path?.slice(2), extensions.code])).toEqual([
    [[1, 'node', 'description'], 'FORBIDDEN'],
    [[1, 'node', 'alert'], 'FORBIDDEN'],
  ]);
  expect(world.datafold.paths.slice(1).toSorted()).toEqual(['/api/v1/monitors/1', '/api/v1/monitors/2']);
});

describe('Datafold monitor: a schedule', () => {
  it.each([
    [{ interval: { every: 'hour', type: 'hourly' } }, { __typename: 'DatafoldHourlySchedule', every: 'hour' }],
    [
      { interval: { every: 'day', type: 'daily', hour: null } },
      { __typename: 'DatafoldDailySchedule', every: 'day', hour: null, utcAt: null },
    ],
    [
      { interval: { every: 'day', type: 'daily', utc_at: '05:30:00', hour: 0 } },
      { __typename: 'DatafoldDailySchedule', every: 'day', hour: 0, utcAt: '05:30:00' },
    ],
    [
      { cron: '0 6 * * *', type: 'crontab' },
      { __typename: 'DatafoldCrontabSchedule', cron: '0 6 * * *' },
    ],
    [{ cron: '0 6 * * *' }, { __typename: 'DatafoldCrontabSchedule', cron: '0 6 * * *' }],
    [{ type: 'none' }, { __typename: 'DatafoldNoSchedule', type: 'none' }],
    // `type` has a default in each of them.
    [{ interval: { every: 'hour' } }, { __typename: 'DatafoldHourlySchedule', every: 'hour' }],
    [
      { interval: { every: 'day', utc_at: '05:30:00' } },
      { __typename: 'DatafoldDailySchedule', every: 'day', hour: null, utcAt: '05:30:00' },
    ],
    [{}, { __typename: 'DatafoldNoSchedule', type: 'none' }],
  ])('%j is known by its keys', async (schedule, expected) => {
    expect(await read({ ...datafoldMonitorBody, schedule })).toEqual({
      data: { monitor: { ...monitor, schedule: expected } },
    });
  });

  it.each([
    { type: 'weekly' },
    { type: 'crontab' },
    { type: 7 },
    { cron: null, type: 'crontab' },
    { type: 'daily', every: 'day' },
    { interval: { every: 'week', type: 'weekly' } },
    { interval: {} },
    { interval: 'daily' },
    [[]],
    'daily',
    7,
    null,
  ])('%j is one that is not documented: an error in its place', async (schedule) => {
    await expectBroken({ ...datafoldMonitorBody, schedule }, 'schedule');
  });

  it('that is missing is an error in its place', async () => {
    const { schedule: _schedule, ...body } = datafoldMonitorBody;

    await expectBroken(body, 'schedule');
  });

  it.each([24, -1, 1.5, '6', JSON.rawJSON('12345678901234567890')])(
    'with the hour %s is whole but for it',
    async (hour) => {
      const schedule = { interval: { every: 'day', type: 'daily', hour } };

      expect(await read({ ...datafoldMonitorBody, schedule })).toEqual({
        data: { monitor: { ...monitor, schedule: { ...monitor.schedule, hour: null, utcAt: null } } },
        errors: [badAt('monitor', 'schedule', 'hour')],
      });
    },
  );
});

describe('Datafold monitor: an alert', () => {
  it.each([
    [
      { type: 'diff' },
      { __typename: 'DatafoldDiffAlert', differentRowsCount: null, differentRowsPercent: null, matchRatioMin: null },
    ],
    [
      { type: 'diff', different_rows_count: JSON.rawJSON('9007199254740993'), different_rows_percent: 0.5 },
      {
        __typename: 'DatafoldDiffAlert',
        differentRowsCount: 9007199254740992,
        differentRowsPercent: 0.5,
        matchRatioMin: null,
      },
    ],
    [
      { type: 'automatic', sensitivity: 80 },
      { __typename: 'DatafoldAutomaticAlert', sensitivity: 80 },
    ],
    [
      { type: 'absolute', min: -1.5, max: null },
      { __typename: 'DatafoldAbsoluteAlert', min: -1.5, max: null },
    ],
    [
      { type: 'percentage', decrease: 10 },
      { __typename: 'DatafoldPercentageAlert', increase: null, decrease: 10 },
    ],
    [null, null],
    [undefined, null],
  ])('%j is known by its type', async (alert, expected) => {
    expect(await read({ ...datafoldMonitorBody, alert })).toEqual({
      data: { monitor: { ...monitor, alert: expected } },
    });
  });

  it.each([{}, { type: 'constructor' }, { type: ['diff'] }, { min: 1, max: 2 }, [[]], 'diff', 7, true])(
    '%j is one that is not documented: an error in its place',
    async (alert) => {
      await expectBroken({ ...datafoldMonitorBody, alert }, 'alert');
    },
  );

  it.each([JSON.rawJSON('1e400'), '80', null, undefined, true])(
    'with the number %j is whole but for it',
    async (sensitivity) => {
      expect(await read({ ...datafoldMonitorBody, alert: { type: 'automatic', sensitivity } })).toEqual({
        data: { monitor: { ...monitor, alert: { __typename: 'DatafoldAutomaticAlert', sensitivity: null } } },
        errors: [badAt('monitor', 'alert', 'sensitivity')],
      });
    },
  );
});

describe('Datafold monitor: notifications', () => {
  it('are known by their types; one that is not documented is an error in its own place', async () => {
    const long = JSON.rawJSON('9007199254740993');
    const notifications = [
      { type: 'email', recipients: [] },
      { type: 'pagerduty', integration: 11, features: ['notify_every_run', 'new'] },
      { type: 'carrier_pigeon', integration: 12 },
      { type: 'webhook', integration: long, features: null },
      { type: 'slack', integration: 13, channel: '#data', mentions: ['@oncall'], features: [] },
      'slack',
      { type: 'teams', integration: '14', channel: 15, mentions: [16] },
    ];

    const { data, errors } = await read({ ...datafoldMonitorBody, notifications });

    expect(data.monitor.notifications).toEqual([
      { __typename: 'DatafoldEmailNotification', recipients: [], features: null },
      {
        __typename: 'DatafoldPagerdutyNotification',
        integrationId: '11',
        features: ['notify_every_run', 'new'],
      },
      null,
      { __typename: 'DatafoldWebhookNotification', integrationId: '9007199254740993', features: null },
      {
        __typename: 'DatafoldSlackNotification',
        integrationId: '13',
        channel: '#data',
        mentions: ['@oncall'],
        features: [],
      },
      null,
      { __typename: 'DatafoldTeamsNotification', integrationId: null, channel: null, mentions: [null], features: null },
    ]);
    expect(errors).toEqual([
      badAt('monitor', 'notifications', 2),
      badAt('monitor', 'notifications', 5),
      ...['integrationId', 'channel'].map((field) => badAt('monitor', 'notifications', 6, field)),
      badAt('monitor', 'notifications', 6, 'mentions', 0),
    ]);
  });

  it('have an error where a field is missing that its kind needs', async () => {
    const notifications = [
      { type: 'email' },
      { type: 'pagerduty' },
      { type: 'webhook', integration: null },
      { type: 'slack', integration: 13 },
      { type: 'teams', channel: 'Data' },
    ];

    const { data, errors } = await read({ ...datafoldMonitorBody, notifications });

    expect(data.monitor.notifications).toEqual([
      { __typename: 'DatafoldEmailNotification', recipients: null, features: null },
      { __typename: 'DatafoldPagerdutyNotification', integrationId: null, features: null },
      { __typename: 'DatafoldWebhookNotification', integrationId: null, features: null },
      { __typename: 'DatafoldSlackNotification', integrationId: '13', channel: null, mentions: null, features: null },
      { __typename: 'DatafoldTeamsNotification', integrationId: null, channel: 'Data', mentions: null, features: null },
    ]);
    expect(errors).toEqual([
      badAt('monitor', 'notifications', 0, 'recipients'),
      badAt('monitor', 'notifications', 1, 'integrationId'),
      badAt('monitor', 'notifications', 2, 'integrationId'),
      badAt('monitor', 'notifications', 3, 'channel'),
      badAt('monitor', 'notifications', 4, 'integrationId'),
    ]);
  });

  it('without a type are e-mails where they have recipients, as that is the default there, and else may be any', async () => {
    const notifications = [
      { recipients: ['data@shop.example'] },
      { type: null, recipients: ['data@shop.example'] },
      { integration: 11 },
      { integration: 13, channel: '#data' },
    ];

    const { data, errors } = await read({ ...datafoldMonitorBody, notifications });

    expect(data.monitor.notifications).toEqual([
      { __typename: 'DatafoldEmailNotification', recipients: ['data@shop.example'], features: null },
      null,
      null,
      null,
    ]);
    expect(errors).toEqual([1, 2, 3].map((place) => badAt('monitor', 'notifications', place)));
  });
});

describe('Datafold monitor: a field of the wrong type is null, with an error there alone:', () => {
  it.each([
    ['name', 'name', 7],
    ['enabled', 'enabled', 'yes'],
    ['created_at', 'createdAt', null],
    ['created_at', 'createdAt', '2026-02-30T00:00:00Z'],
    ['modified_at', 'modifiedAt', 1763625600],
    ['last_run', 'lastRunAt', 'yesterday'],
    ['last_alert', 'lastAlertAt', {}],
    ['tags', 'tags', 'shop'],
    ['owner', 'owner', ['data@shop.example']],
    ['description', 'description', 7],
    ['dataset', 'datasets', {}],
    ['notifications', 'notifications', {}],
  ] as const)('%s', async (name, field, value) => {
    await expectBroken({ ...datafoldMonitorBody, [name]: value }, field);
  });

  it('monitor_type and state, of which ours is UNKNOWN', async () => {
    expect(await read({ ...datafoldMonitorBody, monitor_type: 7, state: ['ok'] })).toEqual({
      data: { monitor: { ...monitor, type: 'UNKNOWN', rawType: null, state: 'UNKNOWN', rawState: null } },
      errors: [badAt('monitor', 'rawType'), badAt('monitor', 'rawState')],
    });
  });

  it('a dataset, in its own place', async () => {
    const { data, errors } = await read({ ...datafoldMonitorBody, dataset: ['shop.orders', { table: 7 }] });

    expect(data.monitor.datasets).toEqual([null, { ...monitor.datasets[1], connectionId: null }]);
    expect(errors).toEqual([
      badAt('monitor', 'datasets', 0),
      badAt('monitor', 'datasets', 1, 'connectionId'),
      badAt('monitor', 'datasets', 1, 'table'),
    ]);
  });
});

it('Datafold monitor: has words that are new to us beside UNKNOWN, without an error', async () => {
  expect(await read({ ...datafoldMonitorBody, monitor_type: 'forecast', state: 'paused' })).toEqual({
    data: { monitor: { ...monitor, type: 'UNKNOWN', rawType: 'forecast', state: 'UNKNOWN', rawState: 'paused' } },
  });
});

it('Datafold monitor: is null without an error in all that Datafold may leave out, and null where that is said', async () => {
  const { id, name, monitor_type, enabled, created_at, modified_at, schedule } = datafoldMonitorBody;
  const body = { id, name: null, monitor_type: null, enabled, created_at, modified_at, schedule };
  const none = {
    ...monitor,
    ...{ name: null, type: null, rawType: null, state: null, rawState: null, lastRunAt: null, lastAlertAt: null },
    ...{ tags: null, owner: null, description: null, datasets: null, alert: null, notifications: null },
  };

  expect(await read(body)).toEqual({ data: { monitor: none } });
  expect(await read({ ...body, last_run: null, last_alert: null, state: null, tags: null, owner: null })).toEqual({
    data: { monitor: none },
  });
  expect(await read({ id, name, monitor_type })).toMatchObject({
    errors: ['enabled', 'createdAt', 'modifiedAt', 'schedule'].map((field) => ({ path: ['monitor', field] })),
  });
});

it('Datafold monitor: is null when there is no such monitor, and an error when it is another one', async () => {
  const world = await createListingWorld();
  await verifyCredentials(world);
  const query = 'query ($key: MonitorKey!) { monitor(key: $key) { name } }';

  expect(await world.execute(query, { key: datafoldMonitorKey })).toEqual({ data: { monitor: null } });
  world.datafold.on(datafoldMonitorPath, { body: { ...datafoldMonitorBody, id: 8 } });
  expect(await world.execute(query, { key: datafoldMonitorKey })).toEqual({
    data: { monitor: null },
    errors: [badAt('monitor')],
  });
});

describe('Datafold monitor: what is requested of Datafold for', () => {
  /** Queries a world that has the monitors 1 to 8. */
  async function execute(query: string, ...ids: readonly number[]) {
    const world = await createListingWorld();
    serveDatafold(world.datafold, { monitors: monitorsUpTo(8) });
    return { world, answer: await world.execute(query, { keys: keysOf(...ids) }) };
  }
  const names = 'query ($keys: [MonitorKey!]!) { monitors(keys: $keys) { name } }';
  const descriptions =
    'query ($keys: [MonitorKey!]!) { monitors(keys: $keys) { name ... on DatafoldMonitor { description } } }';
  const pathsOf = (...ids: readonly number[]) => ids.map((id) => `/api/v1/monitors/${id}`);

  it.each([
    ['one monitor', names, [3], pathsOf(3)],
    ['two', names, [3, 5], pathsOf(3, 5)],
    ['three', names, [3, 5, 7], [firstOfList]],
    ['eight, and repeats', names, [8, 1, 2, 3, 4, 5, 6, 7, 8, 1], [firstOfList]],
    ['three, of which more is selected than lists have', descriptions, [3, 5, 7], pathsOf(3, 5, 7)],
  ])('%s', async (_what, query, ids, paths) => {
    const { world, answer } = await execute(query, ...ids);

    expect(answer.errors).toBeUndefined();
    expect(answer.data.monitors).toMatchObject(named(...ids));
    expect(world.datafold.paths).toEqual(paths);
  });

  it('monitors that the list does not have: each separately, and only then their absence is certain', async () => {
    const world = await createListingWorld();
    const all = monitorsUpTo(8);
    serveDatafold(world.datafold, { monitors: all.slice(0, 7) });
    world.datafold.on('/api/v1/monitors/8', { body: all[7] });

    expect(await world.execute(names, { keys: keysOf(1, 8, 2, 99, 3) })).toEqual({
      data: { monitors: [...named(1, 8, 2), null, ...named(3)] },
    });
    expect(world.datafold.paths).toEqual([firstOfList, ...pathsOf(8, 99)]);
  });

  it('light and heavy fields of the same monitors: what is requested separately has both', async () => {
    const query = `query ($keys: [MonitorKey!]!) {
      light: monitors(keys: $keys) { name }
      heavy: monitors(keys: $keys) { ... on DatafoldMonitor { schedule { __typename } } }
    }`;

    const { world, answer } = await execute(query, 1, 2, 3);

    expect(answer.errors).toBeUndefined();
    expect(world.datafold.paths).toEqual(pathsOf(1, 2, 3));
  });

  it('monitors that are there in full already: nothing more, when three cached runs lead to them', async () => {
    const world = await createListingWorld({ runCache: true });
    const runsOf = (id: string) => [{ ...datafoldBody, run_id: 1, monitor_id: Number(id) }];
    serveDatafold(world.datafold, { monitors: monitorsUpTo(8), runsOf });
    const keys = keysOf(3, 5, 7);
    const runKeys = keys.map((key) => ({ ...key, runId: '1' }));
    const runsQuery = (fields: string) => `monitorRuns(keys: $runKeys) { ... on DatafoldRun { warnings ${fields} } }`;
    await world.execute(`query ($runKeys: [MonitorRunKey!]!) { ${runsQuery('')} }`, { runKeys });
    world.datafold.paths.splice(0);

    const { data, errors } = await world.execute(
      `query ($keys: [MonitorKey!]!, $runKeys: [MonitorRunKey!]!) {
        monitors(keys: $keys) { ... on DatafoldMonitor { schedule { __typename } } }
        ${runsQuery('monitor { name }')}
      }`,
      { keys, runKeys },
    );

    expect(errors).toBeUndefined();
    expect(data.monitorRuns.map(({ monitor }: { monitor: object }) => monitor)).toMatchObject(named(3, 5, 7));
    expect(world.datafold.paths).toEqual(pathsOf(3, 5, 7));
  });

  it.each([404, 422, 403])('three monitors, when the list answers %i: each separately', async (status) => {
    const world = await createListingWorld();
    await verifyCredentials(world);
    for (const body of monitorsUpTo(3)) world.datafold.on(`/api/v1/monitors/${body.id}`, { body });
    world.datafold.on(firstOfList, { status });

    expect(await world.execute(names, { keys: keysOf(1, 2, 3) })).toEqual({ data: { monitors: named(1, 2, 3) } });
    expect(world.datafold.paths).toEqual([firstOfList, ...pathsOf(1, 2, 3)]);
  });

  it('the monitor of a run: nothing for its ids, one call for more, whatever number of runs select it', async () => {
    const world = await createListingWorld();
    const runs = [1, 2].map((run_id) => ({ run_id, monitor_id: 7, state: 'ok', warnings: [] }));
    serveDatafold(world.datafold, { monitors: monitorsUpTo(8), runsOf: () => runs });
    const run = (runId: number, fields: string) =>
      `run${runId}: monitorRun(key: { provider: DATAFOLD, monitorId: 7, runId: ${runId} }) { monitor { ${fields} } }`;
    const runPaths = ['/api/v1/monitors/7/runs/1', '/api/v1/monitors/7/runs/2'];

    const ids = await world.execute(`{ ${run(1, 'id monitorId __typename')} ${run(2, 'id')} }`);
    expect(ids.data.run1).toEqual({
      monitor: { id: 'DATAFOLD:monitor:7', monitorId: '7', __typename: 'DatafoldMonitor' },
    });
    expect(world.datafold.paths.splice(0)).toEqual(runPaths);

    const found = await world.execute(`{ ${run(1, 'name')} ${run(2, 'name')} }`);
    expect(found.data).toEqual({ run1: { monitor: { name: 'Monitor 7' } }, run2: { monitor: { name: 'Monitor 7' } } });
    expect(world.datafold.paths).toEqual([...runPaths, '/api/v1/monitors/7']);
  });
});

describe('Datafold monitor: the list of all monitors', () => {
  /** Reads all of it, page by page. */
  async function readAll(world: World, variables: object) {
    const pages: string[][] = [];
    for (let after: string | null = null; ; ) {
      const { data, errors } = await world.execute(listOf('name'), { ...variables, after });
      expect(errors).toBeUndefined();
      const { edges, pageInfo } = data.monitorList;
      pages.push(edges.map(({ node }: { node: { name: string } }) => node.name));
      if (!pageInfo.hasNextPage) return pages;
      after = pageInfo.endCursor;
    }
  }

  it('is read page by page, each a call', async () => {
    const world = await createListingWorld();
    serveDatafold(world.datafold, { monitors: monitorsUpTo(8) });

    expect((await readAll(world, { first: 3 })).map((page) => page.length)).toEqual([3, 3, 2]);
    expect(world.datafold.paths).toEqual(
      [1, 2, 3].map((page) => `/api/v1/monitors?page=${page}&page_size=3&order_by=id&sort_order=asc`),
    );
  });

  it('is read in as many calls as it has pages, when Datafold sends smaller ones than requested', async () => {
    const world = await createListingWorld();
    serveDatafold(world.datafold, { monitors: monitorsUpTo(8), cap: 3 });

    expect((await readAll(world, { first: 5 })).map((page) => page.length)).toEqual([3, 3, 2]);
    expect(world.datafold.paths).toEqual(
      [5, 3, 3].map((size, at) => `/api/v1/monitors?page=${at + 1}&page_size=${size}&order_by=id&sort_order=asc`),
    );
  });

  it('is requested by tags as Datafold expects them, whatever is in them; its cursors know them', async () => {
    const world = await createListingWorld();
    const tags = ['a&b=c', 'é +'];
    const tagged = monitorsUpTo(4).map((one, place) => ({ ...one, tags: place === 1 ? ['shop'] : [...tags, 'x'] }));
    serveDatafold(world.datafold, { monitors: tagged });

    const { data } = await world.execute(listOf('name'), { first: 1, tags });
    const after = data.monitorList.pageInfo.endCursor;
    // More than the page has are known by their number only once all have been checked.
    expect(data.monitorList.totalCount).toBeNull();
    expect(world.datafold.paths).toEqual([
      '/api/v1/monitors?page=1&page_size=100&order_by=id&sort_order=asc&tags=a%26b%3Dc%2C%C3%A9+%2B',
    ]);

    const next = await world.execute(listOf('name'), { first: 2, tags: tags.toReversed(), after });
    expect(next.data.monitorList.edges.map(({ node }: { node: object }) => node)).toEqual(named(3, 4));

    const { length } = world.datafold.paths;
    for (const others of [['a&b=c'], [], null, ['a&b=c', 'é +', 'x']]) {
      expect(await world.execute(listOf('name'), { tags: others, after })).toMatchObject({
        data: { monitorList: null },
        errors: [
          {
            message: expect.stringMatching(/^Expected `after` to be (?:the|a) cursor of /),
            extensions: { code: 'BAD_USER_INPUT', provider: 'DATAFOLD' },
          },
        ],
      });
    }
    expect(world.datafold.paths).toHaveLength(length);
  });

  it('is an error when it is no list, or Datafold says that it has none', async () => {
    const world = await createListingWorld();
    for (const answer of [{ status: 404 }, { body: {} }, { body: { monitors: {} } }]) {
      world.datafold.onAny(answer);
      expect(await world.execute(listOf('name'))).toEqual({
        data: { monitorList: null },
        errors: [badAt('monitorList')],
      });
    }
  });

  it('has an error in place of a row that is no monitor, and its neighbours all the same', async () => {
    const world = await createListingWorld();
    const monitors = [{ ...datafoldMonitorRow, id: 1 }, null, { name: 'nameless' }, { ...datafoldMonitorRow, id: -4 }];
    world.datafold.onAny({ body: { count: 4, page: 1, page_size: 20, total_pages: 1, monitors } });

    const { data, errors } = await world.execute(listOf('monitorId'));

    expect(data.monitorList.edges.map(({ node }: { node: object }) => node)).toEqual([
      { monitorId: '1' },
      null,
      null,
      null,
    ]);
    expect(errors).toEqual([1, 2, 3].map((place) => badAt('monitorList', 'edges', place, 'node')));
  });
});
