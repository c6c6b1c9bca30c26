import { describe, expect, it } from 'vitest';
import { choosePage } from '../../src/providers/datafold/list.ts';
import { anyDatafoldRun, datafoldBody, toDatafoldRow } from '../support/bodies.ts';
import { holdDate } from '../support/clock.ts';
import { type DatafoldData, serveDatafold } from '../support/datafold-upstream.ts';
import { type Answer, createListingWorld, verifyCredentials, type World } from '../support/world.ts';

const noon = Date.parse('2026-11-20T12:00:00Z');
const minute = 60_000;
const toText = (time: number) => new Date(time).toISOString();

/** A run that started so many minutes before noon. */
const runAt = (runId: number, minutesBefore: number) => ({
  ...datafoldBody,
  run_id: runId,
  started_at: toText(noon - minutesBefore * minute),
  warnings: [`warning ${runId}`],
});

/** The runs `count` to 1, newest first, a minute apart: run `count` started at noon. */
const runsFrom = (count: number) => Array.from({ length: count }, (_, place) => runAt(count - place, place));
const range = (from: number, to: number) =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, step) => from + Math.sign(to - from) * step);

const singleOf = (runId: number) => anyDatafoldRun(runId).path;
const list = '/api/v1/monitors/7/runs';
const walked = (page: number, size = 100) => `${list}?page=${page}&page_size=${size}`;

/** A world at noon, in which Datafold has these runs of monitor 7. */
async function createListWorld(runs: ReturnType<NonNullable<DatafoldData['runsOf']>>, cap?: number) {
  holdDate(toText(noon));
  const world = await createListingWorld();
  serveDatafold(world.datafold, { runsOf: (id) => (id === '7' ? runs : undefined), ...(cap && { cap }) });
  return world;
}

