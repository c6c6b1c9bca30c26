/** What an answer may cost, whatever lists and aliases multiply. */
import { describe, expect, it } from 'vitest';
import {
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldMonitorKey,
  datafoldMonitorPath,
  datafoldMonitorRow,
  datafoldPath,
  olostepKey,
  olostepMonitorBody,
  toDatafoldRow,
} from '../support/bodies.ts';
import { type Answer, createWorld, type World } from '../support/world.ts';

const times = (count: number, toText: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => toText(index)).join(' ');
const same = <Key>(count: number, key: Key) => ({ keys: Array.from({ length: count }, () => key) });
const runsWith = (selection: string) =>
  `query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { ... on DatafoldRun { ${selection} } } }`;
const monitorsWith = (selection: string) =>
  `query ($keys: [MonitorKey!]!) { monitors(keys: $keys) { ... on DatafoldMonitor { ${selection} } ... on OlostepMonitor { ${selection} } } }`;

const long = 'x'.repeat(6_000);
const many = Array.from({ length: 2_000 }, () => '');

/** How large the answer is. */
async function sizeOf(world: World, query: string, variables: object): Promise<number> {
  return (await (await world.post(JSON.stringify({ query, variables }))).text()).length;
}

/** All that a small world may answer with, and the errors of what is refused. */
const most = 450_000;

const createSmallWorld = () => createWorld({ limits: { maxResponseBytes: 300_000 } });

describe('cost budget: the bytes of an answer are paid for', () => {
  const runFields: Readonly<Record<string, object>> = {
    error: { error: long },
    warnings: { warnings: [long] },
    rawState: { state: long },
  };

  it.each(Object.entries(runFields))('where 20 keys and 20 aliases select the %s of a run', async (what, body) => {
    const world = await createSmallWorld();
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, ...body } });

    const size = await sizeOf(world, runsWith(times(20, (n) => `a${n}: ${what}`)), same(20, datafoldKey));

    expect(size).toBeLessThan(most);
    expect(size).toBeGreaterThan(most / 2);
  });

  const datafoldParts: Readonly<Record<string, object>> = {
    name: { name: long },
    owner: { owner: long },
    tags: { tags: [long] },
    description: { description: long },
    'schedule { ... on DatafoldCrontabSchedule { cron } }': { schedule: { cron: long } },
    'datasets { query }': { dataset: [{ connection_id: 4, query: long }] },
    'datasets { __typename }': { dataset: Array.from({ length: 2_000 }, () => ({})) },
    'notifications { ... on DatafoldEmailNotification { recipients } }': {
      notifications: [{ type: 'email', recipients: [long], features: [] }],
    },
    'notifications { __typename }': { notifications: Array.from({ length: 2_000 }, () => ({ type: 'email' })) },
  };

  it.each(Object.entries(datafoldParts))('where they select `%s` of a monitor of Datafold', async (part, body) => {
    const world = await createSmallWorld();
    world.datafold.on(datafoldMonitorPath, { body: { ...datafoldMonitorBody, ...body } });
    const query = monitorsWith(times(20, (n) => `a${n}: ${part}`)).replace(
      /\.\.\. on OlostepMonitor .*\} \} \}$/,
      '} }',
    );

    expect(await sizeOf(world, query, same(20, datafoldMonitorKey))).toBeLessThan(most);
  });

  const olostepParts: Readonly<Record<string, object>> = {
    query: { query: long },
    'tracked { urls }': { tracked: { type: 'urls', urls: [long] } },
    'sourcePolicy { excludeDomains }': { source_policy: { exclude_domains: [long] } },
    'schedule { cron }': { schedule: { cron: long } },
    'notification { events }': { notification: { events: many } },
    'notification { channels { target } }': { notification: { channels: [{ target: long }] } },
    'notification { channels { __typename } }': {
      notification: { channels: Array.from({ length: 2_000 }, () => ({})) },
    },
    webhookUrl: { webhook: { url: long } },
    agentId: { agent: { id: long } },
    'schedule { timezone }': { schedule: { timezone: long } },
  };

  it.each(Object.entries(olostepParts))('where they select `%s` of a monitor of Olostep', async (part, body) => {
    const world = await createSmallWorld();
    world.olostep.onAny({ body: { ...olostepMonitorBody, ...body } });
    const key = { provider: 'OLOSTEP', monitorId: olostepKey.monitorId };
    const query = monitorsWith(times(20, (n) => `a${n}: ${part}`)).replace(
      /\.\.\. on DatafoldMonitor .*(?=\.\.\. on Ol)/,
      '',
    );

    expect(await sizeOf(world, query, same(20, key))).toBeLessThan(most);
  });

  it('and what is refused has a sentence that says what was expected', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, error: 'x'.repeat(60_000) } });

    const { data, errors = [] } = await world.execute(
      runsWith('runId a: error b: error c: error'),
      same(100, datafoldKey),
    );

    const answered = data.monitorRuns.filter(({ c }: { c: unknown }) => c !== null);
    expect(answered.length).toBeGreaterThan(85);
    expect(errors.length).toBeGreaterThan(10);
    for (const { message, extensions } of errors) {
      expect(message).toBe('Expected a response of at most 16777216 bytes.');
      expect(extensions.code).toBe('OPERATION_TOO_COSTLY');
    }
    expect(new Set(data.monitorRuns.map(({ runId }: { runId: string }) => runId))).toEqual(new Set(['42']));
  });

  it('but words cost nothing', async () => {
    const world = await createWorld({ limits: { maxResponseBytes: 10 } });
    world.datafold.on(datafoldPath, { body: datafoldBody });

    const { errors } = await world.execute(
      runsWith('id runId state rawState error warnings startedAt'),
      same(100, datafoldKey),
    );

    expect(errors).toBeUndefined();
  });
});

