import { beforeEach, describe, expect, it } from 'vitest';
import { holdDate } from '../support/clock.ts';
import { now } from '../support/feed-upstreams.ts';
import {
  createFeedWorld,
  datafoldList,
  eventsOf,
  gapsOf,
  idsOf,
  pageThrough,
  requestPage,
  runsOf,
  selection,
} from '../support/run-feed-world.ts';

beforeEach(() => holdDate(now));

describe('run feed pagination: several run feeds of an operation', () => {
  it('each deliver all runs, though one of them leaves no calls for the other', async () => {
    const ids = [1, 2, 3, 4, 5];
    const runs = (toId: (id: number) => string) =>
      Object.fromEntries(ids.map((id) => [toId(id), ['07:50 queued', '07:40']]));
    const world = await createFeedWorld(
      { limits: { runFeedMaxCalls: 4 } },
      { datafold: runs(String), olostep: runs((id) => `monitor_${id}`) },
    );
    // None says when it ran last.
    const olostepMonitors = ids.map((id) => ({ id: `monitor_${id}` }));
    world.olostep.on('/v1/monitors', { body: { monitors: olostepMonitors, count: ids.length } });
    const query = `query ($a: String, $b: String) {
      a: runs(providers: [DATAFOLD] first: 20 after: $a) { ${selection} }
      b: runs(providers: [OLOSTEP] first: 20 after: $b) { ${selection} }
    }`;
    const found = { a: 0, b: 0 };
    const after: { a?: string; b?: string } = {};
    let hasNextPage = true;
    for (let pages = 0; hasNextPage && pages < 60; pages++) {
      const { data } = await world.execute(query, after);
      for (const name of ['a', 'b'] as const) {
        expect(data[name].gaps).toEqual([]);
        found[name] += data[name].nodes.length;
        after[name] = data[name].pageInfo.endCursor ?? after[name];
      }
      hasNextPage = data.a.pageInfo.hasNextPage || data.b.pageInfo.hasNextPage;
    }

    expect({ hasNextPage, found }).toEqual({ hasNextPage: false, found: { a: 10, b: 10 } });
  });
});

/** What each page says of how far it has looked, and of what is missing. */
describe('run feed pagination: a page of the run feed', () => {
  const since = '2026-11-20T05:30:00.000Z';
  const down = { status: 503, body: { detail: 'Down for a moment' } };
  const gap = { provider: 'DATAFOLD', monitorId: '7', code: 'UPSTREAM_UNAVAILABLE' };
  const oneAttempt = { limits: { maxAttempts: 1 } };

  it('says the time down to which all runs are delivered, on the last page the start of the window', async () => {
    const pages = await pageThrough(await createFeedWorld(), `first: 3 since: "${since}"`);

    expect(pages.map(({ searchedUntil }) => searchedUntil)).toEqual([
      '2026-11-20T07:40:00.000Z',
      '2026-11-20T07:15:00.000Z',
      since,
    ]);
    for (const page of pages) expect(page).toMatchObject({ isComplete: true, gaps: [] });
  });

  it('says no time on the last page, where the window has no start', async () => {
    expect(await requestPage(await createFeedWorld(), 'first: 50')).toMatchObject({
      searchedUntil: null,
      isComplete: true,
      pageInfo: { hasNextPage: false },
    });
  });

  it('with a gap is not complete, nor is any behind it; and the gap is named once', async () => {
    const world = await createFeedWorld(oneAttempt);
    world.datafold.on(runsOf(7), down);
    const pages = await pageThrough(world, 'first: 3');

    expect(pages.length).toBeGreaterThan(2);
    expect(gapsOf(pages)).toEqual([gap]);
    expect(pages[0]?.gaps).toEqual([gap]);
    expect(pages.map(({ isComplete }) => isComplete)).toEqual(pages.map(() => false));
    expect(idsOf(pages)).toContain('DATAFOLD:8:500');
  });

  it.each([false, true])(
    'delivers what a gap stands for once the same `after` is sent again, with a cache: %s',
    async (runCache) => {
      const world = await createFeedWorld(
        { ...oneAttempt, runCache },
        { datafold: { 7: ['06:30', '06:20'], 8: ['07:50'] } },
      );
      const given = 'first: 2';
      const first = await requestPage(world, given);
      expect(first).toMatchObject({ ids: ['DATAFOLD:8:750', 'OLOSTEP:monitor_a:run_0745'], isComplete: true });
      const { endCursor } = first.pageInfo;

      world.datafold.on(runsOf(7), down);
      const second = await requestPage(world, 'first: 20', endCursor);
      expect(second).toMatchObject({ gaps: [gap], isComplete: false, pageInfo: { hasNextPage: false } });
      expect(second.ids).not.toContain('DATAFOLD:7:630');

      world.datafold.on(runsOf(7), toDatafoldRuns(['2026-11-20T06:30:00Z', '2026-11-20T06:20:00Z']));
      const again = await requestPage(world, 'first: 20', endCursor);
      expect(again).toMatchObject({ gaps: [], isComplete: true, pageInfo: { hasNextPage: false } });
      expect(again.ids.filter((id) => id.startsWith('DATAFOLD:7'))).toEqual(['DATAFOLD:7:1', 'DATAFOLD:7:2']);
      expect(again.ids.filter((id) => !id.startsWith('DATAFOLD:7'))).toEqual(second.ids);
    },
  );

  it.each([false, true])(
    'delivers the runs of a provider that was down once the same `after` is sent again, with a cache: %s',
    async (runCache) => {
      const world = await createFeedWorld({ ...oneAttempt, runCache });
      world.olostep.on('/v1/monitors', down);
      const until = `until: "${now}"`;
      const failed = await requestPage(world, `first: 50 ${until}`);
      expect(failed).toMatchObject({ gaps: [{ provider: 'OLOSTEP', monitorId: null }], isComplete: false });

      const olostepMonitors = [{ id: 'monitor_a' }, { id: 'monitor_b' }];
      world.olostep.on('/v1/monitors', { body: { monitors: olostepMonitors, count: 2 } });
      expect(await requestPage(world, `first: 50 ${until}`)).toMatchObject({
        ids: expect.arrayContaining(['OLOSTEP:monitor_b:run_0300']),
        gaps: [],
        isComplete: true,
      });
    },
  );
});

