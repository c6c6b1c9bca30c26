import { describe, expect, it } from 'vitest';
import { type AccountWorld, createAccountWorld } from '../support/account-world.ts';
import { datafoldBody, datafoldKey, datafoldMonitorRow, datafoldPath } from '../support/bodies.ts';

const datafoldIds = ['DATAFOLD', 'DATAFOLD@eu', 'DATAFOLD@us'];
const page = { count: 1, page: 1, page_size: 100, total_pages: 1 };

/** When the runs 3, 2 and 1 of an account began: those of the accounts alternate. */
const startOf = (id: string, run: number) =>
  new Date(Date.UTC(2026, 10, 20, 8, run * 10 + datafoldIds.indexOf(id))).toISOString();

/** Each account of Datafold has a monitor 7 with three runs; Olostep has none. */
function serveLists({ upstreams }: AccountWorld): void {
  for (const id of datafoldIds) {
    const runs = [3, 2, 1].map((run) => ({
      ...{ run_id: run, monitor_id: 7, state: 'ok', diff_id: null },
      started_at: startOf(id, run),
    }));
    upstreams[id]?.onAny((request, response) => {
      const isRuns = request.url?.includes('/runs');
      const monitor = { ...datafoldMonitorRow, name: `of ${id}`, last_run: startOf(id, 3) };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...page, ...(isRuns ? { ...page, count: 3, runs } : { monitors: [monitor] }) }));
    });
  }
  for (const id of ['OLOSTEP', 'OLOSTEP@eu'])
    upstreams[id]?.onAny((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ monitors: [], count: 0 }));
    });
}

const runsQuery = `query ($accounts: [String!], $providers: [Provider!], $first: Int, $after: String) {
  runs(accounts: $accounts, providers: $providers, first: $first, after: $after) {
    nodes { id account } gaps { provider account code } isComplete pageInfo { hasNextPage endCursor }
  }
}`;
const monitorsQuery = `query ($accounts: [String!], $provider: Provider, $first: Int, $after: String) {
  monitorList(accounts: $accounts, provider: $provider, first: $first, after: $after) {
    nodes { id account name } gaps { provider account code } pageInfo { hasNextPage endCursor }
  }
}`;

/** The ids of a list, page by page. */
async function readAll(world: AccountWorld, query: string, variables: object): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const { data, errors } = await world.execute(query, { ...variables, after });
    expect(errors).toBeUndefined();
    const { nodes, pageInfo } = data.runs ?? data.monitorList;
    ids.push(...nodes.map(({ id }: { id: string }) => id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
}

describe('accounts: the run feed', () => {
  const all = [3, 2, 1].flatMap((run) => datafoldIds.toReversed().map((id) => `${id}:7:${run}`));

  it.each([1, 2, 4, 20])('merges the runs of all accounts by time, in pages of %i', async (first) => {
    const world = await createAccountWorld();
    serveLists(world);

    expect(await readAll(world, runsQuery, { first })).toEqual(all);
  });

  it('has the runs of the accounts that are named, and calls no other account', async () => {
    const world = await createAccountWorld();
    serveLists(world);

    expect(await readAll(world, runsQuery, { accounts: ['eu'], first: 2 })).toEqual(
      [3, 2, 1].map((run) => `DATAFOLD@eu:7:${run}`),
    );
    expect(['DATAFOLD', 'DATAFOLD@us', 'OLOSTEP'].flatMap((id) => world.upstreams[id]?.paths)).toEqual([]);
    expect(world.upstreams['OLOSTEP@eu']?.paths).not.toEqual([]);
  });

  it('has a gap of the account that fails, and the runs of the others', async () => {
    const world = await createAccountWorld({ limits: { maxAttempts: 1 } });
    serveLists(world);
    world.upstreams['DATAFOLD@eu']?.onAny((_request, response) => response.writeHead(500).end());

    const { data } = await world.execute(runsQuery, {});

    expect(data.runs).toMatchObject({
      nodes: all.filter((id) => !id.startsWith('DATAFOLD@eu')).map((id) => ({ id })),
      gaps: [{ provider: 'DATAFOLD', account: 'eu', code: 'UPSTREAM_UNAVAILABLE' }],
      isComplete: false,
    });
  });

  it.each([
    [{ accounts: ['xx'] }, '`accounts`, at least one, of DATAFOLD or OLOSTEP to be one of "default", "eu", "us".'],
    [{ accounts: [] }, '`accounts`, at least one, of DATAFOLD or OLOSTEP to be one of "default", "eu", "us".'],
    [
      { accounts: ['us'], providers: ['OLOSTEP'] },
      '`accounts`, at least one, of OLOSTEP to be one of "default", "eu".',
    ],
  ])('is bad input for an account that there is none of, at no call: %j', async (variables, expected) => {
    const world = await createAccountWorld();
    serveLists(world);

    const { data, errors } = await world.execute(runsQuery, variables);

    expect(data).toEqual({ runs: null });
    expect(errors).toMatchObject([{ message: `Expected ${expected}`, extensions: { code: 'BAD_USER_INPUT' } }]);
    for (const { paths } of Object.values(world.upstreams)) expect(paths).toEqual([]);
  });

  it('takes no cursor of other accounts', async () => {
    const world = await createAccountWorld();
    serveLists(world);
    const { data } = await world.execute(runsQuery, { accounts: ['eu'], first: 1 });

    const { errors } = await world.execute(runsQuery, {
      accounts: ['us'],
      first: 1,
      after: data.runs.pageInfo.endCursor,
    });

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('accounts: the list of monitors', () => {
  it.each([1, 2, 20])('has those of all accounts, one account after the other, in pages of %i', async (first) => {
    const world = await createAccountWorld();
    serveLists(world);

    expect(await readAll(world, monitorsQuery, { first })).toEqual(datafoldIds.map((id) => `${id}:monitor:7`));
    expect(await readAll(world, monitorsQuery, { first, accounts: ['us', 'eu'] })).toEqual(
      datafoldIds.slice(1).map((id) => `${id}:monitor:7`),
    );
  });

  it('has a gap of the account that fails, and the monitors of the others', async () => {
    const world = await createAccountWorld({ limits: { maxAttempts: 1 } });
    serveLists(world);
    world.upstreams['DATAFOLD@eu']?.onAny((_request, response) => response.writeHead(500).end());

    const { data } = await world.execute(monitorsQuery, {});

    expect(data.monitorList).toMatchObject({
      nodes: [{ name: 'of DATAFOLD' }, { name: 'of DATAFOLD@us' }],
      gaps: [{ provider: 'DATAFOLD', account: 'eu', code: 'UPSTREAM_UNAVAILABLE' }],
    });
  });
});

it('accounts: have a circuit breaker each', async () => {
  const world = await createAccountWorld({ limits: { maxAttempts: 1, breakerMinCalls: 2 } });
  const eu = { ...datafoldKey, account: 'eu' };
  const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';
  world.upstreams.DATAFOLD?.on(datafoldPath, { body: datafoldBody });
  world.upstreams['DATAFOLD@eu']?.onAny((_request, response) => response.writeHead(500).end());
  for (const runId of ['42', '43', '44']) await world.execute(query, { key: { ...eu, runId } });
  const calls = world.upstreams['DATAFOLD@eu']?.paths.length;

  const refused = await world.execute(query, { key: eu });
  const other = await world.execute(query, { key: datafoldKey });

  expect(refused.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', account: 'eu' } }]);
  expect(world.upstreams['DATAFOLD@eu']?.paths).toHaveLength(calls ?? 0);
  expect(other).toEqual({ data: { monitorRun: { id: 'DATAFOLD:7:42' } } });
});
