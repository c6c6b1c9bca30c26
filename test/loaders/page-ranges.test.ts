/** Runs by key that are older than the page of their list that was read last. */
import { expect, it } from 'vitest';
import { anyDatafoldRun } from '../support/bodies.ts';
import { serveDatafold } from '../support/datafold-upstream.ts';
import { createWorld, type World } from '../support/world.ts';

const page = '/api/v1/monitors/7/runs?page=1&page_size=5';
const pathsOf = (...ids: readonly number[]) => ids.map((id) => anyDatafoldRun(id).path);

/** Runs from 1 on, newest first; a page of the list has five of them. */
async function createListed(ids: readonly number[], config: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld({ ...config, limits: { listFetchThreshold: 3, listPageSize: 5 } });
  serve(world, ids);
  return world;
}

const serve = ({ datafold }: World, ids: readonly number[]) =>
  serveDatafold(datafold, {
    runsOf: (monitorId) => (monitorId === '7' ? ids.map((id) => anyDatafoldRun(id).body) : undefined),
  });

/** Requests runs by their keys, and gives the calls that it took. */
async function request(world: World, ...ids: readonly number[]): Promise<readonly string[]> {
  const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { runId phase } }';
  const before = world.datafold.paths.length;
  const { data, errors } = await world.execute(query, { keys: ids.map((id) => anyDatafoldRun(id).key) });
  expect(errors).toBeUndefined();
  expect(data.monitorRuns).toEqual(ids.map((id) => ({ runId: String(id), phase: 'FINISHED' })));
  return world.datafold.paths.slice(before);
}

const downFrom = (newest: number, count = newest) => Array.from({ length: count }, (_, place) => newest - place);

it('page ranges: three runs that are older than the page that was read last cost three calls', async () => {
  const world = await createListed(downFrom(20));

  // Nothing is known yet.
  expect(await request(world, 1, 2, 3)).toEqual([page, ...pathsOf(1, 2, 3)]);
  expect(await request(world, 4, 5, 6)).toEqual(pathsOf(4, 5, 6));
  // The page only moves on.
  serve(world, downFrom(25));
  expect(await request(world, 7, 8, 9)).toEqual(pathsOf(7, 8, 9));
});

it('page ranges: runs that the page may have are looked for there, whatever was older', async () => {
  const world = await createListed(downFrom(20));
  await request(world, 1, 2, 3);

  expect(await request(world, 16, 17, 18)).toEqual([page]);
  serve(world, downFrom(22));
  expect(await request(world, 20, 21, 22)).toEqual([page]);
  expect(await request(world, 22, 4, 5)).toEqual([page, ...pathsOf(4, 5)]);
});

it('page ranges: an operation that has read the page anyway tells the next one', async () => {
  const world = await createListed(downFrom(20));
  await world.execute('{ datafoldRun(monitorId: "7", runId: "20") { monitor { runs(first: 5) { totalCount } } } }');

  expect(await request(world, 1, 2, 3)).toEqual(pathsOf(1, 2, 3));
});

it('page ranges: a list whose ids are in no order says nothing', async () => {
  const world = await createListed([20, 19, 21, 18, 17, 3, 2, 1, 16]);

  await request(world, 1, 2, 3);
  expect(await request(world, 1, 2, 3)).toEqual([page, ...pathsOf(1, 2, 3)]);
});

it('page ranges: what one credential has read says nothing to another', async () => {
  const world = await createListed(downFrom(20), { credentials: 'forwarded' });
  const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { runId phase } }';
  const keys = [1, 2, 3].map((id) => anyDatafoldRun(id).key);
  const execute = (apiKey: string) =>
    world.execute(query, { keys }, { headers: { 'content-type': 'application/json', 'x-datafold-api-key': apiKey } });

  await execute('first-key-0123456789');
  await execute('first-key-0123456789');
  await execute('other-key-0123456789');

  expect(world.datafold.paths.filter((path) => path === page)).toHaveLength(2);
});
