import { beforeEach, describe, expect, it } from 'vitest';
import { holdDate } from '../support/clock.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { now, serveDatafold } from '../support/feed-upstreams.ts';
import {
  createFeedWorld,
  datafold,
  datafoldList,
  eventsOf,
  gapsOf,
  idsOf,
  lists,
  olostep,
  olostepList,
  pageThrough,
  pathsOf,
  requestPage,
  runsOf,
  selection,
} from '../support/run-feed-world.ts';
import { type Answer, createListingWorld, keys } from '../support/world.ts';

beforeEach(() => holdDate(now));

/** All runs of {@link datafold} and {@link olostep}, newest first. */
const all = [
  ...['DATAFOLD:7:750', 'OLOSTEP:monitor_a:run_0745', 'DATAFOLD:7:740', 'OLOSTEP:monitor_b:run_0730', 'DATAFOLD:7:720'],
  ...['OLOSTEP:monitor_a:run_0715', 'OLOSTEP:monitor_b:run_0710', 'DATAFOLD:7:600', 'DATAFOLD:8:500', 'DATAFOLD:8:400'],
  'OLOSTEP:monitor_b:run_0300',
];
const findings = [1, 4, 6, 8].map((place) => all[place]);

it('run feed: has the runs of all monitors of both providers, newest first', async () => {
  const { ids, pageInfo, gaps } = await requestPage(await createFeedWorld(), 'first: 50');

  expect(ids).toEqual(all);
  expect(pageInfo.hasNextPage).toBe(false);
  expect(gaps).toEqual([]);
});

it('run feed: says of each call why it is made, to clients that send x-upstream-calls', async () => {
  const world = await createFeedWorld();
  const headers = { 'content-type': 'application/json', 'x-upstream-calls': 'explain' };

  const answer = await world.execute('{ runs(first: 3) { nodes { id } } }', {}, { headers });

  const { calls, plan } = (answer as { extensions?: { upstream: CallReport } }).extensions?.upstream ?? {};
  expect(calls).toBe(pathsOf(world).length);
  expect(plan?.reduce((sum, step) => sum + step.calls, 0)).toBe(calls);
  expect(plan).toContainEqual(expect.objectContaining({ provider: 'DATAFOLD', source: 'LIST', list: '7' }));
  for (const { reason } of plan ?? []) expect(reason).toMatch(/\.$/);
});

interface CallReport {
  readonly calls: number;
  readonly plan: readonly { readonly calls: number; readonly reason: string }[];
}

it('run feed: has its runs as lists have them, and what lists lack, as everywhere', async () => {
  const world = await createFeedWorld();
  world.datafold.on('/api/v1/monitors/7/runs/750', { body: { run_id: 750, state: 'ok', warnings: ['Sampled.'] } });

  const { data, errors } = await world.execute(
    `{ runs(first: 2) { edges { node { __typename provider monitorId runId phase outcome
      ... on DatafoldRun { startedAt state warnings } ... on OlostepRun { changed snapshotAt } } }
      pageInfo { hasPreviousPage startCursor endCursor } } }`,
  );

  expect(errors).toBeUndefined();
  const shared = { phase: 'FINISHED' };
  expect(data.runs.edges.map(({ node }: { node: object }) => node)).toEqual([
    {
      ...{ __typename: 'DatafoldRun', provider: 'DATAFOLD', monitorId: '7', runId: '750', ...shared },
      ...{ outcome: 'PASSED', startedAt: '2026-11-20T07:50:00.000Z', state: 'OK', warnings: ['Sampled.'] },
    },
    {
      ...{ __typename: 'OlostepRun', provider: 'OLOSTEP', monitorId: 'monitor_a', runId: 'run_0745', ...shared },
      ...{ outcome: 'FINDING', changed: true, snapshotAt: '2026-11-20T07:45:00.000Z' },
    },
  ]);
  expect(data.runs.pageInfo).toEqual({
    hasPreviousPage: false,
    startCursor: expect.any(String),
    endCursor: expect.any(String),
  });
});