/** An error of an answer that isn't as documented. */
const badAt = (...path: readonly (string | number)[]) =>
  expect.objectContaining({ path, extensions: expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE' }) });

describe('Datafold lists: what is requested of Datafold for runs by their keys:', () => {
  const light = 'phase outcome startedAt ... on DatafoldRun { state rawState diffId monitor { id } }';
  const toQuery = (fields: string) =>
    `query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { runId ${fields} } }`;
  const execute = (world: World, fields: string, ids: readonly number[]) =>
    world.execute(toQuery(fields), { keys: ids.map((id) => anyDatafoldRun(id).key) });
  const runIds = ({ data }: Answer) =>
    data.monitorRuns.map((run: { runId: string } | null) => run && Number(run.runId));

  it.each([
    ['fifty with light fields, a page of the list', light, range(101, 150), [walked(1)]],
    ['fifty that are on two pages, both', light, range(26, 75), [walked(1), walked(2)]],
    ['three, a page', light, [51, 103, 150], [walked(1)]],
    ['two, each separately', light, [1, 3], [1, 3].map(singleOf)],
    ['the same one a hundred times, separately', light, Array(100).fill(4), [singleOf(4)]],
    [
      'fifty with their errors, each separately',
      `${light} ... on DatafoldRun { error }`,
      range(1, 50),
      range(1, 50).map(singleOf),
    ],
    [
      'three with their warnings, each separately',
      '... on DatafoldRun { warnings }',
      [1, 3, 5],
      [1, 3, 5].map(singleOf),
    ],
    ['fifty with nothing but their ids, a page', '', range(101, 150), [walked(1)]],
  ])('%s', async (_what, fields, ids, paths) => {
    const world = await createListWorld(runsFrom(150));

    const answer = await execute(world, fields, ids);

    expect(answer.errors).toBeUndefined();
    expect(runIds(answer)).toEqual(ids);
    expect(world.datafold.paths.toSorted()).toEqual(paths.toSorted());
  });

  it('a row says of a run what a call for it would', async () => {
    const world = await createListWorld([...runsFrom(3), { ...runAt(4, 9), state: 'paused', diff_id: null }]);

    const listed = await execute(world, light, [1, 2, 3, 4]);
    const single = await execute(world, light, [4, 1]);

    expect(world.datafold.paths).toEqual([walked(1), singleOf(4), singleOf(1)]);
    const [one, , , four] = listed.data.monitorRuns;
    expect(single.data.monitorRuns).toEqual([four, one]);
    expect(four).toMatchObject({
      phase: 'UNKNOWN',
      rawState: 'paused',
      diffId: null,
      monitor: { id: expect.anything() },
    });
  });

  it('light and heavy fields of the same runs: what is requested separately has both', async () => {
    const world = await createListWorld(runsFrom(5));

    const { data, errors } = await world.execute(
      `query ($keys: [MonitorRunKey!]!) {
        light: monitorRuns(keys: $keys) { ... on DatafoldRun { state } }
        heavy: monitorRuns(keys: $keys) { ... on DatafoldRun { warnings } }
      }`,
      { keys: range(1, 3).map((id) => anyDatafoldRun(id).key) },
    );

    expect(errors).toBeUndefined();
    expect(data.light).toEqual(range(1, 3).map(() => ({ state: 'OK' })));
    expect(data.heavy).toEqual(range(1, 3).map((id) => ({ warnings: [`warning ${id}`] })));
    expect(world.datafold.paths).toEqual(range(1, 3).map(singleOf));
  });

  it('each that the pages do not have separately, and only then its absence is certain', async () => {
    const all = runsFrom(5);
    const world = await createListWorld(all.slice(1));
    world.datafold.on(singleOf(5), { body: all[0] });

    const answer = await execute(world, light, [1, 5, 2, 99, 3]);

    expect(runIds(answer)).toEqual([1, 5, 2, null, 3]);
    expect(answer.errors).toBeUndefined();
    expect(world.datafold.paths).toEqual([walked(1), singleOf(5), singleOf(99)]);
  });

  it('no further pages once one has none of them', async () => {
    const world = await createListWorld(runsFrom(450));
    const ids = [1, 2, 3, 4];

    expect(runIds(await execute(world, light, ids))).toEqual(ids);
    expect(world.datafold.paths).toEqual([walked(1), ...ids.map(singleOf)]);
  });

  it('each separately when a page is far longer than requested', async () => {
    const world = await createListWorld(runsFrom(3));
    world.datafold.on(walked(1), { body: { count: 3, page: 1, runs: Array(1_001).fill(toDatafoldRow(runAt(1, 0))) } });

    expect(runIds(await execute(world, light, [1, 2, 3]))).toEqual([1, 2, 3]);
    expect(world.datafold.paths).toEqual([walked(1), ...[1, 2, 3].map(singleOf)]);
  });

  it('pages of the size that Datafold sends, not of the size that was requested', async () => {
    const world = await createListWorld(runsFrom(100), 20);
    const ids = range(100, 51);

    expect(runIds(await execute(world, light, ids))).toEqual(ids);
    expect(world.datafold.paths).toEqual([walked(1), walked(2, 20), walked(3, 20)]);
  });

  it.each([
    ['says how many pages there are', { total_pages: 1, count: 999 }],
    ['says how many runs there are', { total_pages: undefined, count: 6 }],
    ['says nothing of its pages', { total_pages: undefined, count: undefined }],
    ['does not say which page it is', { page: undefined }],
  ])('no page behind the last one, when the list %s', async (_what, numbers) => {
    const world = await createListWorld(runsFrom(10));
    const runs = runsFrom(10).slice(0, 6).map(toDatafoldRow);
    world.datafold.on(walked(1), { body: { count: 100, page: 1, page_size: 6, total_pages: 20, runs, ...numbers } });

    expect(runIds(await execute(world, light, range(10, 1)))).toEqual(range(10, 1));
    expect(world.datafold.paths).toEqual([walked(1), ...range(4, 1).map(singleOf)]);
  });

  it.each([[404], [410], [422], [403], [400]])('each separately, when the list answers %i', async (status) => {
    const world = await createListWorld(runsFrom(3));
    await verifyCredentials(world);
    world.datafold.on(walked(1), { status });

    expect(runIds(await execute(world, light, [1, 2, 3]))).toEqual([1, 2, 3]);
    expect(world.datafold.paths).toEqual([walked(1), ...range(1, 3).map(singleOf)]);
  });

  it.each([{}, { runs: {} }, { runs: null }, { runs: 'text' }])(
    'each separately, when the list answers %j',
    async (body) => {
      const world = await createListWorld(runsFrom(3));
      world.datafold.on(walked(1), { body });

      expect(runIds(await execute(world, light, [1, 2, 3]))).toEqual([1, 2, 3]);
      expect(world.datafold.paths).toEqual([walked(1), ...range(1, 3).map(singleOf)]);
    },
  );

  it.each([
    ['without a state', { state: undefined }],
    ['whose state is null', { state: null }],
    ["of another monitor's", { monitor_id: 8 }],
    ['whose id is text', { run_id: '2' }],
  ])('a run separately, when its row is one %s', async (_what, change) => {
    const world = await createListWorld(runsFrom(3));
    const runs = runsFrom(3).map((run) => ({ ...toDatafoldRow(run), ...(run.run_id === 2 && change) }));
    world.datafold.on(walked(1), { body: { count: 3, page: 1, page_size: 100, total_pages: 1, runs } });

    const answer = await execute(world, light, [1, 2, 3]);

    expect(answer.data.monitorRuns[1]).toMatchObject({ runId: '2', state: 'OK' });
    expect(world.datafold.paths).toEqual([walked(1), singleOf(2)]);
  });

  it('runs of two monitors: the list of the one that several are of', async () => {
    const world = await createListWorld(runsFrom(5));
    const other = { ...datafoldBody, monitor_id: 8 };
    world.datafold.on('/api/v1/monitors/8/runs/42', { body: other });
    const keys = [...range(1, 3).map((id) => anyDatafoldRun(id).key), { ...anyDatafoldRun(42).key, monitorId: '8' }];

    const answer = await world.execute(toQuery(light), { keys });

    expect(runIds(answer)).toEqual([1, 2, 3, 42]);
    expect(world.datafold.paths.toSorted()).toEqual([walked(1), '/api/v1/monitors/8/runs/42'].toSorted());
  });

  it('ids of 19 digits, digit for digit', async () => {
    const ids = ['9007199254740993', '9007199254740994', '9223372036854775807'];
    const runs = ids.map((id) => ({ ...datafoldBody, run_id: JSON.rawJSON(id), diff_id: JSON.rawJSON(id) }));
    const world = await createListWorld(runs);

    const { data } = await world.execute(toQuery(light), {
      keys: ids.map((runId) => ({ ...anyDatafoldRun(1).key, runId })),
    });

    expect(data.monitorRuns).toMatchObject(ids.map((id) => ({ runId: id, diffId: id })));
    expect(world.datafold.paths).toEqual([walked(1)]);
  });
});

describe("Datafold lists: a monitor's runs", () => {
  const toQuery = (fields: string) => `
    query ($first: Int, $after: String, $startedAfter: DateTime, $startedBefore: DateTime) {
      node(id: "DATAFOLD:monitor:7") {
        ... on Monitor {
          runs(first: $first, after: $after, startedAfter: $startedAfter, startedBefore: $startedBefore) {
            totalCount
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            edges { cursor node { runId ${fields} } }
          }
        }
      }
    }`;

  /** A page of them, and which runs it has. */
  async function read(world: World, variables: object = {}, fields = '') {
    world.datafold.on('/api/v1/monitors/7', { body: { id: 7 } });
    const answer = await world.execute(toQuery(fields), variables);
    const runs = answer.data.node?.runs;
    const ids = runs?.edges.map(({ node }: { node: { runId: string } | null }) => node && Number(node.runId));
    return { ...answer, runs, ids };
  }

  /** The calls for the list. */
  const listPaths = ({ datafold }: World) => datafold.paths.filter((path) => path !== '/api/v1/monitors/7');

  it('are a page of their list, which is requested of Datafold without a time', async () => {
    const world = await createListWorld(runsFrom(30));

    const { runs, ids, errors } = await read(world, {}, 'phase startedAt ... on DatafoldRun { state rawState diffId }');

    expect(errors).toBeUndefined();
    expect(ids).toEqual(range(30, 11));
    expect(runs.totalCount).toBe(30);
    expect(runs.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: runs.edges[0].cursor,
      endCursor: runs.edges[19].cursor,
    });
    expect(runs.edges[0].node).toEqual({
      runId: '30',
      phase: 'FINISHED',
      startedAt: toText(noon),
      state: 'OK',
      rawState: 'ok',
      diffId: '2262836',
    });
    expect(listPaths(world)).toEqual([walked(1, 20)]);
  });

  it('are no call for the monitor itself, when they are reached from a run, and one call however often they are selected', async () => {
    const world = await createListWorld(runsFrom(5));
    const { data, errors } = await world.execute(
      '{ datafoldRun(monitorId: 7, runId: 2) { monitor { id a: runs { nodes { runId } } b: runs { totalCount } } } }',
    );

    expect(errors).toBeUndefined();
    expect(data.datafoldRun.monitor).toMatchObject({ a: { nodes: range(5, 1).map((id) => ({ runId: String(id) })) } });
    expect(world.datafold.paths).toEqual([singleOf(2), walked(1, 20)]);
  });

  it.each([1, 3, 7, 20, 100])(
    'are all there, each once, page by page of %i, while new ones begin',
    async (first) => {
      const runs = runsFrom(45);
      const world = await createListWorld(runs);
      const found: number[] = [];
      for (let after: string | null = null, page = 1; ; page++) {
        const { runs: connection, ids, errors } = await read(world, { first, after });
        expect(errors).toBeUndefined();
        expect(connection.totalCount).toBe(45);
        expect(connection.pageInfo.hasPreviousPage).toBe(page > 1);
        found.push(...ids);
        // Two begin before the next request, which is a minute later.
        runs.unshift(runAt(1_000 + 2 * page, -page), runAt(999 + 2 * page, -page));
        holdDate(toText(noon + page * minute));
        if (!connection.pageInfo.hasNextPage) break;
        after = connection.pageInfo.endCursor;
      }

      expect(found).toEqual(range(45, 1));
      // Those that have begun push a page on by two: where the last run isn't in it any more, it takes one more call to find.
      expect(listPaths(world).length).toBeLessThan(2 * Math.ceil(45 / first));
    },
    60_000,
  );

  it('go on after any of them, not only after the last of a page', async () => {
    const world = await createListWorld(runsFrom(30));
    const { runs } = await read(world, { first: 10 });

    const next = await read(world, { first: 10, after: runs.edges[3].cursor });

    expect(next.ids).toEqual(range(26, 17));
    // The 4th to the 13th are on one page of 14.
    expect(listPaths(world)).toEqual([walked(1, 10), walked(1, 14)]);
  });

  it.each([
    [{ startedAfter: toText(noon - 5 * minute) }, range(30, 25)],
    [{ startedBefore: toText(noon - 27 * minute) }, [3, 2, 1]],
    [{ startedBefore: '2026-11-20T12:33:00+01:00' }, [3, 2, 1]],
    [{ startedBefore: toText(noon + minute) }, range(30, 11)],
    [{ startedAfter: toText(noon - 9 * minute), startedBefore: toText(noon - 8 * minute) }, [22, 21]],
    [{ startedAfter: toText(noon + minute) }, []],
    [{ startedBefore: toText(noon - 30 * minute) }, []],
  ])('are those of the window %j, which is found in a page', async (window, expected) => {
    const world = await createListWorld(runsFrom(30));

    const { ids, runs } = await read(world, window);

    expect(ids).toEqual(expected);
    expect(runs.totalCount).toBeNull();
    expect(runs.pageInfo.hasNextPage).toBe(expected.length === 20);
    expect(listPaths(world)).toEqual([walked(1)]);
  });

  describe('that say no start', () => {
    const undated = (runId: number, state: string) => ({ ...datafoldBody, run_id: runId, state, started_at: null });
    /** Queued and skipped ones between others, a minute apart. */
    const mixed = [
      undated(9, 'queued'),
      { ...undated(8, 'created'), started_at: undefined },
      runAt(7, 0),
      runAt(6, 1),
      undated(5, 'skipped'),
      undated(4, 'skipped'),
      runAt(3, 2),
      undated(2, 'cancelled'),
      runAt(1, 10),
    ] as Parameters<typeof createListWorld>[0];

    it('are where their list has them', async () => {
      const world = await createListWorld(mixed);

      const { runs, ids, errors } = await read(world, {}, 'phase outcome startedAt');

      expect(errors).toBeUndefined();
      expect(ids).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
      expect(runs.totalCount).toBe(9);
      expect(runs.edges[4].node).toEqual({ runId: '5', phase: 'FINISHED', outcome: 'SKIPPED', startedAt: null });
    });

    it.each([
      ['now', { startedAfter: toText(noon) }, [9, 8, 7]],
      ['later than now', { startedAfter: toText(noon + minute) }, []],
      ['until now', { startedBefore: toText(noon) }, [9, 8, 7, 6, 5, 4, 3, 2, 1]],
      ['until a minute ago', { startedBefore: toText(noon - minute) }, [6, 5, 4, 3, 2, 1]],
      ['since a minute ago', { startedAfter: toText(noon - minute) }, [9, 8, 7, 6, 5, 4]],
      ['of one minute', { startedAfter: toText(noon - 2 * minute), startedBefore: toText(noon - 2 * minute) }, [3, 2]],
      [
        'of a time without any',
        { startedAfter: toText(noon - 9 * minute), startedBefore: toText(noon - 3 * minute) },
        [],
      ],
    ])('are in a window with the nearest above that says one, or as of now: %s', async (_what, window, expected) => {
      const world = await createListWorld(mixed);

      for (const first of [1, 2, 3, 20]) {
        const found: number[] = [];
        for (let after: string | null = null; ; ) {
          const { runs, ids, errors } = await read(world, { ...window, first, after });
          expect(errors).toBeUndefined();
          found.push(...ids);
          if (!runs.pageInfo.hasNextPage) break;
          after = runs.pageInfo.endCursor;
          // Later requests come later.
          holdDate(toText(noon + minute));
        }
        holdDate(toText(noon));
        expect(found).toEqual(expected);
      }
    });
  });

  it('of a window are found among many by few pages', async () => {
    const world = await createListWorld(runsFrom(5_000));
    const window = { startedAfter: toText(noon - 3_030 * minute), startedBefore: toText(noon - 3_000 * minute) };

    const { ids, runs } = await read(world, { ...window, first: 20 });

    expect(ids).toEqual(range(2_000, 1_981));
    expect(listPaths(world).length).toBeLessThan(4);
    const rest = await read(world, { ...window, after: runs.pageInfo.endCursor });
    expect(rest.ids).toEqual(range(1_980, 1_970));
    expect(rest.runs.pageInfo.hasNextPage).toBe(false);
  });

  it('of a window are found among many that are unevenly spread by as many pages as halving takes', async () => {
    // All but one in the last hour, and one of a year ago.
    const runs = [
      ...runsFrom(6_400).map((run, place) => ({ ...run, started_at: toText(noon - place * 500) })),
      runAt(0, 500_000),
    ];
    const world = await createListWorld(runs);

    expect((await read(world, { startedBefore: toText(noon - 400_000 * minute) })).ids).toEqual([0]);
    expect(listPaths(world).length).toBeLessThan(10);
  });

  it('of a window that would take too many calls are those that have been found, and go on from there', async () => {
    const world = await createListWorld(runsFrom(60), 5);
    world.datafold.on('/api/v1/monitors/7', { body: { id: 7 } });
    const limited = await createListingWorld({ limits: { maxUpstreamCalls: 3 } });
    serveDatafold(limited.datafold, { runsOf: () => runsFrom(60), cap: 5 });
    const window = { first: 100, startedAfter: toText(noon - 30 * minute) };
    const found: number[] = [];
    for (let after: string | null = null; ; ) {
      const { runs, ids, errors } = await read(limited, { ...window, after });
      expect(errors).toBeUndefined();
      found.push(...ids);
      if (!runs.pageInfo.hasNextPage) break;
      after = runs.pageInfo.endCursor;
    }

    expect(found).toEqual(range(60, 30));
  });

  it('are sorted where their list is in another order, which the log tells, and go on behind every edge', async () => {
    const world = await createListWorld(runsFrom(25).toReversed());
    const { ids, runs, errors } = await read(world, { first: 10 });

    expect(errors).toBeUndefined();
    expect(ids).toEqual(range(10, 1));
    expect(world.lines).toContainEqual({
      level: 'warn',
      message: 'list of runs out of order',
      provider: 'DATAFOLD',
      account: 'default',
      monitorId: '7',
      requestId: expect.any(String),
    });
    for (const [place, { cursor }] of runs.edges.entries()) {
      const found = range(10, 10 - place);
      for (let after: string | null = cursor; after !== null; ) {
        const page = await read(world, { first: 10, after });
        expect(page.errors).toBeUndefined();
        expect(page.ids).toEqual(page.ids.toSorted((a: number, b: number) => b - a));
        found.push(...page.ids);
        after = page.runs.pageInfo.hasNextPage ? page.runs.pageInfo.endCursor : null;
      }
      expect(found.toSorted((a, b) => b - a)).toEqual(range(25, 1));
    }
  });

  it('are in order where some had to wait for their start, and sorted by it', async () => {
    const world = await createListWorld([runAt(4, 3), runAt(3, 0), runAt(2, 7), runAt(1, 5)]);

    expect((await read(world)).ids).toEqual([3, 4, 1, 2]);
    expect(world.lines.filter(({ message }) => message === 'list of runs out of order')).toEqual([]);
    expect((await read(world, { startedAfter: toText(noon - 5 * minute) })).ids).toEqual([3, 4, 1]);
    expect((await read(world, { startedBefore: toText(noon - 3 * minute) })).ids).toEqual([4, 1, 2]);
  });

  it('of a window are looked for in all of a list that is in another order', async () => {
    const world = await createListWorld(runsFrom(250).toReversed());
    const window = { startedAfter: toText(noon - 4 * minute) };

    const { ids, runs } = await read(world, { ...window, first: 100 });

    expect(ids).toEqual(range(250, 246));
    expect(runs.pageInfo.hasNextPage).toBe(false);
    expect(listPaths(world)).toEqual([walked(1), walked(2), walked(3)]);
  });

  it('are refused behind a run that the list has no longer', async () => {
    const all = runsFrom(30);
    const world = await createListWorld(all);
    const { runs } = await read(world, { first: 10 });
    all.splice(9, 1);

    expectNoCursor(await read(world, { first: 10, after: runs.pageInfo.endCursor }));
  });

  it('are counted without being sent, when none are requested', async () => {
    const world = await createListWorld(runsFrom(30));
    const none = await read(world, { first: 0 });
    expect(none.runs).toEqual({
      totalCount: 30,
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
      edges: [],
    });
    const { runs } = await read(world, { first: 30 });
    const behind = await read(world, { first: 0, after: runs.pageInfo.endCursor });
    expect(behind.runs.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(listPaths(world)).toEqual([walked(1, 1), walked(1, 30), walked(31, 1)]);
  });

  it('are fewer than requested, when Datafold sends smaller pages, and all there all the same', async () => {
    const world = await createListWorld(runsFrom(45), 10);
    const found: number[] = [];
    const lengths: number[] = [];
    for (let after: string | null = null; ; ) {
      const { runs, ids } = await read(world, { first: 20, after });
      found.push(...ids);
      lengths.push(ids.length);
      if (!runs.pageInfo.hasNextPage) break;
      after = runs.pageInfo.endCursor;
    }

    expect(found).toEqual(range(45, 1));
    expect(lengths).toEqual([10, 10, 10, 10, 5]);
    // Their cursors tell how large its pages are.
    expect(listPaths(world)).toEqual([walked(1, 20), ...range(2, 5).map((page) => walked(page, 10))]);
  });

  it('go on after any of them in one call, once Datafold is known to send smaller pages', async () => {
    const world = await createListWorld(runsFrom(45), 10);
    const { runs } = await read(world, { first: 20 });

    const next = await read(world, { first: 20, after: runs.edges[3].cursor });

    expect(next.ids).toEqual(range(41, 36));
    expect(listPaths(world)).toEqual([walked(1, 20), walked(1, 10)]);
  });

  it('go on after a cursor that does not tell how large the pages are, which takes a call to learn', async () => {
    const world = await createListWorld(runsFrom(45), 10);
    const { runs } = await read(world, { first: 20 });
    const after = change(runs.pageInfo.endCursor, { most: undefined });

    const second = await read(world, { first: 20, after });
    const third = await read(world, { first: 20, after: second.runs.pageInfo.endCursor });

    expect([second.ids, third.ids]).toEqual([range(35, 26), range(25, 16)]);
    expect(listPaths(world)).toEqual([walked(1, 20), walked(1, 30), walked(2, 10), walked(3, 10)]);
  });

  it('are not gone with a cursor that Datafold does not know any more: it is refused', async () => {
    const world = await createListWorld(runsFrom(45));
    const { runs } = await read(world, { first: 20 });
    world.datafold.onAny({ status: 404 });

    const { data, errors } = await read(world, { first: 20, after: runs.pageInfo.endCursor });
    expect(data).toEqual({ node: { runs: null } });
    expect(errors).toMatchObject([{ path: ['node', 'runs'], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('are not gone where Datafold has their monitor for one page and not for the next', async () => {
    const world = await createListWorld(runsFrom(45), 10);
    const { runs } = await read(world, { first: 20 });
    const after = change(runs.pageInfo.endCursor, { most: undefined });
    world.datafold.on(walked(2, 10), { status: 404 });

    const { data, errors } = await read(world, { first: 20, after });
    expect(data).toEqual({ node: { runs: null } });
    expect(errors).toEqual([badAt('node', 'runs')]);
  });

  it('are requested in pages no larger than set, whatever a cursor says', async () => {
    const world = await createListWorld(runsFrom(150));
    const { runs } = await read(world, { first: 1 });

    await read(world, { first: 100, after: change(runs.pageInfo.endCursor, { most: 10_000 }) });

    expect(listPaths(world)).toEqual([walked(1, 1), walked(1, 100)]);
  });

  it.each([1_001, 150_000, 250_000])(
    'are an error, when a page is far longer than requested: %i rows',
    async (count) => {
      const world = await createListWorld([]);
      const page = (length: number) => ({
        body: `{"count":9,"page":1,"page_size":20,"runs":[${Array(length).fill('{}')}]}`,
      });
      world.datafold.on(walked(1, 20), page(count));

      const { data, errors } = await read(world);

      expect(data).toEqual({ node: { runs: null } });
      expect(errors).toMatchObject([
        { path: ['node', 'runs'], extensions: { code: 'UPSTREAM_RESPONSE_TOO_LARGE', provider: 'DATAFOLD' } },
      ]);
      // A little longer is no harm.
      world.datafold.on(walked(1, 20), page(1_000));
      expect((await read(world)).ids).toHaveLength(20);
    },
  );

  it('come with rows that are nested as deeply as can be, as long as no client selects that', async () => {
    const world = await createListWorld([]);
    const levels = 20_000;
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const rows = `{"run_id":2,"extra":${deep}},{"run_id":1,"diff_id":${deep}}`;
    world.datafold.on(walked(1, 20), { body: `{"count":2,"page":1,"page_size":20,"runs":[${rows}]}` });

    expect((await read(world)).ids).toEqual([2, 1]);
  });

  it('are an error behind the last that came, when Datafold counts more and sends none of them', async () => {
    const world = await createListWorld([]);
    const page = { count: 9, page: 1, page_size: 100, total_pages: 1 };
    world.datafold.onAny({ body: { ...page, runs: runsFrom(3).map(toDatafoldRow) } });

    const { runs, ids } = await read(world);
    expect(ids).toEqual([3, 2, 1]);
    expect(runs.pageInfo.hasNextPage).toBe(true);

    const behind = await read(world, { after: runs.pageInfo.endCursor });
    expect(behind.data).toEqual({ node: { runs: null } });
    expect(behind.errors).toEqual([badAt('node', 'runs')]);

    world.datafold.onAny({ body: { ...page, runs: [] } });
    expect((await read(world)).errors).toEqual([badAt('node', 'runs')]);
  });

  it('are an error, when Datafold sends another page than the requested one, and says so twice', async () => {
    const world = await createListWorld(runsFrom(45));
    const { runs } = await read(world, { first: 20 });
    world.datafold.onAny({
      body: { count: 45, page: 1, page_size: 20, total_pages: 3, runs: runsFrom(45).slice(0, 20).map(toDatafoldRow) },
    });

    const { data, errors } = await read(world, { first: 20, after: runs.pageInfo.endCursor });

    expect(data).toEqual({ node: { runs: null } });
    expect(errors).toEqual([badAt('node', 'runs')]);
  });

  it.each([
    ['a space', () => ' '],
    ['a word', () => 'next'],
    ['a number', () => btoa('3')],
    ["another provider's", () => btoa('[3,"38001"]')],
    ['one that is cut', (cursor: string) => cursor.slice(0, -6)],
    ['one without a place', (cursor: string) => change(cursor, { place: undefined })],
    ['one before the beginning', (cursor: string) => change(cursor, { place: -2 })],
    ['one between two runs', (cursor: string) => change(cursor, { place: 1.5 })],
    ['one of pages of none', (cursor: string) => change(cursor, { most: 0 })],
    ['one of pages that are no number', (cursor: string) => change(cursor, { most: '10' })],
    ['one of no time', (cursor: string) => change(cursor, { above: 'tomorrow' })],
    ['one of no run', (cursor: string) => change(cursor, { runId: 7 })],
    ['one of a list of no length', (cursor: string) => change(cursor, { count: '30' })],
    ['one of an order that is none', (cursor: string) => change(cursor, { isUnordered: 'yes' })],
  ])('are not those behind %s', async (_what, spoil) => {
    const world = await createListWorld(runsFrom(30));
    const { runs } = await read(world);
    const { length } = listPaths(world);

    expectNoCursor(await read(world, { after: spoil(runs.pageInfo.endCursor) }));
    expect(listPaths(world)).toHaveLength(length);
  });

  it('are not those behind a cursor of another window or monitor', async () => {
    const world = await createListWorld(runsFrom(30));
    const windows = [{}, { startedAfter: toText(noon - 9 * minute) }, { startedBefore: toText(noon - 8 * minute) }];
    const cursors: string[] = [];
    for (const window of windows) cursors.push((await read(world, { ...window, first: 1 })).runs.pageInfo.endCursor);
    const { length } = listPaths(world);

    for (const [at, after] of cursors.entries()) {
      for (const window of windows.toSpliced(at, 1)) expectNoCursor(await read(world, { ...window, after }));
    }
    world.datafold.on('/api/v1/monitors/8', { body: { id: 8 } });
    const other = await world.execute(
      'query ($after: String) { monitor(key: { provider: DATAFOLD, monitorId: 8 }) { id runs(after: $after) { totalCount } } }',
      { after: cursors[0] },
    );
    expect(other.errors).toMatchObject([{ path: ['monitor', 'runs'], extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(listPaths(world).filter((path) => path.startsWith(list))).toHaveLength(length);
  });

  it('call for each run what lists lack, once, and for those alone of which it is selected', async () => {
    const world = await createListWorld(runsFrom(30));

    const { runs } = await read(world, { first: 3 }, '... on DatafoldRun { warnings error again: warnings }');

    expect(runs.edges.map(({ node }: { node: object }) => node)).toEqual(
      [30, 29, 28].map((id) => {
        const warnings = [`warning ${id}`];
        return { runId: String(id), warnings, error: null, again: warnings };
      }),
    );
    expect(listPaths(world)).toEqual([walked(1, 3), ...[30, 29, 28].map(singleOf)]);
  });

  it('lose nothing but error and warnings, when the call for one of them fails', async () => {
    const world = await createListWorld(runsFrom(3));
    world.datafold.on(singleOf(2), { status: 403 });

    const { runs, errors } = await read(world, {}, 'phase ... on DatafoldRun { state error warnings }');

    expect(runs.edges.map(({ node }: { node: object }) => node)).toEqual([
      { runId: '3', phase: 'FINISHED', state: 'OK', error: null, warnings: ['warning 3'] },
      { runId: '2', phase: 'FINISHED', state: 'OK', error: null, warnings: null },
      { runId: '1', phase: 'FINISHED', state: 'OK', error: null, warnings: ['warning 1'] },
    ]);
    expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([
      ['node.runs.edges.1.node.error', 'FORBIDDEN'],
      ['node.runs.edges.1.node.warnings', 'FORBIDDEN'],
    ]);
  });

  it('are UNKNOWN without an error, when a row has no state; with one, when it is no text', async () => {
    const world = await createListWorld([]);
    const row = toDatafoldRow(datafoldBody);
    const runs = [
      { ...row, state: null },
      { ...row, state: undefined },
      { ...row, state: 7 },
    ];
    world.datafold.on(walked(1, 20), { body: { count: 3, page: 1, page_size: 20, total_pages: 1, runs } });

    const { runs: connection, errors } = await read(world, {}, 'phase outcome ... on DatafoldRun { state rawState }');

    const unknown = { runId: '42', phase: 'UNKNOWN', outcome: null, state: 'UNKNOWN', rawState: null };
    expect(connection.edges.map(({ node }: { node: object }) => node)).toEqual([unknown, unknown, unknown]);
    expect(errors).toEqual([badAt('node', 'runs', 'edges', 2, 'node', 'rawState')]);
  });

  it('have an error in place of a row that is none of them, and its neighbours all the same', async () => {
    const world = await createListWorld([]);
    const row = toDatafoldRow(datafoldBody);
    const rows = [row, null, 'run', {}, { ...row, run_id: -1 }, { ...row, run_id: 1.5 }, { ...row, monitor_id: 8 }];
    const body = { count: 8, page: 1, page_size: 20, total_pages: 1, runs: [...rows, { run_id: 43 }] };
    world.datafold.on(walked(1, 20), { body });

    const { ids, errors } = await read(world);

    expect(ids).toEqual([42, null, null, null, null, null, null, 43]);
    expect(errors).toEqual(range(1, 6).map((place) => badAt('node', 'runs', 'edges', place, 'node')));
  });

  it.each([{}, { count: 2, page: 1, page_size: 20, total_pages: 1 }, { runs: null }, { runs: { 0: {} } }])(
    'are an error, when the answer has no list: %j',
    async (body) => {
      const world = await createListWorld([]);
      world.datafold.on(walked(1, 20), { body });

      const { data, errors } = await read(world);

      expect(data).toEqual({ node: { runs: null } });
      expect(errors).toEqual([badAt('node', 'runs')]);
    },
  );

  it.each([
    [2, true],
    [3, false],
  ])(
    'have an error at totalCount, when Datafold does not count them; of a page of %i more: %j',
    async (first, more) => {
      const world = await createListWorld([]);
      const runs = runsFrom(2).map(toDatafoldRow);
      for (const count of [undefined, null, '2', -1, 2.5, 2 ** 31]) {
        const isCount = count === 2 ** 31;
        world.datafold.on(walked(1, first), { body: { count, page: 1, page_size: first, total_pages: 1, runs } });

        const { runs: connection, ids, errors } = await read(world, { first });

        expect(ids).toEqual([2, 1]);
        expect(connection).toMatchObject({ totalCount: null, pageInfo: { hasNextPage: more || isCount } });
        expect(errors).toEqual([badAt('node', 'runs', 'totalCount')]);
      }
    },
  );

  it('are read from a large answer like from a small one', async () => {
    const runs = runsFrom(100).map((run) => ({ ...run, note: 'x'.repeat(1_000) }));
    const world = await createListWorld(runs);

    const { ids, runs: connection, errors } = await read(world, { first: 100 }, 'phase startedAt');

    expect(errors).toBeUndefined();
    expect(ids).toEqual(range(100, 1));
    expect(connection.totalCount).toBe(100);
  });

  it('are null without an error, when Datafold has no such monitor any more', async () => {
    const world = await createListWorld(undefined);

    const { data, errors } = await read(world);

    expect({ data, errors }).toEqual({ data: { node: { runs: null } }, errors: undefined });
  });

  it.each([-1, 101])('are not requested by %i', async (first) => {
    const world = await createListWorld(runsFrom(3));

    const { errors } = await read(world, { first });

    expect(errors).toMatchObject([{ path: ['node', 'runs'], extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(listPaths(world)).toEqual([]);
  });
});

describe('Datafold lists: the page that is requested', () => {
  it('has all that is wanted wherever one of at most 100 can, and is the smallest of those', () => {
    for (let offset = 0; offset <= 210; offset += 3) {
      for (const first of [1, 2, 5, 20, 50, 99, 100]) {
        const sizes = range(1, 100).filter((size) => size - (offset % size) >= first);
        const { page, size } = choosePage(offset, first, 100);

        expect(Math.floor(offset / size) + 1).toBe(page);
        expect(size).toBe(sizes.length > 0 ? sizes[0] : bestOf(offset));
      }
    }
    expect(choosePage(5, 0, 100)).toEqual({ page: 6, size: 1 });
  });

  /** The smallest size of which a page has the most from there on. */
  const bestOf = (offset: number) =>
    range(1, 100).reduce((best, size) => (size - (offset % size) > best - (offset % best) ? size : best));
});

/** A cursor with something else in it. */
function change(cursor: string, fields: object): string {
  const known = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  return Buffer.from(JSON.stringify({ ...known, ...fields })).toString('base64url');
}

function expectNoCursor({ data, errors }: Answer): void {
  expect(data).toEqual({ node: { runs: null } });
  expect(errors).toMatchObject([
    {
      message: 'Expected `after` to be the cursor of a run of this monitor and window.',
      path: ['node', 'runs'],
      extensions: { code: 'BAD_USER_INPUT', provider: 'DATAFOLD' },
    },
  ]);
}
