/** `monitorList` with filters, and over both providers: what matches, what is a gap, and which calls it takes. */
import { describe, expect, it } from 'vitest';
import { datafoldMonitorRow, olostepMonitorBody } from '../support/bodies.ts';
import { serveMonitorLists } from '../support/monitor-lists.ts';
import { createWorld, type World } from '../support/world.ts';

const selection = 'totalCount nodes { id } pageInfo { hasNextPage endCursor } gaps { provider monitorId code }';
const datafoldList = '/api/v1/monitors?page=1&page_size=100&order_by=id&sort_order=asc';

const rows = {
  datafold: [
    {
      id: 1,
      name: 'Orders: row count',
      state: 'alert',
      tags: ['shop', 'critical'],
      last_alert: '2026-11-20T07:00:00Z',
    },
    { id: 2, name: 'Straße der ΟΔΟΣ', state: 'ok', tags: ['shop'], last_run: '2026-11-18T08:00:00Z' },
    { id: 3, name: null, state: 'error', tags: null, last_alert: null, last_run: '2026-11-19T08:00:00Z' },
    { id: 4, name: 'Orders: freshness', state: 'checking', tags: ['critical', 'shop', 'x'], last_run: null },
    { id: 5, name: 'New orders', state: null, last_run: null, tags: [], last_alert: null },
    { id: 6, name: 'Says nothing', state: undefined, last_run: undefined, tags: undefined, last_alert: undefined },
    { id: 7, name: 'First run queued', state: 'queued', last_run: null, tags: ['shop'], last_alert: null },
  ].map((row) => ({ ...datafoldMonitorRow, last_alert: '2026-11-19T08:00:00Z', ...row })),
  olostep: [
    { id: 'monitor_a', query: 'Which orders are new?' },
    { id: 'monitor_b', query: 'Is it up?', last_run: { ...olostepMonitorBody.last_run, change_detected: false } },
    { id: 'monitor_c', query: 'Prices', last_run: { ...olostepMonitorBody.last_run, status: 'failed' } },
    { id: 'monitor_d', query: 'Just made', status: 'provisioning', last_run: undefined },
    { id: 'monitor_e', query: 'Says little', last_run: { id: 'run_e' } },
    { id: 'monitor_f', query: undefined, url: 'https://orders.example', last_run: null },
  ].map((row) => ({ ...olostepMonitorBody, ...row })),
};

async function createListed(config: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(config);
  serveMonitorLists(world, rows);
  return world;
}

interface Page {
  readonly ids: readonly string[];
  readonly gaps: readonly string[];
}

async function list(world: World, given: string): Promise<Page> {
  const { data, errors } = await world.execute(`{ monitorList${given} { ${selection} } }`);
  expect(errors).toBeUndefined();
  const { nodes, gaps } = data.monitorList;
  return {
    ids: nodes.map(({ id }: { id: string }) => id.replace(/^(\w)\w*:monitor:(?:monitor_)?/, '$1')),
    gaps: gaps.map(({ provider, monitorId, code }: Record<string, string>) => `${provider} ${monitorId} ${code}`),
  };
}

const bad = (...ids: string[]) => ids.map((id) => `${id} UPSTREAM_BAD_RESPONSE`);