describe('run feed: upstream calls', () => {
  it.each([
    ['the lists, and who may have one of the newest', 'first: 3', [...lists, runsOf(7), eventsOf('a'), eventsOf('b')]],
    ['of those the newest first', 'first: 1', [...lists, runsOf(7)]],
    ['no monitor when no run is requested', 'first: 0', lists],
    ['all monitors when all runs are', 'first: 50', [...lists, runsOf(7), runsOf(8), eventsOf('a'), eventsOf('b')]],
    ['one provider when one is named', 'first: 3 providers: [OLOSTEP]', [olostepList, eventsOf('a'), eventsOf('b')]],
    ['once where one is named twice', 'first: 1 providers: [DATAFOLD, DATAFOLD]', [datafoldList, runsOf(7)]],
    [
      'no monitor that last ran before the window',
      'first: 50 since: "2026-11-20T07:48:00Z"',
      [...lists, runsOf(7), eventsOf('a')],
    ],
    [
      'a window that ended without naming it, as no document says which time a window compares',
      'first: 50 until: "2026-11-20T05:00:00+01:00" providers: [DATAFOLD]',
      [datafoldList, runsOf(7), runsOf(8)],
    ],
    [
      'pages of the same size where a filter may reject any number',
      'first: 1 outcomes: [FINDING] providers: [DATAFOLD]',
      [datafoldList, runsOf(7)],
    ],
  ])('request %s: %s', async (_what, given, paths) => {
    const world = await createFeedWorld();
    await requestPage(world, given);

    expect(pathsOf(world)).toEqual([...paths].sort());
  });

  it('are made once for what is selected twice', async () => {
    const world = await createFeedWorld();
    await world.execute('{ a: runs(first: 3) { nodes { id } } b: runs(first: 3) { nodes { runId } } }');

    expect(pathsOf(world)).toEqual([...lists, runsOf(7), eventsOf('a'), eventsOf('b')].sort());
  });

  it('are none for the monitors of the runs, when the lists have what is selected of them', async () => {
    const runs = { 7: ['07:50'], 8: ['07:49'], 9: ['07:48'] };
    const world = await createFeedWorld({}, { datafold: runs });
    const { data } = await world.execute('{ runs(first: 3 providers: [DATAFOLD]) { nodes { id monitor { name } } } }');

    expect(data.runs.nodes).toEqual([
      { id: 'DATAFOLD:7:750', monitor: { name: 'Monitor 7' } },
      { id: 'DATAFOLD:8:749', monitor: { name: 'Monitor 8' } },
      { id: 'DATAFOLD:9:748', monitor: { name: 'Monitor 9' } },
    ]);
    expect(pathsOf(world)).toEqual([datafoldList, runsOf(7), runsOf(8), runsOf(9)].sort());
  });

  const withMonitors = (given: string) => `{ runs(${given}) { nodes { id monitor { name } } gaps { code } } }`;
  const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

  it.each([1, 2, 4])(
    'are none for %i monitors of the runs of either provider, as their rows are loaded',
    async (count) => {
      const toWorldRuns = (toId: (number: number) => string) =>
        Object.fromEntries(upTo(count).map((number) => [toId(number), [`07:5${number}`]]));
      const world = await createFeedWorld(
        {},
        { datafold: toWorldRuns(String), olostep: toWorldRuns((id) => `monitor_${id}`) },
      );

      const { data, errors } = await world.execute(withMonitors('first: 20'));

      expect(errors).toBeUndefined();
      expect(data.runs.nodes.map(({ monitor }: { monitor: { name: string } }) => monitor.name).sort()).toEqual(
        [...upTo(count).map((id) => `Monitor ${id}`), ...upTo(count).map((id) => `Monitor monitor_${id}`)].sort(),
      );
      const runs = upTo(count).flatMap((id) => [runsOf(id), eventsOf(String(id))]);
      expect(pathsOf(world)).toEqual([...lists, ...runs].sort());
    },
  );

  it('are none for monitors far down the list, whose runs are the newest', async () => {
    const old = Object.fromEntries(upTo(250).map((id) => [id, ['01:00']]));
    const world = await createFeedWorld({}, { datafold: { ...old, 998: ['07:50'], 999: ['07:49'], 1000: ['07:48'] } });

    const { data } = await world.execute(withMonitors('first: 3 providers: [DATAFOLD]'));

    expect(data.runs.nodes.map(({ monitor }: { monitor: object }) => monitor)).toEqual(
      [998, 999, 1000].map((id) => ({ name: `Monitor ${id}` })),
    );
    expect(pathsOf(world).filter((path) => !path.includes('/runs?'))).toHaveLength(3);
    expect(pathsOf(world)).toHaveLength(6);
  });

  it('are none for monitors of a list of which a part is missing', async () => {
    const world = await createFeedWorld();
    const rows = [{ id: 7, name: 'Orders', last_run: '2026-11-20T07:50:00Z' }, { id: 'x' }];
    world.datafold.on(datafoldList, listOf(...rows));

    const { data } = await world.execute(withMonitors('first: 1 providers: [DATAFOLD]'));

    expect(data.runs).toEqual({
      nodes: [{ id: 'DATAFOLD:7:750', monitor: { name: 'Orders' } }],
      gaps: [{ code: 'UPSTREAM_BAD_RESPONSE' }],
    });
    expect(pathsOf(world)).toEqual([datafoldList, runsOf(7)].sort());
  });

  it('are one for each monitor of which more is selected than lists have', async () => {
    const world = await createFeedWorld();
    const single = '/api/v1/monitors/7';
    world.datafold.on(single, { body: { id: 7, name: 'Orders', description: 'Every order.' } });

    const { data } = await world.execute(
      `{ runs(first: 1 providers: [DATAFOLD]) { nodes { monitor { name ... on DatafoldMonitor { description } } } } }`,
    );

    expect(data.runs.nodes).toEqual([{ monitor: { name: 'Orders', description: 'Every order.' } }]);
    expect(pathsOf(world)).toEqual([datafoldList, runsOf(7), single].sort());
  });

  const ten = Object.fromEntries(upTo(10).map((id) => [id, [`07:${51 - id}`]]));
  const ofTen = upTo(10).map((id) => `DATAFOLD:${id}:7${51 - id}`);

  it('are at most RUN_FEED_MAX_CALLS a page of the run feed, and the pages behind it go on without a gap', async () => {
    const world = await createFeedWorld({ limits: { runFeedMaxCalls: 5 } }, { datafold: ten });
    const pages = await pageThrough(world, 'first: 10 providers: [DATAFOLD]');

    for (const { calls, gaps } of pages) expect({ calls: Math.max(calls, 5), gaps }).toEqual({ calls: 5, gaps: [] });
    expect(idsOf(pages)).toEqual(ofTen);
    // Until 07:51 there may be runs of the fifth monitor, as its last run may have started 5 minutes after it is said to have.
    const [first] = pages;
    expect(first).toMatchObject({
      ...{ ids: [], calls: 5, searchedUntil: '2026-11-20T07:51:00.000Z', isComplete: true },
      pageInfo: { hasNextPage: true },
    });
  });

  it('are no more for several run feeds than for one', async () => {
    const world = await createFeedWorld({ limits: { runFeedMaxCalls: 5 } }, { datafold: ten });
    const feed = (given: string, after: string) =>
      `runs(first: 10 providers: [DATAFOLD] ${given} after: ${after}) { ${selection} }`;
    const query = `query ($a: String, $b: String) { a: ${feed('', '$a')} b: ${feed('until: "2026-11-20T07:55:00Z"', '$b')} }`;
    const ids: { readonly a: string[]; readonly b: string[] } = { a: [], b: [] };
    const after: { a?: string; b?: string } = {};
    let hasNextPage = true;
    for (let pages = 0; hasNextPage && pages < 20; pages++) {
      const before = pathsOf(world).length;
      const { data } = await world.execute(query, after);
      expect(pathsOf(world).length - before).toBeLessThanOrEqual(5);
      for (const name of ['a', 'b'] as const) {
        expect(data[name].gaps).toEqual([]);
        ids[name].push(...data[name].nodes.map(({ id }: { id: string }) => id));
        after[name] = data[name].pageInfo.endCursor;
      }
      hasNextPage = data.a.pageInfo.hasNextPage || data.b.pageInfo.hasNextPage;
    }

    expect(ids).toEqual({ a: ofTen, b: ofTen });
  });

  it('serve all run feeds that need the same pages, though no call is left', async () => {
    const world = await createFeedWorld({ limits: { runFeedMaxCalls: 5 } });
    const feed = `runs(first: 3) { ${selection} }`;
    const { data } = await world.execute(
      `{ ${['a', 'b', 'c', 'd', 'e'].map((name) => `${name}: ${feed}`).join(' ')} }`,
    );

    expect(pathsOf(world)).toHaveLength(5);
    for (const name of 'abcde')
      expect(data[name]).toMatchObject({ nodes: all.slice(0, 3).map((id) => ({ id })), gaps: [] });
  });

  it('are among those of the operation: without two for runs, the list of monitors is a gap', async () => {
    const world = await createFeedWorld({ limits: { maxUpstreamCalls: 3 } });
    const pages = await pageThrough(world, 'first: 50');

    for (const { calls } of pages) expect(calls).toBeLessThanOrEqual(3);
    expect(idsOf(pages)).toEqual(all.filter((id) => id.startsWith('DATAFOLD')));
    expect(gapsOf(pages)).toEqual([{ provider: 'OLOSTEP', monitorId: null, code: 'OPERATION_TOO_COSTLY' }]);
  });
});

