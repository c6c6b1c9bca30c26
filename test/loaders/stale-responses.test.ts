/** The last known rows instead of nothing, while a provider is down: for those who allow it, and marked. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { datafoldBody, datafoldMonitorBody } from '../support/bodies.ts';
import { holdDate } from '../support/clock.ts';
import { now, serveDatafold, serveOlostep } from '../support/feed-upstreams.ts';
import { createWorld, type World } from '../support/world.ts';

beforeEach(() => holdDate(now));

const datafold = { 7: ['07:50', '07:40 alert'], 8: ['07:30'] };
const olostep = { monitor_a: ['07:45 changed'] };
const down = { status: 503, body: {} };
const readAt = now;
const runPath = '/api/v1/monitors/7/runs/1';
const monitorPath = '/api/v1/monitors/7';

async function createStaleWorld(config: Partial<GatewayConfig> = {}): Promise<World> {
  const { staleMs } = defaultLimits;
  const limits = { maxAttempts: 1, breakerThreshold: 1, staleMs, ...config.limits };
  const world = await createWorld({ runCache: true, ...config, limits });
  serveDatafold(world.datafold, datafold);
  serveOlostep(world.olostep, olostep);
  return world;
}

/** The answer to a query while Datafold is well, and a minute later, while it is down. */
async function executeTwice(world: World, query: string, isAllowed = true) {
  const variables = { isAllowed };
  const well = await world.execute(query, variables);
  expect(well.errors).toBeUndefined();
  vi.setSystemTime(Date.parse(now) + 60_000);
  world.datafold.onAny(down);
  for (const path of [runPath, monitorPath]) world.datafold.off(path);
  return { well, stale: await world.execute(query, variables) };
}

const run = (text: string) => `query ($isAllowed: Boolean!) { ${text} }`;
const monitorFields = 'id name readAt isStale';