describe('monitorList: filters', () => {
  it.each<[given: string, ids: string[], gaps: string[]]>([
    ['', ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'Oa', 'Ob', 'Oc', 'Od', 'Oe', 'Of'], []],
    ['(search: "ORDERS")', ['D1', 'D4', 'D5', 'Oa', 'Of'], []],
    ['(search: " orders  New ")', ['D5', 'Oa'], []],
    ['(search: "strasse οδοσ")', ['D2'], []],
    ['(search: "  ")', ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'Oa', 'Ob', 'Oc', 'Od', 'Oe', 'Of'], []],
    ['(tags: ["shop"])', ['D1', 'D2', 'D4', 'D7'], bad('DATAFOLD 6')],
    ['(tags: ["shop", "critical"])', ['D1', 'D4'], bad('DATAFOLD 6')],
    ['(lastOutcomes: [ERRORED])', ['D3', 'Oc'], bad('DATAFOLD 6', 'OLOSTEP monitor_d', 'OLOSTEP monitor_e')],
    ['(provider: DATAFOLD, lastOutcomes: [FINDING, PASSED])', ['D1', 'D2'], bad('DATAFOLD 6')],
    ['(provider: OLOSTEP, lastOutcomes: [FINDING])', ['Oa'], bad('OLOSTEP monitor_d', 'OLOSTEP monitor_e')],
    [
      '(provider: DATAFOLD, lastRunBefore: "2026-11-19T08:00:00Z")',
      ['D2', 'D3', 'D5', 'D7'],
      bad('DATAFOLD 4', 'DATAFOLD 6'),
    ],
    ['(provider: OLOSTEP, lastRunBefore: "2025-01-01T00:00:00Z")', ['Od', 'Of'], bad('OLOSTEP monitor_e')],
    ['(lastAlertAfter: "2026-11-20T07:00:00Z")', ['D1'], bad('DATAFOLD 6')],
    // Whatever else a row doesn't say, it doesn't match: no gap.
    ['(search: "freshness", lastRunBefore: "2026-01-01T00:00:00Z")', [], bad('DATAFOLD 4')],
    ['(search: "nothing such", lastOutcomes: [PASSED])', [], []],
  ])('with %s the list has %j', async (given, ids, gaps) => {
    const world = await createListed();

    expect(await list(world, given)).toEqual({ ids, gaps });
    // Rows decide: one call a page of each list, and none of a monitor.
    expect(world.datafold.paths.length + world.olostep.paths.length).toBeLessThanOrEqual(2);
  });

  it('sends tags to Datafold, checks them in its response, and requests nothing of Olostep', async () => {
    const world = await createListed();
    // A Datafold that takes any of several tags.
    await list(world, '(tags: ["shop", "critical"])');

    expect(world.datafold.paths).toEqual([`${datafoldList}&tags=shop%2Ccritical`]);
    expect(world.olostep.paths).toEqual([]);
  });

  it.each([
    ['(lastOutcomes: [])', 'Expected at least one of `lastOutcomes`, or none to be given.'],
    [`(search: "${'x'.repeat(201)}")`, 'Expected `search` of at most 200 characters.'],
    ['(provider: OLOSTEP, tags: ["a"])', 'Expected no `tags`: OLOSTEP states no tags of its monitors.'],
    [
      '(provider: OLOSTEP, lastAlertAfter: "2026-11-20T07:00:00Z")',
      'Expected no `lastAlertAfter`: OLOSTEP states no alerts of its monitors.',
    ],
    ['(first: 101)', 'Expected `first` between 0 and 100.'],
    [
      '(after: "x")',
      'Expected `after` to be a cursor of the same `monitorList`, with the same arguments and accounts.',
    ],
  ])('refuses %s at no call', async (given, message) => {
    const world = await createListed();

    const { data, errors } = await world.execute(`{ monitorList${given} { ${selection} } }`);

    expect(data).toEqual({ monitorList: null });
    expect(errors).toMatchObject([{ message, path: ['monitorList'], extensions: { code: 'BAD_USER_INPUT' } }]);
    expect([...world.datafold.paths, ...world.olostep.paths]).toEqual([]);
  });

  it('counts the monitors where one page has them all, and has no number else', async () => {
    const world = await createListed();
    const count = async (given: string) => (await world.execute(`{ monitorList(${given}) { totalCount } }`)).data;

    expect(await count('search: "orders"')).toEqual({ monitorList: { totalCount: 5 } });
    expect(await count('search: "orders", first: 2')).toEqual({ monitorList: { totalCount: null } });
    expect(await count('tags: ["shop"]')).toEqual({ monitorList: { totalCount: null } });
    expect(await count('first: 100')).toEqual({ monitorList: { totalCount: 13 } });
  });
});

describe('monitorList: over both providers', () => {
  it('has a gap in the place of the monitors of a provider that failed', async () => {
    const world = await createListed();
    world.datafold.onAny({ status: 403 });

    expect(await list(world, '(search: "orders")')).toEqual({ ids: ['Oa', 'Of'], gaps: ['DATAFOLD null FORBIDDEN'] });
    const { data, errors } = await world.execute(`{ monitorList(provider: DATAFOLD) { ${selection} } }`);
    expect(data).toEqual({ monitorList: null });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', provider: 'DATAFOLD' } }]);
  });

  it('has no gap of a provider that there is no key for', async () => {
    const world = await createListed();
    const { datafold } = world;
    const other = await createWorld({ providers: { DATAFOLD: { apiKey: 'key', baseUrl: datafold.baseUrl } } });

    expect(await list(other, '(search: "orders")')).toEqual({ ids: ['D1', 'D4', 'D5'], gaps: [] });
  });

  it('reads no list behind a page that is full', async () => {
    const world = await createListed();

    expect((await list(world, '(first: 7)')).ids).toHaveLength(7);
    expect(world.datafold.paths).toEqual(['/api/v1/monitors?page=1&page_size=7&order_by=id&sort_order=asc']);
    expect(world.olostep.paths).toEqual([]);
  });

  it('explains the plan', async () => {
    const world = await createListed();
    const response = await world.post(JSON.stringify({ query: '{ monitorList(tags: ["shop"]) { nodes { id } } }' }), {
      headers: { 'content-type': 'application/json', 'x-upstream-calls': 'explain' },
    });

    const { calls, plan } = ((await response.json()) as { extensions: { upstream: { calls: number; plan: object[] } } })
      .extensions.upstream;
    expect(calls).toBe(1);
    expect(plan).toEqual([
      { provider: 'OLOSTEP', source: 'LIST', count: 0, calls: 0, reason: 'Nothing of it can match `tags`.' },
      expect.objectContaining({ provider: 'DATAFOLD', source: 'LIST', calls: 1 }),
    ]);
  });
});