it('cost budget: What is refused of some runs leaves the others alone, and no failure of theirs goes astray', async () => {
  const world = await createWorld({ limits: { maxListFetchedFields: 5 } });
  world.datafold.onAny({ status: 500 });
  const keys = Array.from({ length: 8 }, (_, index) => ({ ...datafoldKey, runId: String(index) }));

  const { data, errors = [] } = await world.execute(runsWith('runId monitor { name }'), { keys });

  expect(data.monitorRuns).toEqual(Array(8).fill(null));
  expect(errors.map(({ path, extensions }) => [path?.[1], extensions.code]).sort()).toEqual(
    keys.map((_key, index) => [index, index < 2 ? 'UPSTREAM_UNAVAILABLE' : 'OPERATION_TOO_COSTLY']),
  );
});

describe('cost budget: lists of an operation', () => {
  const monitors = Array.from({ length: 10 }, (_, index) => ({ ...datafoldMonitorRow, id: index + 1 }));
  const listOf = (member: string, items: readonly object[]) => ({
    body: { count: items.length, page: 1, page_size: 100, total_pages: 1, [member]: items },
  });
  const pathsOfRuns = ({ datafold }: World) => datafold.paths.filter((path) => path.includes('/runs'));

  async function createListWorld(config: Parameters<typeof createWorld>[0] = {}) {
    const world = await createWorld(config);
    world.datafold.onAny((request, response) => {
      const isRuns = request.url?.includes('/runs') === true;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify((isRuns ? listOf('runs', []) : listOf('monitors', monitors)).body));
    });
    return world;
  }

  it('count as one node each, though they are empty, and those beyond cost no call', async () => {
    const world = await createListWorld({ limits: { maxListNodes: 14 } });

    const { errors = [] } = await world.execute(
      '{ monitorList(provider: DATAFOLD) { nodes { id runs(first: 0) { totalCount } } } }',
    );

    expect(errors).toHaveLength(6);
    for (const { extensions } of errors) expect(extensions.code).toBe('OPERATION_TOO_COSTLY');
    expect(pathsOfRuns(world)).toHaveLength(4);
  });

  it.each([
    ['monitors', (selection: string) => `monitorList(provider: DATAFOLD) { ${selection} }`],
    ['all runs', (selection: string) => `runs(first: 10) { ${selection} }`],
    [
      'runs of a monitor',
      (selection: string) => `monitor(key: $key) { ... on DatafoldMonitor { runs { ${selection} } } }`,
    ],
  ])('count what they list in each place that the answer has it: %s', async (_name, toField) => {
    const world = await createListWorld({ limits: { maxListNodes: 29, maxListFetchedFields: 29 } });
    const runs = monitors.map(({ id }) => ({ ...toDatafoldRow(datafoldBody), monitor_id: 7, run_id: id }));
    world.datafold.onAny((request, response) => {
      const isOfMonitor = /\/monitors\/7\/runs/.test(request.url ?? '');
      const isRuns = request.url?.includes('/runs') === true;
      const lists = isRuns ? listOf('runs', isOfMonitor ? runs : []) : listOf('monitors', monitors);
      const body = request.url === datafoldMonitorPath ? datafoldMonitorBody : lists.body;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const codesOf = async (selection: string) => {
      const query = `query ($key: MonitorKey = { provider: DATAFOLD, monitorId: "7" }) { ${toField(selection)} ... on Query @include(if: false) { monitor(key: $key) { id } } }`;
      return new Set(((await world.execute(query)).errors ?? []).map(({ extensions }) => extensions.code));
    };

    expect(await codesOf('nodes { id } edges { node { id } }')).toEqual(new Set());
    const beyond = new Set(['OPERATION_TOO_COSTLY']);
    expect(await codesOf('a: nodes { id } b: nodes { id } c: nodes { id }')).toEqual(beyond);
    expect(await codesOf('nodes { id } edges { a: node { id } b: node { id } }')).toEqual(beyond);
  });

  it.each([
    ['monitors', 'monitorList(provider: DATAFOLD, after: $after) { nodes { id } }', 0],
    ['all runs', 'runs(after: $after) { nodes { id } }', 0],
    ['runs of a monitor', 'monitor(key: $key) { ... on DatafoldMonitor { id runs(after: $after) { totalCount } } }', 1],
  ])('of %s take no `after` that is longer than a cursor, and cost no call', async (name, field, calls) => {
    const world = await createListWorld();
    const execute = (after: string) =>
      world.execute(
        `query ($after: String!, $key: MonitorKey = { provider: DATAFOLD, monitorId: "7" }) { ${field} ... on Query @include(if: false) { monitor(key: $key) { id } } }`,
        { after },
      );

    // A cursor of the run feed has two bytes for each monitor.
    const maxChars = name === 'all runs' ? 12_288 : 8_192;
    const { errors: [tooLong] = [] } = await execute('x'.repeat(maxChars + 1));
    const { errors: [wrong] = [] } = await execute('x'.repeat(maxChars));

    expect(tooLong).toMatchObject({
      message: `Expected \`after\` to be a cursor, of at most ${maxChars} characters.`,
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(wrong).toMatchObject({ message: expect.stringMatching(/^Expected `after` to be (?:the|a) cursor/) });
    expect(pathsOfRuns(world)).toEqual([]);
    expect(world.datafold.paths.length).toBeLessThanOrEqual(2 * calls);
  });

  it("don't fetch their monitors again for the runs that lead back to them", async () => {
    const world = await createListWorld();
    const run = { ...toDatafoldRow(datafoldBody), monitor_id: 1 };
    const path = '/api/v1/monitors/1/runs?';
    world.datafold.onAny((request, response) => {
      const isRuns = request.url?.startsWith(path) === true;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify((isRuns ? listOf('runs', [run]) : listOf('monitors', monitors.slice(0, 1))).body));
    });

    const { data, errors } = await world.execute(
      '{ monitorList(provider: DATAFOLD) { nodes { ... on DatafoldMonitor { runs { nodes { monitor { name } } } } } } }',
    );

    expect(errors).toBeUndefined();
    expect(data.monitorList.nodes[0].runs.nodes).toEqual([{ monitor: { name: datafoldMonitorRow.name } }]);
    expect(world.datafold.paths).toHaveLength(2);
  });

  it('are explained up to 250 steps', async () => {
    const world = await createListWorld();
    const query = `{ monitorList(provider: DATAFOLD) { nodes { ... on DatafoldMonitor { ${times(40, (n) => `a${n}: runs(first: ${n}) { totalCount }`)} } } } }`;

    const answer = await world.execute(
      query,
      {},
      { headers: { 'content-type': 'application/json', 'x-upstream-calls': '1' } },
    );

    expect((answer as { extensions?: { upstream: { plan: unknown[] } } }).extensions?.upstream.plan).toHaveLength(250);
  });
});

it('cost budget: An answer has at most 1,000 errors, on each way, and the last one says how many more there are', async () => {
  const world = await createWorld({ limits: { compileAfterUses: 2 } });
  world.datafold.on(datafoldPath, { body: { ...datafoldBody, error: 7 } });
  const query = runsWith(times(20, (n) => `a${n}: error`));
  const body = { query, variables: same(100, datafoldKey) };
  const variants = [
    () => world.post(JSON.stringify(body)),
    () => world.post(JSON.stringify(body)),
    () => world.post(JSON.stringify({ ...body, extensions: { unknown: true } })),
    () =>
      world.post(JSON.stringify(body), {
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json;q=0.5, application/json',
        },
      }),
    () =>
      fetch(`${world.url}?${new URLSearchParams({ query, variables: JSON.stringify(same(100, datafoldKey)) })}`, {
        headers: { 'apollo-require-preflight': 'yes' },
      }),
  ];

  for (const execute of variants) {
    const { data, errors = [] } = (await (await execute()).json()) as Answer;

    expect(data.monitorRuns).toHaveLength(100);
    expect(errors).toHaveLength(1_000);
    expect(errors[998]?.extensions.code).toBe('UPSTREAM_BAD_RESPONSE');
    expect(errors[999]).toEqual({
      message: 'Expected an operation with at most 1000 errors: 1001 more are omitted.',
      extensions: { code: 'OPERATION_TOO_COSTLY', retryable: false, requestId: expect.any(String) },
    });
  }
});

it('cost budget: An incremental response has as many in all of them', async () => {
  const world = await createWorld({ limits: { maxResponseErrors: 10 } });
  world.datafold.on(datafoldPath, { body: { ...datafoldBody, error: 7 } });
  const query = runsWith(times(6, (n) => `a${n}: error`)).replace(
    'keys: $keys)',
    'keys: $keys) @stream(initialCount: 2)',
  );

  const response = await world.post(JSON.stringify({ query, variables: same(4, datafoldKey) }), {
    headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
  });
  const text = await response.text();

  expect(text.match(/UPSTREAM_BAD_RESPONSE/g)?.length).toBe(9);
  expect(text).toContain('more are omitted.');
});