it('run feed: knows that a snapshot may be made some minutes after its run began', async () => {
  const world = await createFeedWorld();
  const last_run = { id: 'run_0745', ran_at: '2026-11-20T07:45:00Z' };
  world.olostep.on(olostepList, { body: { monitors: [{ id: 'monitor_a', last_run }], count: 1 } });
  serveDatafold(world.datafold, { 7: ['07:47'] });
  const created = Date.parse('2026-11-20T07:48:00Z') / 1_000;
  world.olostep.on(eventsOf('a'), { body: { data: [{ run_id: 'run_0745', created }], has_more: false } });

  expect((await requestPage(world, 'first: 1')).ids).toEqual(['OLOSTEP:monitor_a:run_0745']);
});

/** Datafold's list of monitors, with what its rows have beside their ids and times. */
const listOf = (...monitors: object[]) => ({
  body: { count: monitors.length, page: 1, page_size: 100, total_pages: 1, monitors },
});

it.each(['created', 'queued', 'checking'])(
  'run feed: looks for the run in progress of a Datafold monitor that is %s, whenever it ran last',
  async (state) => {
    const world = await createFeedWorld({}, { datafold: { 7: ['07:50', '07:40'], 8: [`07:55 ${state}`, '05:00'] } });
    const rows = [{ id: 7, last_run: '2026-11-20T07:50:00Z', state: 'ok' }];
    for (const last_run of ['2026-11-20T05:00:00Z', null]) {
      world.datafold.on(datafoldList, listOf(...rows, { id: 8, last_run, state }));
      expect((await requestPage(world, 'first: 1')).ids).toEqual(['DATAFOLD:8:755']);
    }
  },
);

