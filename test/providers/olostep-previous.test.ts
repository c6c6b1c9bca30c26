/** The run before an Olostep run: the next older row of its monitor's events page, and what that costs. */
import { describe, expect, it } from 'vitest';
import { anySnapshot, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { serveEvents } from '../support/olostep-events.ts';
import { type Answer, createListingWorld } from '../support/world.ts';

const { monitorId } = olostepKey;
const eventsPath = `/v1/monitors/${monitorId}/events`;
const firstPage = `${eventsPath}?limit=100`;
const monitorPath = `/v1/monitors/${monitorId}?include_total_count=false`;
const newest = Date.parse('2025-11-20T08:00:00Z') / 1_000;
const explained = { headers: { 'content-type': 'application/json', 'x-upstream-calls': '1' } };

/** So many snapshots, newest first, one an hour: run_0 and on. */
const snapshotsOf = (count: number) =>
  Array.from({ length: count }, (_, place) => anySnapshot(`run_${place}`, newest - place * 3_600, place % 2 === 0));

async function openMonitor(count: number) {
  const world = await createListingWorld();
  serveEvents(world.olostep, monitorId, snapshotsOf(count));
  world.olostep.on(monitorPath, { body: { id: monitorId, query: 'prices' } });
  return world;
}

const run = (runId: string, selection: string) =>
  `olostepRun(monitorId: "${monitorId}", runId: "${runId}") { ${selection} }`;
const errorsOf = ({ errors = [] }: Answer) => errors.map(({ path, extensions }) => [path?.join('.'), extensions.code]);
const toId = (place: number) => `OLOSTEP:${monitorId}:run_${place}`;

describe('Olostep run: the run before it', () => {
  it('comes from the events page that has the run, by one call', async () => {
    const world = await openMonitor(3);

    const query = `{ ${run('run_0', 'summary previous { id changed phase outcome snapshotAt snapshotUrl previous { id previous { id } } }')} }`;
    const answer = await world.execute(query, {}, explained);

    expect(answer.data.olostepRun).toEqual({
      summary: 'A price fell.',
      previous: {
        id: toId(1),
        changed: false,
        phase: 'FINISHED',
        outcome: 'PASSED',
        snapshotAt: '2025-11-20T07:00:00.000Z',
        snapshotUrl: 'https://snapshots.olostep.example/run_1',
        previous: { id: toId(2), previous: null },
      },
    });
    expect(answer.errors).toBeUndefined();
    expect(world.olostep.paths).toEqual([firstPage]);
    expect(answer.extensions?.upstream).toMatchObject({
      calls: 1,
      plan: [{ source: 'LIST', list: monitorId, calls: 1 }],
    });
  });

  it('is one page for all runs of a monitor, and no call of a run where a row has all that is selected', async () => {
    const world = await openMonitor(5);
    const runs = [0, 1, 2, 3].map((place) => `a${place}: ${run(`run_${place}`, 'id previous { id outcome }')}`);

    const { data } = await world.execute(`{ ${runs.join(' ')} }`);

    expect(data.a3).toEqual({ id: toId(3), previous: { id: toId(4), outcome: 'FINDING' } });
    expect(world.olostep.paths).toEqual([firstPage]);
  });

  it('costs the call of a run where more than its row is selected of it', async () => {
    const world = await openMonitor(2);
    world.olostep.on(`/v1/monitors/${monitorId}/runs/run_1`, { body: { ...olostepBody, run_id: 'run_1' } });

    const { data } = await world.execute(`{ ${run('run_0', 'previous { id logGroup }')} }`);

    expect(data.olostepRun).toEqual({ previous: { id: toId(1), logGroup: olostepBody.log_group } });
    expect(world.olostep.paths).toEqual([firstPage, `/v1/monitors/${monitorId}/runs/run_1`]);
  });

  it.each([
    [2, 'one page, with a row more than is shown', [monitorPath, `${eventsPath}?limit=3`]],
    [5, 'one page, to its end', [monitorPath, `${eventsPath}?limit=6`]],
  ])('of each run in a page of %i is %s', async (first, _what, paths) => {
    const world = await openMonitor(5);

    const { data, errors } =
      await world.execute(`{ monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) { runs(first: ${first}) {
      nodes { id ... on OlostepRun { previous { id } } } pageInfo { hasNextPage }
    } } }`);

    expect(errors).toBeUndefined();
    expect(data.monitor.runs.nodes).toEqual(
      Array.from({ length: first }, (_, place) => ({
        id: toId(place),
        previous: place === 4 ? null : { id: toId(place + 1) },
      })),
    );
    expect(data.monitor.runs.pageInfo.hasNextPage).toBe(first < 5);
    expect(world.olostep.paths.slice(0, 2)).toEqual(paths);
    // Nothing says that the last run is the oldest but the list from its beginning.
    expect(world.olostep.paths.slice(2)).toEqual(first < 5 ? [] : [firstPage]);
  });

  it('of each run is the same page after page', async () => {
    const world = await openMonitor(23);
    const query = `query ($after: String) { monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) { runs(first: 4, after: $after) {
      nodes { id ... on OlostepRun { previous { id } } } pageInfo { hasNextPage endCursor }
    } } }`;
    const pairs: [string, string | undefined][] = [];
    let after: string | null = null;
    do {
      const { data, errors }: Answer = await world.execute(query, { after });
      expect(errors).toBeUndefined();
      for (const { id, previous } of data.monitor.runs.nodes) pairs.push([id, previous?.id]);
      const { hasNextPage, endCursor } = data.monitor.runs.pageInfo;
      after = hasNextPage ? endCursor : null;
    } while (after !== null && pairs.length < 50);

    expect(pairs).toEqual(
      Array.from({ length: 23 }, (_, place) => [toId(place), place === 22 ? undefined : toId(place + 1)]),
    );
  });

  it('is on the next page of the list where its page ends with the run', async () => {
    const world = await openMonitor(102);
    const secondPage = `${firstPage}&cursor=behind%20run_99%26`;

    const { data } = await world.execute(
      `{ a: ${run('run_99', 'previous { id }')} b: ${run('run_101', 'previous { id }')} }`,
    );

    expect(data).toEqual({ a: { previous: { id: toId(100) } }, b: { previous: null } });
    expect(world.olostep.paths).toEqual([firstPage, secondPage]);
  });

  it('is too costly beyond the pages that the operator allows, never null without an error', async () => {
    const world = await createListingWorld({ limits: { maxEventsPages: 1 } });
    serveEvents(world.olostep, monitorId, snapshotsOf(101));

    const answer = await world.execute(`{ ${run('run_99', 'changed previous { id }')} }`);

    expect(answer.data.olostepRun).toEqual({ changed: false, previous: null });
    expect(errorsOf(answer)).toEqual([['olostepRun.previous', 'OPERATION_TOO_COSTLY']]);
  });

  it('is null where the list has no row of the run', async () => {
    const world = await openMonitor(2);
    world.olostep.on(olostepPath, { body: { ...olostepBody, snapshot: null } });

    const answer = await world.execute(`{ ${run(olostepKey.runId, 'changed previous { id }')} }`);

    expect(answer).toEqual({ data: { olostepRun: { changed: null, previous: null } } });
    expect(world.olostep.paths).toEqual([firstPage, olostepPath]);
  });

  it('is an error, and not the one before, where the row between them can not be read', async () => {
    const world = await createListingWorld();
    const [first, second, third] = snapshotsOf(3);
    const data = [first, second, { run_id: 7 }, third];
    world.olostep.on(firstPage, { body: { data, has_more: false, next_cursor: null } });

    const answer = await world.execute(
      `{ a: ${run('run_0', 'previous { id }')} b: ${run('run_1', 'changed previous { id }')} }`,
    );

    expect(answer.data).toEqual({ a: { previous: { id: toId(1) } }, b: { changed: false, previous: null } });
    expect(errorsOf(answer)).toEqual([['b.previous', 'UPSTREAM_BAD_RESPONSE']]);
  });

  it('costs the run feed nothing', async () => {
    const world = await createListingWorld();
    world.olostep.on('/v1/monitors', { body: { monitors: [{ id: monitorId, query: 'prices' }], count: 1 } });
    const data = snapshotsOf(3);
    world.olostep.on(firstPage, { body: { data, has_more: false, next_cursor: null } });

    const answer = await world.execute(
      '{ runs(providers: [OLOSTEP], first: 3) { nodes { id ... on OlostepRun { previous { id summary } } } } }',
    );

    expect(answer.data.runs.nodes).toEqual([
      { id: toId(0), previous: { id: toId(1), summary: null } },
      { id: toId(1), previous: { id: toId(2), summary: 'A price fell.' } },
      { id: toId(2), previous: null },
    ]);
    expect(world.olostep.paths).toEqual(['/v1/monitors', firstPage]);
  });
});
