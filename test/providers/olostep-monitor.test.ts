import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { olostepBody, olostepKey, olostepMonitorBody, olostepMonitorPath, olostepPath } from '../support/bodies.ts';
import { type Answer, createListingWorld } from '../support/world.ts';

const { monitorId } = olostepKey;
const key = { provider: 'OLOSTEP', monitorId };
const json = { 'content-type': 'application/json' };
const all = `${olostepMonitorPath}?include_total_count=true&include-diagram=true`;
const light = `${olostepMonitorPath}?include_total_count=false`;
const counted = `${olostepMonitorPath}?include_total_count=true`;

const lightFields = `__typename id provider monitorId name enabled createdAt updatedAt query status rawStatus errorMessage
  schedule { frequency cron timezone nextRunAt }
  tracked { type urls webQuery }
  sourcePolicy { includeUrls excludeUrls includeDomains excludeDomains }
  notification { events channels { type target targetKind events } }
  webhookUrl outputSchema metadata agentId`;
const fields = `${lightFields} lastRunAt lastRun { runId status changed ranAt } snapshotCount diagram`;

const byItself = `query ($key: MonitorKey!) { monitor(key: $key) { ... on OlostepMonitor { ${fields} } } }`;
const byRow = `{ monitorList(provider: OLOSTEP) { nodes { ... on OlostepMonitor { ${fields} } } } }`;