it("run feed: knows that a run may start some minutes after its Datafold monitor's last run is said to be", async () => {
  const world = await createFeedWorld({}, { datafold: { 7: ['07:42'], 8: ['07:44'] }, olostep: {} });
  const at = (time: string) => `2026-11-20T${time}:00Z`;
  world.datafold.on(datafoldList, listOf({ id: 7, last_run: at('07:42') }, { id: 8, last_run: at('07:40') }));

  expect((await requestPage(world, 'first: 1')).ids).toEqual(['DATAFOLD:8:744']);
});

it('run feed: counts its feeds once where a plan bails out and the operation is executed again', async () => {
  const world = await createFeedWorld();
  const bad = { run_id: 750, state: 'ok', warnings: 'none' };
  world.datafold.on('/api/v1/monitors/7/runs/750', { body: bad });
  const names = ['a', 'b', 'c', 'd', 'e'];
  const query = `{ ${names.map((name) => `${name}: runs(first: 1) { nodes { ... on DatafoldRun { warnings } } }`).join(' ')} }`;
  for (let use = 0; use < 3; use++) await world.execute(query);
  const { data, errors } = await world.execute(query);

  for (const name of names) expect(data[name].nodes).toEqual([{ warnings: null }]);
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(names.map(() => 'UPSTREAM_BAD_RESPONSE'));
});

describe('run feed: of very many monitors that ran at the same time', () => {
  const ids = Array.from({ length: 150 }, (_, place) => 1_000 + place);
  const many = Object.fromEntries(ids.map((id) => [id, ['07:00', '06:00']]));
  const expected = ['700', '600'].flatMap((time) => ids.map((id) => `DATAFOLD:${id}:${time}`));

  it('a page of the run feed has the first', async () => {
    const world = await createFeedWorld({}, { datafold: many });

    expect(await requestPage(world, 'first: 20 providers: [DATAFOLD]')).toMatchObject({
      ...{ ids: expected.slice(0, 20), gaps: [], isComplete: true },
    });
  });

  it('pagination delivers all runs, though a page may not look at all monitors', async () => {
    const world = await createFeedWorld({ limits: { runFeedMaxCalls: 40 } }, { datafold: many });
    const pages = await pageThrough(world, 'first: 100 providers: [DATAFOLD]');

    expect(idsOf(pages)).toEqual(expected);
    expect(gapsOf(pages)).toEqual([]);
  });
});

