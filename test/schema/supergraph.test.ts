import { describe, expect, it } from 'vitest';
import { composeSupergraph } from '../../examples/supergraph/compose.ts';
import type { Incident } from '../../examples/supergraph/incidents.ts';
import { defaultLimits } from '../../src/core/limits.ts';
import {
  anyDatafoldRun,
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldMonitorKey,
  datafoldMonitorPath,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepMonitorBody,
  olostepMonitorPath,
  olostepPath,
  toDatafoldRow,
} from '../support/bodies.ts';
import type { Handler } from '../support/fake-upstream.ts';
import { createSupergraph, createSupergraphWith, type Supergraph } from '../support/supergraph-world.ts';
import { keys, verifyCredentials, type World } from '../support/world.ts';

const datafoldId = 'DATAFOLD:7:42';
const olostepId = `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}`;

const singleOlostepMonitor = `${olostepMonitorPath}?include_total_count=false`;

const incidentOf = (runId: string, place: number): Incident => ({ id: `i${place}`, title: `Incident ${place}`, runId });

/** 50 runs of Datafold, each twice. */
const fifty = Array.from({ length: 50 }, (_, place) => anyDatafoldRun(place + 1));
const hundred = [...fifty, ...fifty];

const two = [datafoldId, olostepId, datafoldId];

/** Has both providers answer for a monitor, and Datafold for a page of its runs. */
function answerForMonitors({ datafold, olostep }: World): void {
  datafold.on(datafoldMonitorPath, { body: datafoldMonitorBody });
  olostep.on(singleOlostepMonitor, { body: olostepMonitorBody });
  const runs = fifty.map(({ body }) => toDatafoldRow(body));
  const page = { count: 50, page: 1, page_size: 100, total_pages: 1, runs };
  datafold.onAny(({ url = '' }, response) => {
    const isPage = url.startsWith(`${datafoldMonitorPath}/runs?`);
    response.writeHead(isPage ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isPage ? page : { detail: 'Not Found' }));
  });
}

async function createBoth(runIds: readonly string[] = two): Promise<Supergraph> {
  const supergraph = await createSupergraph(runIds.map(incidentOf), {
    limits: { listFetchThreshold: defaultLimits.listFetchThreshold },
  });
  const { datafold, olostep } = supergraph.world;
  datafold.on(datafoldPath, { body: datafoldBody });
  olostep.on(olostepPath, { body: olostepBody });
  for (const { path, body } of fifty) if (path !== datafoldPath) datafold.on(path, { body });
  await verifyCredentials(supergraph.world);
  answerForMonitors(supergraph.world);
  return supergraph;
}

describe('federation: in a supergraph', () => {
  it('an incident of another subgraph has the fields of its run, of either provider', async () => {
    const { execute } = await createBoth();
    const run = '{ __typename id outcome ... on DatafoldRun { state } ... on OlostepRun { logGroup } }';

    const { data, errors } = await execute(`{ incidents { id run ${run} } }`);

    expect(errors).toBeUndefined();
    const datafoldRun = { __typename: 'DatafoldRun', id: datafoldId, outcome: 'PASSED', state: 'OK' };
    const olostepRun = {
      __typename: 'OlostepRun',
      id: olostepId,
      outcome: 'UNKNOWN',
      logGroup: olostepBody.log_group,
    };
    expect(data.incidents).toEqual([
      { id: 'i0', run: datafoldRun },
      { id: 'i1', run: olostepRun },
      { id: 'i2', run: datafoldRun },
    ]);
  });

  it('a run, of either provider, has the incidents of another subgraph', async () => {
    const { execute } = await createBoth();

    const { data, errors } = await execute(
      `query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id outcome incidents { id } } }`,
      { keys: [datafoldKey, olostepKey] },
    );

    expect(errors).toBeUndefined();
    expect(data.monitorRuns).toEqual([
      { id: datafoldId, outcome: 'PASSED', incidents: [{ id: 'i0' }, { id: 'i2' }] },
      { id: olostepId, outcome: 'UNKNOWN', incidents: [{ id: 'i1' }] },
    ]);
  });

  it('an incident whose run fails, or is none, has its neighbours untouched', async () => {
    const { execute, world } = await createBoth([datafoldId, 'nonsense', 'DATAFOLD:7:4711', olostepId]);
    world.olostep.on(olostepPath, { status: 403 });

    const { data } = await execute('{ incidents { id run { phase } } }');

    expect(data.incidents).toEqual([
      { id: 'i0', run: { phase: 'FINISHED' } },
      { id: 'i1', run: null },
      { id: 'i2', run: null },
      { id: 'i3', run: null },
    ]);
  });
});

