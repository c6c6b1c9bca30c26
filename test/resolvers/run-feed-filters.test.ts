/** `Query.runs` filtered by the tags of monitors and by phases. The worlds of run-feed-worlds.test.ts try both at random. */
import { beforeEach, expect, it } from 'vitest';
import { holdDate } from '../support/clock.ts';
import { now } from '../support/feed-upstreams.ts';
import { createFeedWorld, datafoldList, pathsOf, requestPage, runsOf, selection } from '../support/run-feed-world.ts';

beforeEach(() => holdDate(now));

/** All Datafold monitors of these worlds have the tags `shop` and `critical`. */
const ofDatafold = [
  'DATAFOLD:7:750',
  'DATAFOLD:7:740',
  'DATAFOLD:7:720',
  'DATAFOLD:7:600',
  'DATAFOLD:8:500',
  'DATAFOLD:8:400',
];

it('run feed: sends tags to Datafold, and requests nothing of Olostep, whose monitors have none', async () => {
  const world = await createFeedWorld();

  expect(await requestPage(world, 'tags: ["critical", "shop"]')).toMatchObject({
    ids: ofDatafold,
    gaps: [],
    isComplete: true,
  });
  expect(pathsOf(world)).toEqual([`${datafoldList}&tags=critical,shop`, runsOf(7), runsOf(8)].sort());
});

it('run feed: checks tags in the response, as Datafold may select monitors that have any of them', async () => {
  const world = await createFeedWorld();

  expect(await requestPage(world, 'tags: ["critical", "no such tag"]')).toMatchObject({
    ids: [],
    gaps: [],
    isComplete: true,
  });
  expect(world.datafold.paths).toHaveLength(1);
});

it('run feed: a monitor whose row lacks its tags is a gap, on the first page alone', async () => {
  const world = await createFeedWorld();
  const row = (id: number, tags?: string[]) => ({
    id,
    created_at: '2026-01-01T00:00:00Z',
    last_run: now,
    state: 'ok',
    tags,
  });
  const monitors = [row(7, ['shop']), row(8), row(9, ['x'])];
  const body = { count: 3, page: 1, page_size: 100, total_pages: 1, monitors };
  world.datafold.on(`${datafoldList}&tags=shop`, { body });

  const first = await requestPage(world, 'tags: ["shop"], first: 2,');
  expect(first).toMatchObject({
    ids: ofDatafold.slice(0, 2),
    gaps: [{ provider: 'DATAFOLD', monitorId: '8', code: 'UPSTREAM_BAD_RESPONSE' }],
    isComplete: false,
  });
  const next = await requestPage(world, 'tags: ["shop"], first: 2,', first.pageInfo.endCursor);
  expect(next).toMatchObject({ ids: ofDatafold.slice(2, 4), gaps: [], isComplete: false });
  expect(new Set(world.datafold.paths)).toEqual(new Set([`${datafoldList}&tags=shop`, runsOf(7)]));
});

it('run feed: has the runs in the phases, by the rows alone; one whose row lacks its state is a gap', async () => {
  const runs = ['07:50 checking', '07:40 queued', '07:30 null', '07:20'];
  const world = await createFeedWorld({}, { datafold: { 7: runs } });

  expect(await requestPage(world, 'phases: [RUNNING]')).toMatchObject({
    ids: ['DATAFOLD:7:750'],
    gaps: [{ provider: 'DATAFOLD', monitorId: '7', code: 'UPSTREAM_BAD_RESPONSE' }],
  });
  // Olostep's lists have finished runs alone.
  expect(world.olostep.paths).toEqual([]);
  expect((await requestPage(world, 'phases: [PENDING, RUNNING]')).ids).toEqual(['DATAFOLD:7:750', 'DATAFOLD:7:740']);
  expect((await requestPage(world, 'phases: [FINISHED], outcomes: [FINDING]')).ids).toEqual([
    ...['OLOSTEP:monitor_a:run_0745', 'OLOSTEP:monitor_b:run_0710'],
  ]);
});

it.each([
  ['phases: []', 'Expected at least one of `phases`, or none to be given.'],
  [
    'phases: [RUNNING], outcomes: [PASSED]',
    'Expected `phases` with FINISHED beside `outcomes`, which finished runs alone have.',
  ],
  ['tags: ["a,b"]', 'Expected `tags` that are not empty and have no comma.'],
  ['tags: ["a"], providers: [OLOSTEP]', 'Expected no `tags`: OLOSTEP states no tags of its monitors.'],
])('run feed: refuses %s at no call', async (given, message) => {
  const world = await createFeedWorld();

  const { data, errors } = await world.execute(`{ runs(${given}) { ${selection} } }`);

  expect(data).toEqual({ runs: null });
  expect(errors).toMatchObject([{ message, path: ['runs'], extensions: { code: 'BAD_USER_INPUT' } }]);
  expect(pathsOf(world)).toEqual([]);
});

it('run feed: a cursor is of its tags and phases', async () => {
  const world = await createFeedWorld();
  const { pageInfo } = await requestPage(world, 'tags: ["shop"], first: 1,');

  for (const other of ['tags: ["critical"]', 'phases: [FINISHED], tags: ["shop"]', 'first: 1']) {
    const query = `query ($after: String) { runs(${other}, after: $after) { ${selection} } }`;
    const { errors } = await world.execute(query, { after: pageInfo.endCursor });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  }
});

it('run feed: of two feeds at one instant each has the monitors of its tags', async () => {
  const world = await createFeedWorld({ runCache: true });
  const tagged = { count: 0, page: 1, page_size: 100, total_pages: 1, monitors: [] };
  world.datafold.on(`${datafoldList}&tags=x`, { body: tagged });

  expect((await requestPage(world, 'tags: ["x"]')).ids).toEqual([]);
  expect((await requestPage(world, 'tags: ["shop"]')).ids).toEqual(ofDatafold);
});