describe('run feed: a gap', () => {
  const oneAttempt = { limits: { maxAttempts: 1 } };
  const ofOlostep = all.filter((id) => id.startsWith('OLOSTEP'));

  it('stands for a provider that is down, while the other answers', async () => {
    const world = await createFeedWorld(oneAttempt);
    world.datafold.onAny({ status: 503 });

    expect(await requestPage(world, 'first: 50')).toMatchObject({
      ids: ofOlostep,
      gaps: [{ provider: 'DATAFOLD', monitorId: null, code: 'UPSTREAM_UNAVAILABLE' }],
    });
  });

  it.each([
    ['has no monitors', { body: { count: 0, page: 1, page_size: 100, total_pages: 0 } }],
    ['is not there', { status: 404 }],
  ])('stands for a list of monitors that %s', async (_what, reply) => {
    const world = await createFeedWorld();
    world.olostep.on(olostepList, reply);
    world.datafold.on(datafoldList, reply);

    expect(await requestPage(world, 'first: 50')).toMatchObject({
      ids: [],
      gaps: [
        { provider: 'DATAFOLD', monitorId: null, code: 'UPSTREAM_BAD_RESPONSE' },
        { provider: 'OLOSTEP', monitorId: null, code: 'UPSTREAM_BAD_RESPONSE' },
      ],
    });
  });

  const anyOf = (provider: string) => ({ provider, monitorId: null, code: 'UPSTREAM_BAD_RESPONSE' });
  const row = (id: unknown) => ({ id, last_run: '2026-11-20T07:50:00Z' });

  it.each([
    ['a row without a proper id', { monitors: [row('x'), row(7)], count: 2 }],
    ['a row that is no object', { monitors: [row(7), null], count: 2 }],
    ['more pages, and not which one this is', { monitors: [row(7)], page: undefined, total_pages: 2 }],
    [
      'more monitors, and not which page this is',
      { monitors: [row(7)], page: undefined, total_pages: undefined, count: 2 },
    ],
    ['more monitors than it has pages for', { monitors: [row(7)], count: 2 }],
    [
      'as many as a page has, and nothing of its pages',
      { monitors: [row(7)], page: undefined, page_size: 1, total_pages: undefined, count: undefined },
    ],
  ])("reports what is unknown of Datafold's monitors when their list has %s", async (_what, body) => {
    const world = await createFeedWorld();
    world.datafold.on(datafoldList, { body: { page: 1, page_size: 100, total_pages: 1, ...body } });

    expect(await requestPage(world, 'first: 50 providers: [DATAFOLD]')).toMatchObject({
      ids: all.filter((id) => id.startsWith('DATAFOLD:7:')),
      gaps: [anyOf('DATAFOLD')],
    });
  });

  it.each([
    ['is the only page, and says so', { page: 1, page_size: 100, total_pages: 1, count: 1 }],
    ['has fewer than a page, and says nothing of it', {}],
    ['says that it has no more', { count: 1 }],
  ])("is none where Datafold's list of monitors %s", async (_what, numbers) => {
    const world = await createFeedWorld();
    world.datafold.on(datafoldList, { body: { ...numbers, monitors: [row(7)] } });

    expect((await requestPage(world, 'first: 50 providers: [DATAFOLD]')).gaps).toEqual([]);
  });

  it.each([
    ['a row without a proper id', { monitors: [{ id: 'a' }, { id: 'monitor_a' }], count: 2 }],
    ['fewer monitors than it counts', { monitors: [{ id: 'monitor_a' }], count: 2 }],
  ])("reports what is unknown of Olostep's monitors when their list has %s", async (_what, body) => {
    const world = await createFeedWorld();
    world.olostep.on(olostepList, { body });

    expect(await requestPage(world, 'first: 50 providers: [OLOSTEP]')).toMatchObject({
      ids: all.filter((id) => id.startsWith('OLOSTEP:monitor_a')),
      gaps: [anyOf('OLOSTEP')],
    });
  });

  it("reports what is unknown of Datafold's monitors when a page in the middle of their list lacks some", async () => {
    const world = await createFeedWorld({}, { datafold: { 1: ['07:50'], 2: ['07:40'] } });
    const pageOf = (page: number, ...rows: readonly object[]) => ({
      body: { count: 101, page, page_size: 100, total_pages: 2, monitors: rows },
    });
    const row = (id: number) => ({ id, last_run: '2026-11-20T07:50:00Z' });
    const pages = [datafoldList, datafoldList.replace('page=1&', 'page=2&')];
    for (const [place, path] of pages.entries()) world.datafold.on(path, pageOf(place + 1, row(place + 1)));

    expect(await requestPage(world, 'first: 50 providers: [DATAFOLD]')).toMatchObject({
      ids: ['DATAFOLD:1:750', 'DATAFOLD:2:740'],
      gaps: [anyOf('DATAFOLD')],
    });
  });

  it.each([{}, { next_cursor: null }, { next_cursor: '' }])(
    'reports runs that Olostep has, and does not say how to request: %j',
    async (rest) => {
      const world = await createFeedWorld({}, { olostep: { monitor_a: ['07:45'], monitor_b: ['07:30'] } });
      world.olostep.on(eventsOf('a'), { body: { data: [], has_more: true, ...rest } });

      expect(await requestPage(world, 'first: 50 providers: [OLOSTEP]')).toMatchObject({
        ids: ['OLOSTEP:monitor_b:run_0730'],
        gaps: [{ provider: 'OLOSTEP', monitorId: 'monitor_a', code: 'UPSTREAM_BAD_RESPONSE' }],
      });
    },
  );

  it.each([
    ['outcomes: [PASSED]', ['DATAFOLD:7:740'], [{ ...anyOf('DATAFOLD'), monitorId: '7' }]],
    ['outcomes: [PASSED] until: "2026-11-20T07:45:00Z"', ['DATAFOLD:7:740'], []],
    ['', ['DATAFOLD:7:750', 'DATAFOLD:7:740'], []],
  ])('stands for a run whose row leaves open what the filter goes by: %s', async (given, ids, gaps) => {
    const world = await createFeedWorld({}, { datafold: { 7: ['07:50 null', '07:40'] } });

    expect(await requestPage(world, `first: 50 providers: [DATAFOLD] ${given}`)).toMatchObject({ ids, gaps });
  });

  it('stands for a monitor whose runs fail, while all others answer', async () => {
    const world = await createFeedWorld(oneAttempt);
    world.olostep.on(eventsOf('b'), { status: 500 });

    expect(await requestPage(world, 'first: 50')).toMatchObject({
      ids: all.filter((id) => !id.includes('monitor_b')),
      gaps: [{ provider: 'OLOSTEP', monitorId: 'monitor_b', code: expect.stringMatching(/^UPSTREAM_/) }],
    });
  });

  it.each([
    ['says none', undefined],
    ['says one in milliseconds', 1763625609000],
  ])(
    'is none for a run whose time is unknown, as it %s: it takes the time of the run above it',
    async (_what, created) => {
      const world = await createFeedWorld();
      const at0745 = Date.parse('2026-11-20T07:45:00Z') / 1_000;
      const data = [
        { run_id: 'run_2', changed: true, created: at0745 },
        { run_id: 'run_1', changed: true, created },
      ];
      world.olostep.on(eventsOf('a'), { body: { data, has_more: false } });

      const expected = all.flatMap((id) =>
        id === 'OLOSTEP:monitor_a:run_0745' ? ['OLOSTEP:monitor_a:run_1', 'OLOSTEP:monitor_a:run_2'] : [id],
      );
      expect(await requestPage(world, 'first: 50')).toMatchObject({
        ids: expected.filter((id) => id !== 'OLOSTEP:monitor_a:run_0715'),
        gaps: [],
      });
    },
  );

  it('is none for a monitor that is gone since', async () => {
    const world = await createFeedWorld();
    world.olostep.on(eventsOf('b'), { status: 404 });

    expect(await requestPage(world, 'first: 50')).toMatchObject({
      ids: all.filter((id) => !id.includes('monitor_b')),
      gaps: [],
    });
  });

  it.each([
    ['', []],
    ['providers: [OLOSTEP, DATAFOLD]', [{ provider: 'OLOSTEP', monitorId: null, code: 'PROVIDER_NOT_CONFIGURED' }]],
  ])('stands for a provider that is not configured only if it is named: %s', async (given, gaps) => {
    const far = await startFakeUpstream();
    serveDatafold(far, datafold());
    const world = await createListingWorld({
      providers: { DATAFOLD: { apiKey: keys.datafold, baseUrl: far.baseUrl } },
    });

    expect(await requestPage(world, `first: 50 ${given}`)).toMatchObject({
      ids: all.filter((id) => id.startsWith('DATAFOLD')),
      gaps,
    });
    far.close();
  });

  it("stands for a provider that the caller has no key of, when the callers' own are forwarded", async () => {
    const datafoldFar = await startFakeUpstream();
    serveDatafold(datafoldFar, datafold());
    const world = await createListingWorld({
      credentials: 'forwarded',
      providers: { DATAFOLD: { baseUrl: datafoldFar.baseUrl } },
    });
    const headers = { 'content-type': 'application/json', 'x-datafold-api-key': keys.datafold };
    const { data } = await world.execute(`{ runs(first: 1) { ${selection} } }`, {}, { headers });

    expect(data.runs).toMatchObject({
      nodes: [{ id: 'DATAFOLD:7:750' }],
      gaps: [{ provider: 'OLOSTEP', monitorId: null, code: 'UNAUTHENTICATED' }],
    });
    datafoldFar.close();
  });
});