describe('While its provider is down, with allowStale,', () => {
  it('a page of monitorList has the rows of before, marked, and a gap', async () => {
    const query = run(`monitorList(provider: DATAFOLD, allowStale: $isAllowed) {
      nodes { ${monitorFields} ... on DatafoldMonitor { state } } totalCount gaps { provider monitorId code }
    }`);
    const { well, stale } = await executeTwice(await createStaleWorld(), query);

    expect(well.data.monitorList.gaps).toEqual([]);
    expect(well.data.monitorList.nodes[0]).toMatchObject({ name: 'Monitor 7', readAt, isStale: false });
    expect(stale).toEqual({
      data: {
        monitorList: {
          ...well.data.monitorList,
          nodes: well.data.monitorList.nodes.map((node: object) => ({ ...node, isStale: true })),
          gaps: [{ provider: 'DATAFOLD', monitorId: null, code: 'STALE' }],
        },
      },
    });
  });

  it('the run feed has the rows of before beside those of the other provider, marked, and gaps', async () => {
    const query = run(`runs(first: 20, allowStale: $isAllowed) {
      nodes { id outcome isStale readAt } gaps { provider monitorId code } isComplete
    }`);
    const { well, stale } = await executeTwice(await createStaleWorld(), query);

    expect(well.data.runs).toMatchObject({ gaps: [], isComplete: true });
    expect(well.data.runs.nodes).toHaveLength(4);
    const isOfDatafold = (id: string) => id.startsWith('DATAFOLD');
    expect(stale.data.runs.nodes).toEqual(
      well.data.runs.nodes.map((node: { id: string }) => ({
        ...node,
        isStale: isOfDatafold(node.id),
        readAt: isOfDatafold(node.id) ? readAt : '2026-11-20T08:01:00.000Z',
      })),
    );
    expect(stale.data.runs).toMatchObject({
      isComplete: false,
      gaps: [null, '7', '8'].map((monitorId) => ({ provider: 'DATAFOLD', monitorId, code: 'STALE' })).sort(byMonitor),
    });
  });

  it('what leads on from its rows is as it was, too', async () => {
    const query = run(`
      monitorList(provider: DATAFOLD, allowStale: $isAllowed) { nodes { runs(first: 1) { nodes { id isStale } } } }
      runs(providers: [DATAFOLD], first: 1, allowStale: $isAllowed) { nodes { id monitor { name isStale } } }
    `);
    const { well, stale } = await executeTwice(await createStaleWorld(), query);

    expect(stale.errors).toBeUndefined();
    expect(stale.data.monitorList.nodes[0].runs.nodes).toEqual([{ id: 'DATAFOLD:7:750', isStale: true }]);
    expect(stale.data.runs.nodes).toEqual([{ id: 'DATAFOLD:7:750', monitor: { name: 'Monitor 7', isStale: true } }]);
    expect(well.data.runs.nodes).toEqual([{ id: 'DATAFOLD:7:750', monitor: { name: 'Monitor 7', isStale: false } }]);
  });

  it.each([
    ['monitor', `monitor(key: { provider: DATAFOLD, monitorId: "7" }, allowStale: $isAllowed) { ${monitorFields} }`],
    [
      'monitors',
      `monitors(keys: [{ provider: DATAFOLD, monitorId: "7" }], allowStale: $isAllowed) { ${monitorFields} }`,
    ],
    ['nodes', `nodes(ids: ["DATAFOLD:monitor:7"], allowStale: $isAllowed) { ... on Monitor { ${monitorFields} } }`],
    [
      'monitorRun',
      'monitorRun(key: { provider: DATAFOLD, monitorId: "7", runId: "1" }, allowStale: $isAllowed) { id readAt isStale }',
    ],
    [
      'monitorRuns',
      'monitorRuns(keys: [{ provider: DATAFOLD, monitorId: "7", runId: "1" }], allowStale: $isAllowed) { id readAt isStale }',
    ],
    ['datafoldRun', 'datafoldRun(monitorId: 7, runId: 1, allowStale: $isAllowed) { id readAt isStale }'],
    ['nodes', 'nodes(ids: ["DATAFOLD:7:1"], allowStale: $isAllowed) { ... on MonitorRun { id readAt isStale } }'],
  ])('%s answers with what was known, marked; without it, with the error', async (field, text) => {
    for (const isAllowed of [true, false]) {
      vi.setSystemTime(Date.parse(now));
      const world = await createStaleWorld();
      world.datafold.on(runPath, { body: { ...datafoldBody, run_id: 1, state: 'checking' } });
      world.datafold.on(monitorPath, { body: datafoldMonitorBody });

      const { well, stale } = await executeTwice(world, run(text), isAllowed);

      const [before] = [well.data[field]].flat();
      expect(before).toMatchObject({ readAt, isStale: false });
      expect([stale.data[field]].flat()).toEqual([isAllowed ? { ...before, isStale: true } : null]);
      expect(stale.errors?.length ?? 0).toBe(isAllowed ? 0 : 1);
    }
  });

  it.each([
    ['DATAFOLD', monitorPath, 'DatafoldMonitor', 'description'],
    ['OLOSTEP', '/v1/monitors/monitor_a?include_total_count=false&include-diagram=true', 'OlostepMonitor', 'diagram'],
  ] as const)('a field of %s that no row has is its error, beside those that the rows have', async (...shown) => {
    const [provider, path, type, field] = shown;
    const world = await createStaleWorld({ limits: { breakerThreshold: 10 } });
    world[provider === 'DATAFOLD' ? 'datafold' : 'olostep'].on(path, down);

    const { data, errors } = await world.execute(
      `{ monitorList(provider: ${provider}, first: 1, allowStale: true) { nodes { name ... on ${type} { ${field} } } } }`,
    );

    const name = provider === 'DATAFOLD' ? 'Monitor 7' : 'Monitor monitor_a';
    expect(data.monitorList.nodes).toEqual([{ name, [field]: null }]);
    expect(errors).toMatchObject([
      { path: ['monitorList', 'nodes', 0, field], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
    ]);
  });

  it('a field beside it that does not allow it has the error', async () => {
    const query = run(`
      allowed: monitorList(provider: DATAFOLD, allowStale: $isAllowed) { nodes { isStale } }
      other: monitorList(provider: DATAFOLD) { nodes { isStale } }
    `);
    const { stale } = await executeTwice(await createStaleWorld(), query);

    expect(stale.data.allowed.nodes).toHaveLength(2);
    expect(stale.data.other).toBeNull();
    expect(stale.errors).toMatchObject([{ path: ['other'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
  });
});

describe('There is nothing stale', () => {
  const query = run('monitorList(provider: DATAFOLD, allowStale: $isAllowed) { nodes { id } }');

  it.each([
    ['of a credential that is refused', { status: 401 }, down],
    ['of a list that is forbidden', { status: 403 }, down],
    ['in place of a refusal', down, { status: 403 }],
    ['in place of a failure that stays', down, { status: 402 }],
  ])('%s', async (_what, before, after) => {
    const world = await createStaleWorld();
    await world.execute(query, { isAllowed: true });
    world.datafold.onAny(before);
    await world.execute(query, { isAllowed: true });
    world.datafold.onAny(after);

    expect((await world.execute(query, { isAllowed: true })).data).toEqual({ monitorList: null });
  });

  it.each<[string, Partial<GatewayConfig>]>([
    ['older than STALE_MS', { limits: { staleMs: 60_000 } }],
    ['with STALE_MS=0', { limits: { staleMs: 0 } }],
    ['without a run cache', { runCache: false }],
  ])('%s', async (_what, config) => {
    const { stale } = await executeTwice(await createStaleWorld(config), query);
    expect(stale.data).toEqual({ monitorList: null });
  });
});

const byMonitor = (one: { monitorId: string | null }, other: { monitorId: string | null }): number =>
  `DATAFOLD ${one.monitorId}` < `DATAFOLD ${other.monitorId}` ? -1 : 1;