/** A Datafold page of a monitor's runs, by their times. */
const toDatafoldRuns = (times: readonly (string | null)[], states: readonly string[] = []) => ({
  body: {
    ...{ count: times.length, page: 1, page_size: 100, total_pages: 1 },
    runs: times.map((started_at, place) => ({ run_id: place + 1, started_at, state: states[place] ?? 'ok' })),
  },
});

const toDatafoldMonitors = (...monitors: readonly object[]) => ({
  body: { count: monitors.length, page: 1, page_size: 100, total_pages: 1, monitors },
});

describe('run feed pagination: the run feed hides no run', () => {
  it.each([1, 2, 20])(
    'without a start: it takes the time of the run above it, or of the first page; in pages of %i',
    async (first) => {
      const world = await createFeedWorld({}, { olostep: { monitor_a: ['07:30'] } });
      world.datafold.on(datafoldList, toDatafoldMonitors({ id: 7, state: 'queued', last_run: '2026-11-20T07:40:00Z' }));
      const times = [null, '2026-11-20T07:40:00Z', null, null, '2026-11-20T07:20:00Z', null];
      world.datafold.on(runsOf(7), toDatafoldRuns(times, ['queued', 'ok', 'skipped', 'cancelled', 'ok', 'skipped']));

      const pages = await pageThrough(world, `first: ${first}`);
      expect(idsOf(pages)).toEqual([
        ...['DATAFOLD:7:1', 'DATAFOLD:7:2', 'DATAFOLD:7:3', 'DATAFOLD:7:4'],
        ...['OLOSTEP:monitor_a:run_0730', 'DATAFOLD:7:5', 'DATAFOLD:7:6'],
      ]);
      expect(gapsOf(pages)).toEqual([]);
    },
  );

  describe('without a start, though the list of monitors has the state of the run below it', () => {
    const createStartlessWorld = async (runCache: boolean) => {
      const world = await createFeedWorld({ runCache }, { olostep: { monitor_a: ['07:50', '07:30'] } });
      world.datafold.on(datafoldList, toDatafoldMonitors({ id: 7, state: 'ok', last_run: '2026-11-20T07:40:00Z' }));
      world.datafold.on(runsOf(7), toDatafoldRuns([null, '2026-11-20T07:40:00Z'], ['queued', 'ok']));
      return world;
    };

    it.each([
      [1, true],
      [1, false],
      [2, true],
      [2, false],
      [20, true],
    ])(
      'it is five minutes later than the last run that the list states; in pages of %i, with a cache: %s',
      async (first, runCache) => {
        const pages = await pageThrough(await createStartlessWorld(runCache), `first: ${first}`);

        expect(idsOf(pages)).toEqual([
          ...['OLOSTEP:monitor_a:run_0750', 'DATAFOLD:7:1', 'DATAFOLD:7:2', 'OLOSTEP:monitor_a:run_0730'],
        ]);
        expect(gapsOf(pages)).toEqual([]);
      },
    );

    it.each([
      ['since: "2026-11-20T07:45:00Z"', ['OLOSTEP:monitor_a:run_0750', 'DATAFOLD:7:1']],
      // What no document lets tell: nothing says that there is such a run.
      ['since: "2026-11-20T07:46:00Z"', ['OLOSTEP:monitor_a:run_0750']],
      // The window had ended before the first page.
      ['until: "2026-11-20T07:59:00Z" since: "2026-11-20T07:35:00Z"', ['OLOSTEP:monitor_a:run_0750', 'DATAFOLD:7:2']],
    ])('it is in the windows of that time: %s', async (window, ids) => {
      const pages = await pageThrough(await createStartlessWorld(true), `first: 20 ${window}`);

      expect(idsOf(pages)).toEqual(ids);
      expect(gapsOf(pages)).toEqual([]);
    });
  });

  it('that was skipped, when only those are wanted', async () => {
    const world = await createFeedWorld({}, { olostep: {} });
    world.datafold.on(datafoldList, toDatafoldMonitors({ id: 7, state: 'skipped', last_run: null }));
    world.datafold.on(runsOf(7), toDatafoldRuns(['2026-11-20T07:40:00Z', null], ['ok', 'skipped']));

    expect(await requestPage(world, 'first: 5 outcomes: [SKIPPED]')).toMatchObject({ ids: ['DATAFOLD:7:2'], gaps: [] });
  });

  it('of a monitor whose `last_run` is null, at either provider', async () => {
    const world = await createFeedWorld({}, { datafold: { 7: ['07:40', '07:20'] }, olostep: { monitor_a: ['07:30'] } });
    world.datafold.on(datafoldList, toDatafoldMonitors({ id: 7, state: 'ok', last_run: null }));
    world.olostep.on('/v1/monitors', {
      body: { monitors: [{ id: 'monitor_a', status: 'active', last_run: null }], count: 1 },
    });

    const ids = ['DATAFOLD:7:740', 'OLOSTEP:monitor_a:run_0730', 'DATAFOLD:7:720'];
    expect(await requestPage(world, 'first: 5')).toMatchObject({ ids, gaps: [] });
  });

  it.each([
    [
      'outcomes: [FINDING]',
      ['run_0740'],
      [{ provider: 'OLOSTEP', monitorId: 'monitor_a', code: 'UPSTREAM_BAD_RESPONSE' }],
    ],
    ['', ['run_0750', 'run_0740'], []],
    // The page ends before the run.
    ['outcomes: [FINDING] until: "2026-11-20T07:45:00Z"', ['run_0740'], []],
  ])('whose `changed` is no boolean: with %s it is a gap, as the filter can not tell', async (given, runIds, gaps) => {
    const world = await createFeedWorld({}, { datafold: {}, olostep: { monitor_a: ['07:50', '07:40 changed'] } });
    const toRow = (time: string, changed: unknown) => ({
      ...{ run_id: `run_${time.replace(':', '')}`, created: Date.parse(`2026-11-20T${time}:00Z`) / 1_000, changed },
    });
    const data = [toRow('07:50', 'yes'), toRow('07:40', true)];
    world.olostep.on(eventsOf('a'), { body: { data, has_more: false, next_cursor: null, total_count: 2 } });

    const ids = runIds.map((id) => `OLOSTEP:monitor_a:${id}`);
    expect(await requestPage(world, `first: 5 ${given}`)).toMatchObject({ ids, gaps, isComplete: gaps.length === 0 });
  });
});