describe('run feed: pages', () => {
  it.each([1, 2, 3, 7])('of %i show every run once, though new ones come in', async (first) => {
    const far = { datafold: datafold(), olostep: olostep() };
    const world = await createFeedWorld({}, far);
    const ids: string[] = [];
    let after: string | null = null;
    for (let page = 1; page === 1 || after; page++) {
      const { pageInfo, gaps, ...found } = await requestPage(world, `first: ${first}`, after);
      ids.push(...found.ids);
      expect(gaps).toEqual([]);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      holdDate(`2026-11-20T09:${10 + page}:00Z`);
      far.datafold[7].push(`09:${10 + page}`);
      far.datafold[8].push(`09:${10 + page}`);
      far.olostep.monitor_a.push(`09:${10 + page}`);
    }

    expect(ids).toEqual(all);
  });

  it("request no list again that is at its end, nor one that isn't needed yet", async () => {
    const world = await createFeedWorld();
    const { pageInfo } = await requestPage(world, 'first: 4');
    const before = pathsOf(world).length;
    const { ids } = await requestPage(world, 'first: 2', pageInfo.endCursor);

    expect(ids).toEqual(all.slice(4, 6));
    // 05:00 and 07:10 are known to be the next of two monitors.
    expect(pathsOf(world)).toHaveLength(before + 4);
  });

  it('go on behind any edge', async () => {
    const world = await createFeedWorld();
    const { data } = await world.execute('{ runs(first: 50) { edges { cursor } } }');
    for (const [place, { cursor }] of data.runs.edges.entries())
      expect((await requestPage(world, 'first: 3', cursor)).ids).toEqual(all.slice(place + 1, place + 4));
  });

  it.each([1, 2])('of %i show every run of the same millisecond once, as upstream times are finer', async (first) => {
    const world = await createFeedWorld({}, { datafold: { 7: [], 8: [] }, olostep: {} });
    const last_run = '2026-11-20T07:50:00Z';
    world.datafold.on(datafoldList, listOf({ id: 7, last_run }, { id: 8, last_run }));
    const toRows = (...fractions: number[]) =>
      fractions.map((fraction) => ({
        run_id: fraction,
        started_at: `2026-11-20T07:50:00.000${fraction}Z`,
        state: 'ok',
      }));
    const toList = (rows: object[]) => ({
      body: { count: rows.length, page: 1, page_size: 100, total_pages: 1, runs: rows },
    });
    world.datafold.on(runsOf(7), toList(toRows(900, 500, 200)));
    world.datafold.on(runsOf(8), toList(toRows(800, 400)));

    const ids = idsOf(await pageThrough(world, `first: ${first} providers: [DATAFOLD]`));
    expect(ids).toEqual(['7:200', '7:500', '7:900', '8:400', '8:800'].map((id) => `DATAFOLD:${id}`));
  });

  it('can be empty and have a next one, when a filter rejects all that a page may look through', async () => {
    const runs = Array.from({ length: 450 }, (_, minute) => toMinute(minute));
    runs[0] += ' alert';
    const world = await createFeedWorld({ limits: { runFeedMaxCalls: 3 } }, { datafold: { 7: runs }, olostep: {} });
    const pages = await pageThrough(world, 'first: 1 outcomes: [FINDING] providers: [DATAFOLD]');

    const [first, ...behind] = pages;
    expect(first).toMatchObject({
      ids: [],
      pageInfo: { hasNextPage: true, endCursor: expect.any(String) },
      ...{ gaps: [], isComplete: true, searchedUntil: '2026-11-20T04:10:00.000Z' },
    });
    expect(idsOf(behind)).toEqual(['DATAFOLD:7:0']);
    // Two pages of runs a request, the first of which is the one where the request before stopped.
    expect(pages.map(({ calls }) => calls)).toEqual([3, 3, 3, 3]);
  });

  it('get to where they begin, though the way there takes more than a page may cost', async () => {
    const runs = Array.from({ length: 450 }, (_, minute) => toMinute(minute));
    const five = ['a', 'b', 'c', 'd', 'e'].map((name) => `monitor_${name}`);
    const world = await createFeedWorld(
      { limits: { runFeedMaxCalls: 12 } },
      { datafold: {}, olostep: Object.fromEntries(five.map((monitor) => [monitor, runs])) },
    );
    // Olostep has no time filter: three pages of each monitor are later.
    const given = 'first: 5 until: "2026-11-20T03:00:00Z" providers: [OLOSTEP]';
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 6 && seen.length < 5; page++) {
      const { ids, pageInfo } = await requestPage(world, given, after);
      expect(pageInfo.hasNextPage).toBe(true);
      seen.push(...ids);
      after = pageInfo.endCursor;
    }

    expect(seen.slice(0, 5)).toEqual(five.map((monitor) => `OLOSTEP:${monitor}:run_0300`));
  });

  it('show a run once that new ones have pushed from one page of its provider to the next', async () => {
    const world = await createFeedWorld({}, { datafold: {}, olostep: { monitor_a: ['07:45'] } });
    const rows = Array.from({ length: 150 }, (_, place) => ({
      run_id: `run_${place}`,
      created: Date.parse(now) / 1_000 - 60 * place,
      changed: place === 99,
    }));
    const toPage = (data: object[], next_cursor: string | null) => ({
      body: { data, has_more: next_cursor !== null, next_cursor },
    });
    world.olostep.on(eventsOf('a'), toPage(rows.slice(0, 100), 'n'));
    world.olostep.on(`${eventsOf('a')}&cursor=n`, toPage(rows.slice(99), null));

    const { ids } = await requestPage(world, 'first: 5 outcomes: [FINDING] providers: [OLOSTEP]');
    expect(ids).toEqual(['OLOSTEP:monitor_a:run_99']);
  });

  it('begin again where a cursor of a provider is no longer valid', async () => {
    const far = { datafold: {}, olostep: { monitor_a: ['07:45', '07:40', '07:35', '07:30'] } };
    const world = await createFeedWorld({}, far);
    const { pageInfo } = await requestPage(world, 'first: 2');
    far.olostep.monitor_a.splice(1, 1);

    const { ids, gaps } = await requestPage(world, 'first: 2', pageInfo.endCursor);
    expect(ids).toEqual(['OLOSTEP:monitor_a:run_0735', 'OLOSTEP:monitor_a:run_0730']);
    expect(gaps).toEqual([]);
  });
});

