/** The plan of an Olostep monitor's agent. */
import { expect, it } from 'vitest';
import { olostepKey, olostepMonitorBody, olostepMonitorPath } from '../support/bodies.ts';
import { type Answer, createListingWorld, verifyCredentials } from '../support/world.ts';

const { monitorId } = olostepKey;
const monitorPath = `${olostepMonitorPath}?include_total_count=false`;
const planningPath = `/v1/monitors/${monitorId}/planning`;
const spec = {
  saved_at: '2025-10-09T08:53:50Z',
  status: 'saved',
  goal: 'Watch prices.',
  reasoning: 'One page is enough.',
  steps: [1],
};
const errorsOf = ({ errors = [] }: Answer) => errors.map(({ path, extensions }) => [path?.join('.'), extensions.code]);

const byKey = (selection: string) =>
  `{ monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) { name ... on OlostepMonitor { ${selection} } } }`;
const fields = 'planning { savedAt status goal spec }';

async function openWorld(planning: object = { body: { spec, dag: { nodes: [] } } }) {
  const world = await createListingWorld({ limits: { maxAttempts: 1 } });
  world.olostep.on(monitorPath, { body: olostepMonitorBody });
  world.olostep.on(planningPath, planning);
  return world;
}

it('Olostep planning: is one separate call, however often it is selected', async () => {
  const world = await openWorld();

  const answer = await world.execute(
    byKey(`${fields} again: planning { goal }`),
    {},
    {
      headers: { 'content-type': 'application/json', 'x-upstream-calls': '1' },
    },
  );

  const { saved_at: _savedAt, ...rest } = spec;
  expect(answer.data.monitor).toMatchObject({
    planning: {
      savedAt: '2025-10-09T08:53:50.000Z',
      status: 'saved',
      goal: 'Watch prices.',
      spec: { ...rest, saved_at: spec.saved_at },
    },
    again: { goal: 'Watch prices.' },
  });
  expect(world.olostep.paths).toEqual([monitorPath, planningPath]);
  expect(answer.extensions?.upstream).toMatchObject({
    calls: 2,
    plan: [{}, { source: 'DETAIL', list: 'planning', calls: 1 }],
  });
});

it('Olostep planning: costs nothing where it is not selected', async () => {
  const world = await openWorld();
  await world.execute(byKey('status'));
  expect(world.olostep.paths).toEqual([monitorPath]);
});

it('Olostep planning: costs a call for each monitor of a list, and no other', async () => {
  const world = await openWorld();
  world.olostep.on('/v1/monitors', {
    body: { monitors: [olostepMonitorBody, { ...olostepMonitorBody, id: 'monitor_b' }], count: 2 },
  });
  world.olostep.on('/v1/monitors/monitor_b/planning', { body: { spec: null } });

  const { data } = await world.execute(
    `{ monitorList(provider: OLOSTEP) { nodes { name ... on OlostepMonitor { planning { goal } } } } }`,
  );

  expect(data.monitorList.nodes.map(({ planning }: { planning: object }) => planning)).toEqual([
    { goal: 'Watch prices.' },
    null,
  ]);
  expect(world.olostep.paths).toEqual(['/v1/monitors', planningPath, '/v1/monitors/monitor_b/planning']);
});

it.each([
  ['has no agent yet', { status: 404, body: { error: 'Monitor has no agent yet' } }],
  ['has no specification', { body: { spec: null, dag: null } }],
  ['is said nothing of', { body: {} }],
])('Olostep planning: is null, without an error, where a monitor %s', async (_what, reply) => {
  const world = await openWorld();
  await verifyCredentials(world);
  world.olostep.on(planningPath, reply);

  expect(await world.execute(byKey(fields))).toEqual({
    data: { monitor: { name: olostepMonitorBody.query, planning: null } },
  });
});

it.each([
  [{ status: 500, body: {} }, 'UPSTREAM_UNAVAILABLE'],
  [{ status: 403, body: {} }, 'FORBIDDEN'],
  [{ body: { spec: 'x' } }, 'UPSTREAM_BAD_RESPONSE'],
  [{ body: { spec: [] } }, 'UPSTREAM_BAD_RESPONSE'],
])('Olostep planning: is an error of its field alone for %j', async (reply, code) => {
  const answer = await (await openWorld(reply)).execute(byKey(fields));

  expect(answer.data).toEqual({ monitor: { name: olostepMonitorBody.query, planning: null } });
  expect(errorsOf(answer)).toEqual([['monitor.planning', code]]);
});

it('Olostep planning: has an error at each field that is not as documented', async () => {
  const answer = await (await openWorld({ body: { spec: { saved_at: 'soon', status: 1, goal: null } } })).execute(
    byKey(fields),
  );

  expect(answer.data.monitor.planning).toEqual({
    savedAt: null,
    status: null,
    goal: null,
    spec: { saved_at: 'soon', status: 1, goal: null },
  });
  expect(errorsOf(answer).sort()).toEqual([
    ['monitor.planning.savedAt', 'UPSTREAM_BAD_RESPONSE'],
    ['monitor.planning.status', 'UPSTREAM_BAD_RESPONSE'],
  ]);
});
