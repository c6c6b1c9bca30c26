/** `Monitor.runCounts`: how many runs ended how, by the pages of the monitor's list alone. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { holdDate } from '../support/clock.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { type FleetMonitor, type FleetRun, serveDatafoldFleet, serveOlostepFleet } from '../support/run-fleet.ts';
import { type Answer, createListingWorld, createWorld, type World } from '../support/world.ts';

const now = '2026-11-20T08:00:00.000Z';
const hourMs = 3_600_000;
const ago = (hours: number) => new Date(Date.parse(now) - hours * hourMs).toISOString();

beforeEach(() => holdDate(now));

const names = ['passed', 'finding', 'errored', 'skipped', 'cancelled', 'learning', 'unknown', 'unfinished'] as const;
const selection = `{ total ${names.join(' ')} isComplete }`;
const nothing = Object.fromEntries(names.map((name) => [name, 0]));

/** The runs of a monitor, newest first: its state, and how many hours ago it started; `null` for one without a start. */
const toRuns = (...runs: readonly (readonly [state: string, hours: number | null])[]): FleetRun[] =>
  runs.map(([state, hours], place) => ({
    id: 1_000 - place,
    state,
    time: hours === null ? null : Date.parse(now) - hours * hourMs,
  }));

async function createCounted(monitors: readonly FleetMonitor[], config: Parameters<typeof createWorld>[0] = {}) {
  const world = await createListingWorld(config);
  serveDatafoldFleet(world.datafold, monitors);
  serveOlostepFleet(world.olostep, monitors);
  return world;
}

const count = (world: World, window: string, monitorId = '1', provider = 'DATAFOLD') =>
  world.execute(
    `{ monitor(key: { provider: ${provider}, monitorId: "${monitorId}" }) { runCounts(${window}) ${selection} } }`,
  );