describe('run feed: the runs are those', () => {
  const isOf = (provider: string) => (id: string) => id.startsWith(provider);
  it.each([
    ['since: "2026-11-20T07:20:00Z"', all.slice(0, 5)],
    ['until: "2026-11-20T06:00:00Z"', all.slice(7)],
    ['since: "2026-11-20T07:15:00Z" until: "2026-11-20T08:30:00+01:00"', all.slice(3, 6)],
    ['since: "2026-11-20T07:15:00Z" until: "2026-11-20T07:15:00Z"', [all[5]]],
    ['since: "2027-01-01T00:00:00Z"', []],
    ['providers: [DATAFOLD]', all.filter(isOf('DATAFOLD'))],
    ['outcomes: [FINDING]', findings],
    ['outcomes: [FINDING, PASSED, FINDING]', all],
    ['outcomes: [ERRORED]', []],
    ['outcomes: [FINDING] providers: [OLOSTEP] since: "2026-11-20T07:12:00Z"', [findings[0]]],
    ['since: null until: null providers: null outcomes: null', all],
  ])('%s', async (given, ids) => {
    const world = await createFeedWorld();

    expect(await requestPage(world, `first: 50 ${given}`)).toMatchObject({
      ids,
      gaps: [],
      pageInfo: { hasNextPage: false },
    });
  });
});

