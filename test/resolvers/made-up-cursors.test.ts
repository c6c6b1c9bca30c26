/** Cursors that a client has made up: what they name reaches no provider beyond what one can have. */
import { expect, it } from 'vitest';
import { parseFeedCursor, toAccountTable, toFeedCursor } from '../../src/resolvers/run-feed/feed-cursor.ts';
import { createWorld, type World } from '../support/world.ts';

const encode = (value: string) => Buffer.from(value).toString('base64url');
const runsOf = (provider: string, monitorId: string, after: string) =>
  `{ monitor(key: { provider: ${provider}, monitorId: "${monitorId}" }) { runs(after: "${after}") { totalCount } } }`;
const datafoldRuns = (fields: string) =>
  runsOf('DATAFOLD', '7', encode(`{"list":${JSON.stringify('["runs","7",null,null]')},"runId":"1",${fields}}`));
const datafoldMonitors = (fields: string) =>
  `{ monitorList(provider: DATAFOLD, after: "${encode(`{"list":${JSON.stringify('["monitors"]')},${fields}}`)}") { totalCount } }`;
const olostepRuns = (times: string) =>
  runsOf('OLOSTEP', 'monitor_a', encode(`["monitor_a  ","x",0,"run_1",${times},false]`));

/** A world whose providers have a monitor each. */
async function createWorldWithMonitors() {
  const world = await createWorld();
  world.datafold.on('/api/v1/monitors/7', { body: { id: 7 } });
  world.olostep.on('/v1/monitors/monitor_a?include_total_count=false', { body: { id: 'monitor_a' } });
  return world;
}

/** The calls of lists. */
const listCalls = ({ datafold, olostep }: World) =>
  [...datafold.paths, ...olostep.paths].filter((path) => !/monitors\/(7|monitor_a\?.*)$/.test(path));

const good = ['"place":3', '"place":3,"count":2147483647,"above":1795334432000,"readAt":1795334432000'];

it.each([
  ['a page of Datafold runs that no list has', datafoldRuns('"place":2147483648')],
  ['a page of Datafold runs beyond 2^53', datafoldRuns('"place":9007199254740993')],
  ['a time of a Datafold run without end', datafoldRuns('"place":1,"above":1e999')],
  ['a time of a Datafold list that is none', datafoldRuns('"place":1,"readAt":9e15')],
  ['a page of Datafold monitors that no list has', datafoldMonitors('"place":2147483648')],
  ['a time of an Olostep run without end', olostepRuns('1e999,null')],
  ['a time of an Olostep list that is none', olostepRuns('null,-9e15')],
])('pagination: is refused without a call of the list: %s', async (_name, query) => {
  const world = await createWorldWithMonitors();

  expect((await world.execute(query)).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  expect(listCalls(world)).toEqual([]);
});

it.each([
  ...good.map((fields) => [fields, datafoldRuns(fields)]),
  ['"place":2147483647', datafoldMonitors('"place":2147483647')],
  ['1795334432000,1795334432000', olostepRuns('1795334432000,1795334432000')],
])('pagination: is read where it names what a provider can have: %s', async (_name, query) => {
  const world = await createWorldWithMonitors();

  await world.execute(query as string);

  expect(listCalls(world).length).toBeGreaterThan(0);
});

it.each([
  [2 ** 31 - 1, true],
  [2 ** 31, false],
  [2 ** 53 - 1, false],
])('pagination: a page of a list in a cursor of the run feed: %d', (token, isRead) => {
  const boundary = { time: 0, accountId: 'DATAFOLD', monitorId: '7', runId: '1' } as const;
  const slot = { accountId: 'DATAFOLD', monitorIndex: 0, token, timeAbove: undefined } as const;
  const table = toAccountTable([]);
  const made = {
    ...{ fingerprint: '0123456789abcdef', snapshotTime: 0, firstPageTime: 0, isLossy: false },
    ...{ failedAccounts: new Set<never>(), repeats: 0, boundary, codes: new Map(), slot },
  };
  const cursor = toFeedCursor(made, table);

  expect(parseFeedCursor(cursor, table)?.slot?.token).toBe(isRead ? token : undefined);
});