describe('runCounts', () => {
  it('counts by outcome, runs that go on and words that are not known too', async () => {
    const states = [
      'queued',
      'checking',
      'ok',
      'ok',
      'alert',
      'error',
      'learning',
      'skipped',
      'cancelled',
      'no such word',
    ];
    const runs = toRuns(...states.map((state, place) => [state, place === 0 ? null : place] as const), ['ok', 48]);
    const world = await createCounted([{ id: 1, runs }]);

    expect((await count(world, `startedAfter: "${ago(24)}"`)).data.monitor.runCounts).toEqual({
      ...{
        total: 10,
        passed: 2,
        finding: 1,
        errored: 1,
        skipped: 1,
        cancelled: 1,
        learning: 1,
        unknown: 1,
        unfinished: 2,
      },
      isComplete: true,
    });
    // The monitor, a page of its runs, and none of a run.
    expect(world.datafold.paths).toEqual(['/api/v1/monitors/1', '/api/v1/monitors/1/runs?page=1&page_size=100']);
  });

  it("counts Olostep's runs by their rows", async () => {
    const world = await createCounted([{ id: 1, runs: toRuns(['ok', 1], ['alert', 2], ['alert', 30]) }]);

    expect((await count(world, `startedAfter: "${ago(24)}"`, 'monitor_1', 'OLOSTEP')).data.monitor.runCounts).toEqual({
      ...{ ...nothing, total: 2, passed: 1, finding: 1 },
      isComplete: true,
    });
    expect(world.olostep.paths.slice(1)).toEqual(['/v1/monitors/monitor_1/events?limit=100']);
  });

  it('takes one call for all windows of a monitor, and for the pages of its runs', async () => {
    const world = await createCounted([{ id: 1, runs: toRuns(['ok', 1], ['error', 20], ['ok', 50]) }]);
    const query = `{ monitor(key: { provider: DATAFOLD, monitorId: "1" }) {
      day: runCounts(startedAfter: "${ago(24)}") ${selection}
      dayBefore: runCounts(startedAfter: "${ago(72)}", startedBefore: "${ago(24)}") ${selection}
      runs(first: 100) { nodes { id } }
    } }`;

    const { data, errors } = await world.execute(query);

    expect(errors).toBeUndefined();
    expect(data.monitor).toMatchObject({ day: { passed: 1, errored: 1 }, dayBefore: { total: 1, passed: 1 } });
    expect(data.monitor.runs.nodes).toHaveLength(3);
    expect(world.datafold.paths.slice(1)).toHaveLength(1);
  });

  it('takes no call where the row in the list says that the monitor ran before the window', async () => {
    const recent = { id: 1, runs: toRuns(['error', 2], ['ok', 50]) };
    const idle = { id: 2, runs: toRuns(['ok', 25]) };
    const world = await createCounted([recent, idle]);

    const query = `{ monitorList(provider: DATAFOLD) { nodes { name runCounts(startedAfter: "${ago(24)}") ${selection} } } }`;
    expect((await world.execute(query)).data.monitorList.nodes).toEqual([
      { name: 'Monitor 1', runCounts: { ...nothing, total: 1, errored: 1, isComplete: true } },
      { name: 'Monitor 2', runCounts: { ...nothing, total: 0, isComplete: true } },
    ]);
    expect(world.datafold.paths).toEqual([
      '/api/v1/monitors?page=1&page_size=20&order_by=id&sort_order=asc',
      '/api/v1/monitors/1/runs?page=1&page_size=100',
    ]);
    // The same without the row.
    expect((await count(world, `startedAfter: "${ago(24)}"`, '2')).data.monitor.runCounts).toEqual({
      ...{ ...nothing, total: 0 },
      isComplete: true,
    });
  });

  it('is incomplete beyond MAX_RUN_COUNT_PAGES, where a page fails, and where a row has no id', async () => {
    const runs = toRuns(...Array.from({ length: 250 }, (_, place) => ['ok', place / 100] as const));
    const world = await createCounted([{ id: 1, runs }], { limits: { maxRunCountPages: 2 } });

    expect((await count(world, `startedAfter: "${ago(24)}"`)).data.monitor.runCounts).toEqual({
      ...{ ...nothing, total: 200, passed: 200 },
      isComplete: false,
    });

    const failing = await createCounted([{ id: 1, runs }]);
    failing.datafold.on('/api/v1/monitors/1/runs?page=2&page_size=100', { status: 403 });
    const answer = await count(failing, `startedAfter: "${ago(24)}"`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data.monitor.runCounts).toMatchObject({ total: 100, isComplete: false });

    const bad = await createCounted([{ id: 1, runs: [] }]);
    const rows = [{ run_id: 7, monitor_id: 1, state: 'ok', started_at: ago(1) }, { state: 'ok' }];
    const page = { count: 2, page: 1, page_size: 100, total_pages: 1, runs: rows };
    bad.datafold.on('/api/v1/monitors/1/runs?page=1&page_size=100', { body: page });
    expect((await count(bad, `startedAfter: "${ago(24)}"`)).data.monitor.runCounts).toMatchObject({
      ...{ total: 1, isComplete: false },
    });
  });

  it('counts a run whose row lacks its state, and makes no call for it', async () => {
    const world = await createCounted([{ id: 1, runs: [] }]);
    const rows = [{ run_id: 7, monitor_id: 1, started_at: ago(1) }];
    const page = { count: 1, page: 1, page_size: 100, total_pages: 1, runs: rows };
    world.datafold.on('/api/v1/monitors/1/runs?page=1&page_size=100', { body: page });

    expect((await count(world, `startedAfter: "${ago(24)}"`)).data.monitor.runCounts).toMatchObject({
      ...{ total: 1, unknown: 1, isComplete: true },
    });
    expect(world.datafold.paths.slice(1)).toHaveLength(1);
  });

  it('is null where there is no such monitor, and an error where its first page fails', async () => {
    const world = await createCounted([{ id: 1, runs: [] }]);
    const ofRun = (monitorId: string) =>
      world.execute(
        `{ datafoldRun(monitorId: "${monitorId}", runId: "7") { monitor { runCounts(startedAfter: "${ago(1)}") ${selection} } } }`,
      );
    for (const id of [1, 9])
      world.datafold.on(`/api/v1/monitors/${id}/runs/7`, {
        body: { run_id: 7, monitor_id: id, state: 'ok', warnings: [] },
      });

    expect(await ofRun('9')).toEqual({ data: { datafoldRun: { monitor: { runCounts: null } } } });

    world.datafold.on('/api/v1/monitors/1/runs?page=1&page_size=100', { status: 403 });
    expect(await ofRun('1')).toMatchObject({
      data: { datafoldRun: { monitor: { runCounts: null } } },
      errors: [{ path: ['datafoldRun', 'monitor', 'runCounts'], extensions: { code: 'FORBIDDEN' } }],
    });
  });

  it.each(['runCounts', 'runs'])(
    'refuses a window of %s that ends before it begins, at no call of the list',
    async (field) => {
      const world = await createCounted([{ id: 1, runs: [] }]);
      const given = `startedAfter: "${ago(1)}", startedBefore: "${ago(2)}"`;
      const fields = field === 'runs' ? `runs(${given}) { totalCount }` : `runCounts(${given}) ${selection}`;

      const { data, errors } = await world.execute(
        `{ monitor(key: { provider: OLOSTEP, monitorId: "monitor_1" }) { ${fields} } }`,
      );

      expect(data).toEqual({ monitor: { [field]: null } });
      expect(errors).toMatchObject([
        {
          message: 'Expected `startedAfter` at or before `startedBefore`.',
          path: ['monitor', field],
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ]);
      expect(world.olostep.paths.filter((path) => path.includes('events'))).toEqual([]);
    },
  );

  it('counts as an item of a list each, and explains its calls', async () => {
    const fleet = [1, 2].map((id) => ({ id, runs: toRuns(['ok', id * 20]) }));
    const world = await createCounted(fleet, { limits: { maxListNodes: 4 } });
    const toQuery = (fields: string) => `{ monitorList(provider: DATAFOLD) { nodes { ${fields} } } }`;
    const counts = `runCounts(startedAfter: "${ago(24)}") { total }`;
    const { errors } = await world.execute(toQuery(`${counts} more: ${counts}`));
    expect(errors).toHaveLength(2);
    expect(errors).toMatchObject([{ extensions: { code: 'OPERATION_TOO_COSTLY' } }, {}]);

    const headers = { 'content-type': 'application/json', 'x-upstream-calls': 'explain' };
    const response = await world.post(JSON.stringify({ query: toQuery(counts) }), { headers });
    const { extensions } = (await response.json()) as { extensions: { upstream: { plan: readonly object[] } } };
    expect(extensions.upstream.plan).toMatchObject([
      { source: 'LIST', calls: 1 },
      { list: '1', calls: 1, reason: 'The rows of the list of runs say how each run ended.' },
      { list: '2', calls: 0, reason: expect.stringContaining('last ran before the window') },
    ]);
  });
});

const states = [
  'ok',
  'alert',
  'error',
  'skipped',
  'cancelled',
  'learning',
  'checking',
  'queued',
  'no such word',
] as const;
const countedAs: Readonly<Record<string, (typeof names)[number]>> = {
  ...{
    ok: 'passed',
    alert: 'finding',
    error: 'errored',
    skipped: 'skipped',
    cancelled: 'cancelled',
    learning: 'learning',
  },
  ...{ checking: 'unfinished', queued: 'unfinished', 'no such word': 'unknown' },
};

/** Whose runs may have no start. */
const startless: ReadonlySet<string> = new Set(['queued', 'skipped', 'cancelled']);

const randomRuns = fc
  .array(
    fc.record({ gap: fc.nat({ max: 5 }), state: fc.constantFrom(...states), isDated: fc.integer({ max: 2, min: 0 }) }),
    {
      maxLength: 30,
    },
  )
  .map((rows) => {
    let time = Date.parse(now);
    return rows.map(({ gap, state, isDated }, place): FleetRun => {
      time -= gap * hourMs;
      return { id: 1_000 - place, state, time: isDated === 0 && startless.has(state) ? null : time };
    });
  });

/** The model: each run is placed by the nearest one above that has a time, or now. */
function toCounts(runs: readonly FleetRun[], earliest: number, latest: number, toName: (state: string) => string) {
  const counts: Record<string, number> = { ...nothing, total: 0 };
  let above = Date.parse(now);
  for (const { state, time } of runs) {
    above = time ?? above;
    if (above < earliest || above > latest) continue;
    counts[toName(state)] = (counts[toName(state)] ?? 0) + 1;
    counts.total = (counts.total ?? 0) + 1;
  }
  return counts;
}

it(
  'runCounts: whatever the runs, the window and the pages, the counts are those of the model, by any route',
  fuzz,
  async () => {
    const world = await createWorld();
    const providers = {
      DATAFOLD: { apiKey: 'a', baseUrl: world.datafold.baseUrl },
      OLOSTEP: { apiKey: 'b', baseUrl: world.olostep.baseUrl },
    };
    const hours = fc.integer({ min: 0, max: 60 });
    await fc.assert(
      fc.asyncProperty(
        ...([
          fc.array(randomRuns, { minLength: 1, maxLength: 4 }),
          hours,
          hours,
          fc.boolean(),
          fc.constantFrom(3, 7, 100),
        ] as const),
        async (all, one, other, isOpen, listPageSize) => {
          const fleet = all.map((runs, place) => ({ id: place + 1, runs }));
          serveDatafoldFleet(world.datafold, fleet);
          // Olostep's rows have no start to be without.
          const dated = fleet.map(({ runs, ...monitor }) => ({
            ...monitor,
            runs: runs.filter(({ time }) => time !== null),
          }));
          serveOlostepFleet(world.olostep, dated);
          const limits = { listPageSize, maxRunCountPages: 20, freshMs: 0, maxReuseMs: 0 };
          const gateway = createGateway({ providers, log: silentLog, runCache: false, limits });
          const [earliest, latest] = [ago(Math.max(one, other)), ago(Math.min(one, other))];
          const counts = `runCounts(startedAfter: "${earliest}" ${isOpen ? '' : `startedBefore: "${latest}"`}) ${selection}`;
          const query = `{
          listed: monitorList(first: 100) { nodes { id ${counts} } }
          ${fleet.map(({ id }) => `d${id}: monitor(key: { provider: DATAFOLD, monitorId: "${id}" }) { id ${counts} }`).join(' ')}
        }`;
          const headers = { 'content-type': 'application/json' };
          const body = JSON.stringify({ query });
          const request = new Request('http://localhost/graphql', { method: 'POST', headers, body });
          const { data, errors } = (await (await gateway.fetch(request)).json()) as Answer;
          await gateway.close();

          expect(errors).toBeUndefined();
          const { listed, ...byKey } = data;
          const end = isOpen ? Number.POSITIVE_INFINITY : Date.parse(latest);
          const toExpected = (runs: readonly FleetRun[], toName: (state: string) => string) => ({
            ...toCounts(runs, Date.parse(earliest), end, toName),
            isComplete: true,
          });
          const nodes = [...listed.nodes, ...Object.values<{ id: string; runCounts: object }>(byKey)];
          for (const { id, runCounts } of nodes) {
            const [provider, , monitorId] = id.split(':');
            const own = (provider === 'DATAFOLD' ? fleet : dated).find((each) => id.endsWith(`${each.id}`));
            const toName = (state: string) =>
              provider === 'DATAFOLD' ? (countedAs[state] ?? '') : state === 'alert' ? 'finding' : 'passed';
            expect({ monitorId, ...runCounts }).toEqual({ monitorId, ...toExpected(own?.runs ?? [], toName) });
          }
        },
      ),
      { numRuns: casesOf(120, 15), seed: 20261122 },
    );
  },
);