const olostepMonitorKey = { provider: 'OLOSTEP', monitorId: olostepKey.monitorId };
const datafoldMonitor = { __typename: 'DatafoldMonitor', name: datafoldMonitorBody.name, type: 'DIFF' };
const olostepMonitor = { __typename: 'OlostepMonitor', name: olostepMonitorBody.query, status: 'ACTIVE' };
const ofMonitor = '{ __typename name ... on DatafoldMonitor { type } ... on OlostepMonitor { status } }';

describe('federation: through the gateway', () => {
  it('monitors of both providers have the common fields, and those of their provider, as root fields and below their runs', async () => {
    const { execute } = await createBoth();

    const { data, errors } = await execute(
      `query ($monitors: [MonitorKey!]!, $runs: [MonitorRunKey!]!) {
        monitors(keys: $monitors) ${ofMonitor} monitorRuns(keys: $runs) { monitor ${ofMonitor} }
      }`,
      { monitors: [olostepMonitorKey, datafoldMonitorKey], runs: [datafoldKey, olostepKey] },
    );

    expect(errors).toBeUndefined();
    expect(data).toEqual({
      monitors: [olostepMonitor, datafoldMonitor],
      monitorRuns: [{ monitor: datafoldMonitor }, { monitor: olostepMonitor }],
    });
  });

  it('the runs of a monitor have the incidents of another subgraph, and are one page of the list', async () => {
    const { execute, world } = await createBoth();

    const { data, errors } = await execute(
      'query ($key: MonitorKey!) { monitor(key: $key) { runs(first: 43) { totalCount nodes { id phase incidents { id } } } } }',
      { key: datafoldMonitorKey },
    );

    expect(errors).toBeUndefined();
    const { totalCount, nodes } = data.monitor.runs;
    expect(totalCount).toBe(50);
    expect(nodes).toHaveLength(43);
    expect(nodes.slice(40, 42)).toEqual([
      { id: 'DATAFOLD:7:41', phase: 'FINISHED', incidents: [] },
      { id: datafoldId, phase: 'FINISHED', incidents: [{ id: 'i0' }, { id: 'i2' }] },
    ]);
    expect(world.datafold.paths).toEqual([
      datafoldMonitorPath,
      expect.stringMatching(/^\/api\/v1\/monitors\/7\/runs\?/),
    ]);
  });

  it('monitors of either provider are found by their ids, of which another subgraph knows no type', async () => {
    const { execute, world } = await createSupergraphWith({
      sdl: `
        type Query { watched: [Monitor!]! }
        type Monitor @interfaceObject @key(fields: "id") { id: ID! }`,
      root: { watched: [{ id: 'DATAFOLD:monitor:7' }, { id: `OLOSTEP:monitor:${olostepKey.monitorId}` }] },
    });
    answerForMonitors(world);

    const { data, errors } = await execute(`{ watched ${ofMonitor} }`);

    expect(errors).toBeUndefined();
    expect(data.watched).toEqual([datafoldMonitor, olostepMonitor]);
    expect([world.datafold.paths, world.olostep.paths]).toEqual([[datafoldMonitorPath], [singleOlostepMonitor]]);
  });
});