describe('run feed: an argument is refused', () => {
  const refusal = (message: string): Answer =>
    ({ data: { runs: null }, errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] }) as unknown as Answer;
  const otherCursor = 'Expected `after` to be a cursor of the same `runs`, with the same arguments and accounts.';

  it.each([
    ['first: 101', 'Expected `first` between 0 and 100.'],
    ['first: -1', 'Expected `first` between 0 and 100.'],
    ['since: "2026-11-20T08:00:01Z" until: "2026-11-20T08:00:00Z"', 'Expected `since` at or before `until`.'],
    ['providers: []', 'Expected at least one of `providers`, or none to be given.'],
    ['outcomes: []', 'Expected at least one of `outcomes`, or none to be given.'],
    ...[
      ' ',
      'x',
      'bnVsbA',
      'W10',
      Buffer.from('["[null,null,null,null]",1e99,[0,"","",""],[]]').toString('base64url'),
    ].map((cursor) => [`after: ${JSON.stringify(cursor)}`, otherCursor]),
  ])('%s', async (given, message) => {
    const world = await createFeedWorld();

    expect(await world.execute(`{ runs(${given}) { nodes { id } } }`)).toMatchObject(refusal(message as string));
    expect(pathsOf(world)).toEqual([]);
  });

  it.each([
    'since: "2026-11-20T01:00:00Z"',
    'providers: [DATAFOLD]',
    'outcomes: [PASSED]',
    'until: "2026-11-20T08:00:00Z"',
  ])('after: the cursor of a page without %s', async (given) => {
    const world = await createFeedWorld();
    const { pageInfo } = await requestPage(world, 'first: 1');
    const requested = await world.execute(`{ runs(${given} after: "${pageInfo.endCursor}") { nodes { id } } }`);

    expect(requested).toMatchObject(refusal(otherCursor));
  });

  it('but not the order of a list, nor what is named twice', async () => {
    const world = await createFeedWorld();
    const { pageInfo } = await requestPage(world, 'first: 1 providers: [OLOSTEP, DATAFOLD]');

    expect(
      (await requestPage(world, 'first: 1 providers: [DATAFOLD, OLOSTEP, OLOSTEP]', pageInfo.endCursor)).ids,
    ).toEqual([all[1]]);
  });
});

it('run feed: is at most five times in an operation, whatever its aliases', async () => {
  const world = await createFeedWorld();
  const { data, errors } = await world.execute(
    `{ ${['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}: runs(first: 1) { nodes { id } }`).join(' ')} }`,
  );

  expect(data).toMatchObject({ e: { nodes: [{ id: all[0] }] }, f: null });
  expect(errors).toMatchObject([{ path: ['f'], extensions: { code: 'OPERATION_TOO_COSTLY' } }]);
});

describe('run feed: of too many monitors', () => {
  const four = { 6: [], 7: ['06:00'], 8: ['07:00', '05:50'], 9: ['07:50'] };
  const tooMany = { provider: 'DATAFOLD', monitorId: null, code: 'OPERATION_TOO_COSTLY' };

  it.each([
    ['are read, and the others are a gap', '', ['DATAFOLD:9:750', 'DATAFOLD:8:700', 'DATAFOLD:8:550'], [tooMany]],
    [
      'are enough where the others ran before',
      'since: "2026-11-20T06:30:00Z"',
      ['DATAFOLD:9:750', 'DATAFOLD:8:700'],
      [],
    ],
  ])('those that ran last %s', async (_what, given, ids, gaps) => {
    const world = await createFeedWorld({ limits: { runFeedMaxMonitors: 2 } }, { datafold: four });

    expect(await requestPage(world, `first: 50 providers: [DATAFOLD] ${given}`)).toMatchObject({ ids, gaps });
    expect(pathsOf(world).filter((path) => path.includes('/monitors/7/'))).toEqual([]);
  });

  it('none is missed by a page that ends before it', async () => {
    const world = await createFeedWorld({ limits: { runFeedMaxMonitors: 2 } }, { datafold: four });
    const first = await requestPage(world, 'first: 2 providers: [DATAFOLD]');
    expect(first).toMatchObject({ ids: ['DATAFOLD:9:750', 'DATAFOLD:8:700'], gaps: [] });

    const { pageInfo } = first;
    expect(await requestPage(world, 'first: 2 providers: [DATAFOLD]', pageInfo.endCursor)).toMatchObject({
      ids: ['DATAFOLD:8:550'],
      gaps: [tooMany],
    });
  });

  it('those may be any that do not say when they ran', async () => {
    const world = await createFeedWorld({ limits: { runFeedMaxMonitors: 1 } }, { datafold: four });
    const monitors = [9, 7].map((id) => ({ id, ...(id === 9 && { last_run: '2026-11-20T07:50:00Z' }) }));
    world.datafold.on(datafoldList, { body: { count: 2, page: 1, page_size: 100, total_pages: 1, monitors } });

    expect(await requestPage(world, 'first: 50 providers: [DATAFOLD]')).toMatchObject({
      ids: ['DATAFOLD:7:600'],
      gaps: [tooMany],
    });
  });
});

it('run feed: counts what it lists', async () => {
  const world = await createFeedWorld({ limits: { maxListNodes: 3 } });

  expect((await requestPage(world, 'first: 3')).ids).toHaveLength(3);
  expect(await world.execute('{ runs(first: 4) { nodes { id } } }')).toMatchObject({
    data: { runs: null },
    errors: [{ extensions: { code: 'OPERATION_TOO_COSTLY' } }],
  });
});

const toMinute = (minute: number): string => {
  const pad = (number: number) => String(number).padStart(2, '0');
  return `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
};