/** Requests a monitor to which Olostep responds with `body`, whatever is selected of it. */
async function read(body: object): Promise<Answer> {
  const world = await createListingWorld();
  world.olostep.onAny({ body });
  return world.execute(byItself, { key });
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
  schedule: { frequency: 'every hour', cron: '0 * * * ? *', timezone: 'UTC', nextRunAt: '2025-11-20T09:00:00.000Z' },
  tracked: { type: 'urls', urls: ['https://espresso.example/machines'], webQuery: 'espresso machines' },
  sourcePolicy: {
    includeUrls: ['https://espresso.example/machines'],
    excludeUrls: ['https://espresso.example/imprint'],
    includeDomains: ['espresso.example'],
    excludeDomains: ['gossip.example'],
  },
  notification: {
    events: ['changed', 'first_snapshot'],
    channels: [{ type: 'email', target: 'shop@espresso.example', targetKind: 'EMAIL', events: ['changed'] }],
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

it('Olostep monitor: reads every field of a monitor', async () => {
  expect(await read(olostepMonitorBody)).toEqual({ data: { monitor } });
});

it('Olostep monitor: reads every field of a monitor in a list, and requests it separately for what rows lack', async () => {
  const world = await createListingWorld();
  const { total_count: _count, mermaid_diagram: _diagram, ...row } = olostepMonitorBody;
  world.olostep.on('/v1/monitors', { body: { monitors: [row], count: 1 } });
  world.olostep.on(all, { body: olostepMonitorBody });

  expect(await world.execute(byRow)).toEqual({ data: { monitorList: { nodes: [monitor] } } });
  expect(world.olostep.paths).toEqual(['/v1/monitors', all]);
});

it.each([
  ['has it', {}, ['/v1/monitors'], monitor.lastRunAt],
  ['says that there is none', { last_run: null }, ['/v1/monitors'], null],
  ['says nothing of it', { last_run: undefined }, ['/v1/monitors', light], monitor.lastRunAt],
])('Olostep monitor: takes the last run from a row that %s', async (_what, change, paths, lastRunAt) => {
  const world = await createListingWorld();
  world.olostep.on('/v1/monitors', { body: { monitors: [{ ...olostepMonitorBody, ...change }] } });
  world.olostep.on(light, { body: olostepMonitorBody });

  const query =
    '{ monitorList(provider: OLOSTEP) { nodes { lastRunAt ... on OlostepMonitor { lastRun { ranAt } } } } }';

  const lastRun = lastRunAt && { ranAt: lastRunAt };
  expect(await world.execute(query)).toEqual({ data: { monitorList: { nodes: [{ lastRunAt, lastRun }] } } });
  expect(world.olostep.paths).toEqual(paths);
});

describe('Olostep monitor: the status', () => {
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

it('Olostep monitor: knows older answers by their names of ids and times', async () => {
  const { id, created: _created, updated: _updated, ...rest } = olostepMonitorBody;
  const older = { ...rest, monitor_id: id, created_at: '2025-10-09T08:53:20Z', updated_at: 1763625609 };

  expect(await read(older)).toEqual({ data: { monitor } });
});

describe('Olostep monitor: older answers', () => {
  /** As the first generation of the documents has a monitor, */
  const first = {
    team_id: 'team_5hktz469jyF',
    monitor_id: monitorId,
    status: 'active',
    agent_id: 'agent_forward_deployed_0',
    fda_id: 'fda_5hktz469jy',
    schedule_id: 'schedule_r4h9n2j7',
    schedule_name: null,
    query: null,
    url: 'https://espresso.example/machines',
    frequency: 'daily',
    cron_expression: '0 0 * * ? *',
    notification_channel: 'webhook',
    notification_target: 'https://user:secret@hooks.espresso.example:8443/T0/B0/secret?token=secret#secret',
    metadata: {},
    error_message: null,
    created_at: 1777983215,
    updated_at: 1777983222,
  };
  /** and the second. */
  const second = {
    id: monitorId,
    object: 'monitor',
    status: 'active',
    fda_id: 'fda_5hktz469jy',
    query: 'Tell me of new posts.',
    frequency: 'every day at 9am America/Los_Angeles',
    cron_expression: null,
    notification_channel: 'sms',
    notification_target: '+14155552671',
    created_at: 1777983215,
    updated_at: 1777983222,
  };

  it('of the first generation lose nothing that there is a field for', async () => {
    const { errors, data } = await read(first);

    expect(errors).toBeUndefined();
    expect(data.monitor).toMatchObject({
      // A monitor of a page needs no query.
      name: 'https://espresso.example/machines',
      query: null,
      createdAt: '2026-05-05T12:13:35.000Z',
      schedule: { frequency: 'daily', cron: '0 0 * * ? *', timezone: null, nextRunAt: null },
      tracked: { type: null, urls: ['https://espresso.example/machines'], webQuery: null },
      notification: {
        events: null,
        channels: [{ type: 'webhook', target: 'https://hooks.espresso.example:8443', targetKind: 'URL', events: null }],
      },
      agentId: 'agent_forward_deployed_0',
      webhookUrl: null,
    });
  });

  it('of the second generation neither', async () => {
    const { errors, data } = await read(second);

    expect(errors).toBeUndefined();
    expect(data.monitor).toMatchObject({
      name: 'Tell me of new posts.',
      schedule: { frequency: 'every day at 9am America/Los_Angeles', cron: null, timezone: null, nextRunAt: null },
      tracked: null,
      notification: {
        events: null,
        channels: [{ type: 'sms', target: '+14155552671', targetKind: 'PHONE', events: null }],
      },
      agentId: 'fda_5hktz469jy',
    });
  });

  it('lose nothing in a list', async () => {
    const world = await createListingWorld();
    world.olostep.on('/v1/monitors', { body: { monitors: [first] } });

    const { data, errors } = await world.execute(
      `{ monitorList(provider: OLOSTEP) { nodes { name ... on OlostepMonitor {
        agentId tracked { urls } schedule { cron } notification { channels { target } }
      } } } }`,
    );

    expect(errors).toBeUndefined();
    expect(data.monitorList.nodes).toEqual([
      {
        name: first.url,
        agentId: first.agent_id,
        tracked: { urls: [first.url] },
        schedule: { cron: first.cron_expression },
        notification: { channels: [{ target: 'https://hooks.espresso.example:8443' }] },
      },
    ]);
    expect(world.olostep.paths).toEqual(['/v1/monitors']);
  });

  it.each([
    ['frequency', ['monitor.schedule.frequency']],
    ['cron_expression', ['monitor.schedule.cron']],
    ['notification_channel', ['monitor.notification.channels.0.type']],
    ['notification_target', ['monitor.notification.channels.0.target']],
    ['url', ['monitor.name', 'monitor.tracked.urls']],
    ['agent_id', ['monitor.agentId']],
  ])('have an error in place of a bad %s, and nowhere else', async (name, places) => {
    const answer = await read({ ...first, [name]: 7 });

    expect(errorsOf(answer).toSorted()).toEqual(places.map((place) => [place, 'UPSTREAM_BAD_RESPONSE']));
  });

  it('count for nothing where a newer answer says the same', async () => {
    const { id: _id, monitor_id: _older, url: _url, ...older } = { ...second, ...first };

    expect(await read({ ...older, ...olostepMonitorBody, created_at: 1, updated_at: 1 })).toEqual({
      data: { monitor },
    });
  });
});

describe('Olostep monitor: the target of a notification', () => {
  it.each([
    ['shop@espresso.example', 'EMAIL', 'shop@espresso.example'],
    ['+14155552671', 'PHONE', '+14155552671'],
    // The whole URL is enough to write to the channel.
    ['https://hooks.slack.com/services/T0/B0/secret', 'URL', 'https://hooks.slack.com'],
    ['HTTPS://HOOKS.slack.com:443/services/T0/B0/secret', 'URL', 'https://hooks.slack.com'],
    ['https://hooks.slack.com?token=secret', 'URL', 'https://hooks.slack.com'],
    ['https://hooks.slack.com#secret', 'URL', 'https://hooks.slack.com'],
    ['https://secret@hooks.slack.com', 'URL', 'https://hooks.slack.com'],
    ['https://user:secret@hooks.slack.com/x', 'URL', 'https://hooks.slack.com'],
    ['https:hooks.slack.com/secret', 'URL', 'https://hooks.slack.com'],
    ['https:\\\\hooks.slack.com\\secret', 'URL', 'https://hooks.slack.com'],
    [' https://hooks.slack.com/secret', 'URL', 'https://hooks.slack.com'],
    ['slack://secret@T0/secret', 'URL', 'slack://T0'],
    ['mailto:shop@espresso.example?subject=secret', 'URL', 'mailto:'],
    ['https://hooks slack.com/secret', 'URL', 'https:'],
    ['https://', 'URL', 'https:'],
    // Without its scheme a URL is none, and may be as secret.
    ['hooks.slack.com/services/T0/B0/secret', 'UNKNOWN', 'hooks.slack.com'],
    ['//hooks.slack.com/services/secret', 'UNKNOWN', ''],
    ['hooks.slack.com?token=secret', 'UNKNOWN', 'hooks.slack.com'],
    ['hooks.slack.com\\secret', 'UNKNOWN', 'hooks.slack.com'],
    ['hooks.slack.com/secret@x', 'UNKNOWN', 'hooks.slack.com'],
    ['shop@espresso.example/secret', 'UNKNOWN', 'shop@espresso.example'],
    ['#prices', 'UNKNOWN', '#prices'],
    ['+0155', 'UNKNOWN', '+0155'],
    ['', 'UNKNOWN', ''],
  ])('%s is of kind %s and shown as %s', async (target, targetKind, shown) => {
    const notification = { events: ['changed'], channels: [{ type: 'slack', target }] };

    const { data, errors } = await read({ ...olostepMonitorBody, notification });

    expect(errors).toBeUndefined();
    expect(data.monitor.notification.channels).toEqual([{ type: 'slack', target: shown, targetKind, events: null }]);
  });

  it.each([
    [undefined, null, []],
    [null, 'UNKNOWN', ['target']],
    [7, 'UNKNOWN', ['target']],
  ])('that is %j is of kind %s', async (target, targetKind, places) => {
    const answer = await read({ ...olostepMonitorBody, notification: { channels: [{ type: 'email', target }] } });

    expect(answer.data.monitor.notification.channels).toEqual([
      { type: 'email', target: null, targetKind, events: null },
    ]);
    expect(errorsOf(answer).map(([place]) => place)).toEqual(
      places.map((place) => `monitor.notification.channels.0.${place}`),
    );
  });
});

it('Olostep monitor: has null without an error where the types of the clients have it', async () => {
  const answer = await read({
    ...olostepMonitorBody,
    schedule: { frequency: null, cron: null, timezone: null, next_run_at: null },
    tracked: { type: null, urls: null, web_query: null },
    source_policy: { include_urls: null, exclude_urls: null, include_domains: null, exclude_domains: null },
    notification: { events: null, channels: [{ type: 'email', target: 'shop@espresso.example', events: null }] },
    last_run: { ...olostepMonitorBody.last_run, ran_at: null },
    agent: { id: null },
    created: null,
    updated: null,
    total_count: null,
  });

  expect(answer.errors).toBeUndefined();
  expect(answer.data.monitor).toMatchObject({
    schedule: { frequency: null, cron: null, timezone: null, nextRunAt: null },
    tracked: { type: null, urls: null, webQuery: null },
    sourcePolicy: { includeUrls: null, excludeUrls: null, includeDomains: null, excludeDomains: null },
    notification: { events: null, channels: [{ type: 'email', events: null }] },
    lastRun: { runId: 'run_k3v9c1p7zd', ranAt: null },
    lastRunAt: null,
    agentId: null,
    createdAt: null,
    updatedAt: null,
    snapshotCount: null,
  });
  const channels = await read({ ...olostepMonitorBody, notification: { events: ['changed'], channels: null } });
  expect(channels.errors).toBeUndefined();
  expect(channels.data.monitor.notification).toEqual({ events: ['changed'], channels: null });
});

it('Olostep monitor: knows rows of older lists by their names of ids', async () => {
  const world = await createListingWorld();
  world.olostep.on('/v1/monitors', { body: { monitors: [{ monitor_id: monitorId }] } });

  const answer = await world.execute(
    '{ monitorList(provider: OLOSTEP) { nodes { id ... on OlostepMonitor { status } } } }',
  );

  expect(answer).toEqual({ data: { monitorList: { nodes: [{ id: monitor.id, status: 'UNKNOWN' }] } } });
});

it('Olostep monitor: has nothing but null where Olostep says nothing', async () => {
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
  ['tracked', { ...olostepMonitorBody.tracked, urls: [7] }, ['monitor.tracked.urls.0']],
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
])('Olostep monitor: has an error in place of a bad field, and nowhere else: %s %j', async (name, value, places) => {
  const answer = await read({ ...olostepMonitorBody, [name]: value });

  expect(errorsOf(answer).toSorted()).toEqual(places.map((place) => [place, 'UPSTREAM_BAD_RESPONSE']).toSorted());
  const touched = new Set(places.map((place) => place.split('.')[1]));
  for (const [field, expected] of Object.entries(monitor))
    if (!touched.has(field)) expect(answer.data.monitor[field], field).toEqual(expected);
});

it("Olostep monitor: takes no other monitor's answer for it", async () => {
  const answer = await read({ ...olostepMonitorBody, id: 'monitor_other00000' });

  expect(answer.data).toEqual({ monitor: null });
  expect(errorsOf(answer)).toEqual([['monitor', 'UPSTREAM_BAD_RESPONSE']]);
});

describe('Olostep monitor: what a query costs:', () => {
  it.each([
    ['id monitorId provider', [light]],
    ['name enabled lastRunAt', [light]],
    ['... on OlostepMonitor { snapshotCount }', [counted]],
    ['... on OlostepMonitor { diagram }', [`${light}&include-diagram=true`]],
    ['... on OlostepMonitor { snapshotCount diagram lastRun { runId } }', [all]],
  ])('monitor { %s }', async (selection, paths) => {
    const world = await createListingWorld();
    world.olostep.onAny({ body: olostepMonitorBody });

    const answer = await world.execute(`query ($key: MonitorKey!) { monitor(key: $key) { ${selection} } }`, { key });

    expect(answer.errors).toBeUndefined();
    expect(world.olostep.paths).toEqual(paths);
  });

  it.each([
    ['less of it', 'name lastRunAt', [counted]],
    ['the same', 'name ... on OlostepMonitor { snapshotCount }', [counted]],
    ['more than there is in that', '... on OlostepMonitor { diagram }', [counted, `${light}&include-diagram=true`]],
  ])('a monitor that was requested already, and then by one of its runs for %s', async (_what, selection, paths) => {
    const world = await createListingWorld();
    for (const path of [counted, light, `${light}&include-diagram=true`])
      world.olostep.on(path, { body: olostepMonitorBody });
    world.olostep.on(olostepPath, { body: olostepBody });

    const answer = await world.execute(
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
    ['two of them, each separately', ['monitor_a', 'monitor_b'], ['monitor_a', 'monitor_b'].map(single)],
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

    const answer = await world.execute(query, keysOf(some));

    expect(answer).toEqual({ data: { monitors: some.map((id) => ({ monitorId: id, name: id })) } });
    expect(world.olostep.paths.toSorted()).toEqual(paths.toSorted());
  });

  it('monitors of which one does not exist: null, after a separate call', async () => {
    const world = await createListingWorld();
    world.olostep.on('/v1/monitors', { body: { monitors: ids.slice(0, 3).map((id) => ({ id, query: id })) } });

    const answer = await world.execute(query, keysOf(['monitor_a', 'monitor_b', 'monitor_x']));

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

    const answer = await world.execute(
      `query ($key: MonitorKey!) { monitor(key: $key) { ... on OlostepMonitor { lastRun { ${selection} } } } }`,
      { key },
    );

    expect(answer.errors).toBeUndefined();
    expect(world.olostep.paths).toEqual(paths);
  });
});

describe('Olostep monitor: the last run', () => {
  const query = `query ($key: MonitorKey!) {
    monitor(key: $key) { ... on OlostepMonitor { lastRun { runId run { runId phase monitor { monitorId } } } } }
  }`;

  it('leads to the run itself', async () => {
    const world = await createListingWorld();
    world.olostep.on(light, { body: olostepMonitorBody });
    world.olostep.on(olostepPath, { body: olostepBody });

    const run = { runId: olostepKey.runId, phase: 'FINISHED', monitor: { monitorId } };
    expect(await world.execute(query, { key })).toEqual({
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
  ])('leads nowhere when its id is %j, with an error unless there is none, and no call is made', async (id, wrong) => {
    const world = await createListingWorld();
    world.olostep.on(light, { body: { ...olostepMonitorBody, last_run: { ...olostepMonitorBody.last_run, id } } });

    const answer = await world.execute(query, { key });

    expect(answer.data.monitor.lastRun).toEqual({ runId: id ?? null, run: null });
    expect(errorsOf(answer).map(([path]) => path)).toEqual(wrong);
    expect(world.olostep.paths).toEqual([light]);
  });

  it('leads nowhere when Olostep has it no longer', async () => {
    const world = await createListingWorld();
    world.olostep.on(light, { body: olostepMonitorBody });

    expect(await world.execute(query, { key })).toEqual({
      data: { monitor: { lastRun: { runId: olostepKey.runId, run: null } } },
    });
  });
});

describe('Olostep monitor: the list of monitors', () => {
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
      const answer = await world.execute(query, { first: 2, after });
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
    const { data } = await world.execute(query, { first: 2 });
    world.olostep.on('/v1/monitors', listOf([{ id: 'monitor_new' }, ...ids.map((id) => ({ id }))]));

    expect(idsOf(await world.execute(query, { after: data.monitorList.pageInfo.endCursor }))).toEqual(ids.slice(2));
  });

  it('goes on behind no row that is no monitor by its id, wherever it stands by then', async () => {
    const world = await createListed([{ id: 'monitor_0' }, { id: 'x' }, { id: 'monitor_1' }]);
    const after = made([0, 'x']);

    expect(errorsOf(await world.execute(query, { after }))).toEqual([['monitorList', 'BAD_USER_INPUT']]);
  });

  it('has an error in place of a row that is no monitor, and goes on behind it', async () => {
    const world = await createListed([
      { id: 'monitor_0' },
      7,
      { query: 'x' },
      { id: 'monitor_../1' },
      { id: 'monitor_1' },
    ]);

    const answer = await world.execute(query, { first: 4 });

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
    expect(idsOf(await world.execute(query, { after: endCursor }))).toEqual(['monitor_1']);
  });

  it('has deleted monitors only where they are requested, each list by one call', async () => {
    const world = await createListed([{ id: 'monitor_0', status: 'active' }]);
    const deleted = { id: 'monitor_gone', status: 'deleted' };
    world.olostep.on('/v1/monitors?include_deleted=true', listOf([{ id: 'monitor_0', status: 'active' }, deleted]));
    const page = (argument: string) =>
      `monitorList(provider: OLOSTEP${argument}) { totalCount nodes { monitorId ... on OlostepMonitor { status } } }`;
    const operation = `{
      shown: ${page('')}
      same: ${page(', includeDeleted: false')}
      all: ${page(', includeDeleted: true')}
      again: ${page(', includeDeleted: true')}
    }`;

    const answer = await world.execute(operation, {}, { headers: { ...json, 'x-upstream-calls': '1' } });

    const active = { monitorId: 'monitor_0', status: 'ACTIVE' };
    const shown = { totalCount: 1, nodes: [active] };
    const all = { totalCount: 2, nodes: [active, { monitorId: 'monitor_gone', status: 'DELETED' }] };
    expect(answer.data).toEqual({ shown, same: shown, all, again: all });
    expect(world.olostep.paths).toEqual(['/v1/monitors', '/v1/monitors?include_deleted=true']);
    expect(answer.extensions?.upstream).toMatchObject({ calls: 2, plan: [{ source: 'LIST' }, { source: 'LIST' }] });
  });

  it('is read no further than it is shown, however long it is and however often it is selected', async () => {
    const many = Array.from({ length: 5_000 }, (_, place) => ({ id: `monitor_${place}` }));
    const world = await createListed(many);
    const parsing = vi.spyOn(JSON, 'parse');
    onTestFinished(() => parsing.mockRestore());
    const page = 'monitorList(provider: OLOSTEP, first: 2) { totalCount nodes { monitorId } }';

    const { data } = await world.execute(
      `{ ${Array.from({ length: 48 }, (_, alias) => `a${alias}: ${page}`).join(' ')} }`,
    );

    expect(data.a47).toEqual({ totalCount: 5_000, nodes: [{ monitorId: 'monitor_0' }, { monitorId: 'monitor_1' }] });
    expect(parsing.mock.calls.filter(([text]) => text.includes('monitor_2'))).toEqual([]);
  });

  it('is an error behind the last that came, where Olostep says that there are more', async () => {
    const world = await createListed();
    world.olostep.on('/v1/monitors', { body: { monitors: ids.map((id) => ({ id })), count: 7 } });

    const answer = await world.execute(query, { first: 10 });
    expect(idsOf(answer)).toEqual(ids);
    expect(answer.data.monitorList).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: true } });

    const { data, errors } = await world.execute(query, { after: answer.data.monitorList.pageInfo.endCursor });
    expect(data).toEqual({ monitorList: null });
    expect(errors).toMatchObject([
      { path: ['monitorList'], extensions: { code: 'UPSTREAM_BAD_RESPONSE', provider: 'OLOSTEP' } },
    ]);
  });

  it('has nothing on a page of none, and says that there is more', async () => {
    const world = await createListed();

    const { data } = await world.execute(query, { first: 0 });

    expect(data.monitorList).toEqual({
      totalCount: 5,
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, endCursor: null },
    });
  });

  it('can be had by no tags', async () => {
    const world = await createListed();

    const answer = await world.execute(query, { tags: ['a'] });

    expect(answer.errors).toMatchObject([
      {
        message: 'Expected no `tags`: OLOSTEP states no tags of its monitors.',
        extensions: { code: 'BAD_USER_INPUT', provider: 'OLOSTEP' },
      },
    ]);
    expect(world.olostep.paths).toEqual([]);
    expect(idsOf(await world.execute(query, { tags: [] }))).toEqual(ids);
  });

  it.each(['x', made(7), made([0]), made([-1, 'monitor_0']), made([0, 'monitor_x']), made([9, null])])(
    'knows no monitor behind the cursor %j',
    async (after) => {
      const world = await createListed();

      expect((await world.execute(query, { after })).errors).toMatchObject([
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

      expect(errorsOf(await world.execute(query))).toEqual([['monitorList', 'UPSTREAM_BAD_RESPONSE']]);
    },
  );
});