describe('federation: for a query to the gateway, the providers are called', () => {
  const all = '($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id phase } }';
  it.each([
    [
      'for 100 keys of 50 runs once, as a page of their list has all that is selected',
      `query ${all}`,
      { keys: hundred.map(({ key }) => key) },
      two,
      [1, 0],
    ],
    [
      'for 100 incidents of 50 runs likewise',
      '{ incidents { run { phase } } }',
      {},
      hundred.map(({ key }) => `DATAFOLD:7:${key.runId}`),
      [1, 0],
    ],
    [
      'for what no list has of 100 incidents of 50 runs, 50 times',
      '{ incidents { run { ... on DatafoldRun { warnings } } } }',
      {},
      hundred.map(({ key }) => `DATAFOLD:7:${key.runId}`),
      [50, 0],
    ],
    ['for the runs of incidents, of both providers, once a run', '{ incidents { run { phase } } }', {}, two, [1, 1]],
    [
      'for no more than the id of an incident’s run, once a run, as there may be none',
      '{ incidents { run { id } } }',
      {},
      two,
      [1, 1],
    ],
    [
      'for runs of both providers, and their incidents, once a run',
      'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { phase incidents { id } } }',
      { keys: [datafoldKey, olostepKey, datafoldKey] },
      two,
      [1, 1],
    ],
    [
      'for runs, their incidents, and the runs of those, once a run and step',
      'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { phase incidents { run { startedAt } } } }',
      { keys: [datafoldKey, olostepKey] },
      two,
      [2, 2],
    ],
    [
      'for fields of either provider’s own, once a run',
      '{ incidents { run { ... on DatafoldRun { state } ... on OlostepRun { logGroup events { totalCount } } } } }',
      {},
      two,
      [1, 1],
    ],
    ['for incidents alone, never', '{ incidents { title } }', {}, two, [0, 0]],
  ])('%s', async (_what, query, variables, runIds, calls) => {
    const { execute, world } = await createBoth(runIds);

    const { data, errors } = await execute(query, variables);

    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).not.toContain('null');
    expect([world.datafold.paths.length, world.olostep.paths.length]).toEqual(calls);
  });
});

describe('federation: with CREDENTIALS=forwarded, a client of the gateway', () => {
  const createForwarding = async () => {
    const supergraph = await createSupergraph(two.map(incidentOf), { credentials: 'forwarded' });
    // What a provider says depends on whose key it is.
    const answer =
      (body: object, field: string): Handler =>
      ({ headers }, response) =>
        void response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ ...body, [field]: headers.authorization }));
    supergraph.world.datafold.on(datafoldPath, answer(datafoldBody, 'error'));
    supergraph.world.olostep.on(olostepPath, answer(olostepBody, 'log_group'));
    return supergraph;
  };
  const query = '{ incidents { run { ... on DatafoldRun { error } ... on OlostepRun { logGroup } } } }';
  const headersOf = (name: string) => ({ 'X-Datafold-Api-Key': `${name}-d`, 'X-Olostep-Api-Key': `${name}-o` });
  const runsOf = (name: string) => [
    { run: { error: `Key ${name}-d` } },
    { run: { logGroup: `Bearer ${name}-o` } },
    { run: { error: `Key ${name}-d` } },
  ];

  it('has the providers called with its own keys', async () => {
    const { execute } = await createForwarding();
    expect(await execute(query, {}, headersOf('ann'))).toEqual({ data: { incidents: runsOf('ann') } });
  });

  it('without a key of a provider has an error with a code, and causes no call of it', async () => {
    const { execute, world } = await createForwarding();

    const { data, errors } = await execute(
      'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { outcome } incidents { run { outcome } } }',
      { keys: [datafoldKey, olostepKey] },
      { 'X-Datafold-Api-Key': 'ann-d' },
    );

    const passed = { outcome: 'PASSED' };
    expect(data).toEqual({ monitorRuns: [passed, null], incidents: [{ run: passed }, { run: null }, { run: passed }] });
    expect(errors?.[0]).toMatchObject({
      path: ['monitorRuns', 1],
      extensions: { code: 'UNAUTHENTICATED', provider: 'OLOSTEP' },
    });
    expect(world.olostep.paths).toEqual([]);
  });

  it('never gets what another one requested, not even at the same time', async () => {
    const { execute, world } = await createForwarding();
    const names = ['ann', 'ben', 'ann', 'cleo'];

    const answers = await Promise.all(names.map((name) => execute(query, {}, headersOf(name))));

    expect(answers).toEqual(names.map((name) => ({ data: { incidents: runsOf(name) } })));
    const seen = [...world.datafold.requests, ...world.olostep.requests].map(({ headers }) => headers.authorization);
    expect(new Set(seen).size).toBe(6);
    expect(seen.join()).not.toMatch(`${keys.datafold}|${keys.olostep}`);
  });
});

it('federation: every entity has one key, its id', () => {
  expect(composeSupergraph({}).match(/key: "(?!id")[^"]*"/g)).toBeNull();
});
