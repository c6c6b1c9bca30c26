/** The data diff of a Datafold run: what it says, what it costs, and what becomes of it when Datafold fails. */
import { describe, expect, it } from 'vitest';
import { anyDatafoldRun, datafoldBody, datafoldMonitorBody, datafoldPath } from '../support/bodies.ts';
import { serveDatafold } from '../support/datafold-upstream.ts';
import { type Answer, createWorld, verifyCredentials, type World } from '../support/world.ts';

const diffPath = '/api/v1/datadiffs/2262836';
const summaryPath = `${diffPath}/summary`;
const json = { 'content-type': 'application/json' };

/** As Datafold's document has it, with members that this service has no use for. */
const body = {
  id: 2_262_836,
  kind: 'in_db',
  data_source1_id: 4,
  data_source2_id: 6,
  pk_columns: ['id'],
  status: 'done',
  done: true,
  result: 'different',
  finished_at: '2025-11-20T08:01:00Z',
  diff_stats: { version: '1', match_ratio: 0.9987, rows_added: 3, rows_removed: 2, diff_rows_count: 9, sampled: false },
  diff_progress: { version: '1', completed_steps: 12, total_steps: 12 },
};
const summaryBody = {
  id: 2_262_836,
  status: 'done',
  data_source1_id: 4,
  data_source2_id: 6,
  feedback: '9 rows differ.',
};

const fields = `id diffId status result rawResult finishedAt progress { completedSteps totalSteps }
  matchRatio rowsAdded rowsRemoved differentRows summary url`;
const byRun = (selection: string) => `{ datafoldRun(monitorId: 7, runId: 42) { ${selection} } }`;
const errorsOf = ({ errors = [] }: Answer) => errors.map(({ path, extensions }) => [path?.join('.'), extensions.code]);

async function openWorld(diff: object = body, config: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(config);
  world.datafold.on(datafoldPath, { body: { ...datafoldBody, diff_id: 2_262_836 } });
  world.datafold.on(diffPath, { body: diff });
  world.datafold.on(summaryPath, { body: summaryBody });
  return world;
}

const readDiff = async (change: object) => {
  const { summary: _later, ...answer } = (
    await (await openWorld({ ...body, ...change })).execute(byRun(`diff { ${fields} }`))
  ).data.datafoldRun.diff;
  return answer;
};

describe('Datafold diff', () => {
  it('has every field, by one call beside that of the run, and one for the summary', async () => {
    const world = await openWorld();

    const answer = await world.execute(
      byRun(`diffId diff { __typename ${fields} }`),
      {},
      { headers: { ...json, 'x-upstream-calls': '1' } },
    );

    expect(answer.data.datafoldRun).toEqual({
      diffId: '2262836',
      diff: {
        __typename: 'DatafoldDiff',
        id: 'DATAFOLD:diff:2262836',
        diffId: '2262836',
        status: 'done',
        result: 'DIFFERENT',
        rawResult: 'different',
        finishedAt: '2025-11-20T08:01:00.000Z',
        progress: { completedSteps: 12, totalSteps: 12 },
        matchRatio: 0.9987,
        rowsAdded: 3,
        rowsRemoved: 2,
        differentRows: 9,
        summary: '9 rows differ.',
        url: `${world.datafold.baseUrl}/datadiffs/2262836/overview`,
      },
    });
    expect(answer.errors).toBeUndefined();
    expect(world.datafold.paths).toEqual([datafoldPath, diffPath, summaryPath]);
    expect(answer.extensions?.upstream).toMatchObject({
      calls: 3,
      plan: [
        { source: 'DETAIL', count: 1 },
        { source: 'DETAIL', list: 'diff', count: 1, calls: 1 },
        { source: 'DETAIL', list: 'diff-summary', count: 1, calls: 1 },
      ],
    });
  });

  it.each([
    ['diff { id diffId url __typename }', [datafoldPath]],
    ['diff { status rowsAdded progress { totalSteps } }', [datafoldPath, diffPath]],
    ['diff { summary }', [datafoldPath, diffPath, summaryPath]],
    ['state', [datafoldPath]],
  ])('{ %s } requests %j', async (selection, paths) => {
    const world = await openWorld();
    expect((await world.execute(byRun(selection))).errors).toBeUndefined();
    expect(world.datafold.paths).toEqual(paths);
  });

  it.each([
    ['identical', 'IDENTICAL'],
    ['different', 'DIFFERENT'],
    ['missing-pks', 'MISSING_PRIMARY_KEYS'],
    ['bad-pks', 'BAD_PRIMARY_KEYS'],
    ['empty', 'EMPTY'],
    ['error', 'ERROR'],
    ['sampled-out', 'UNKNOWN'],
    ['constructor', 'UNKNOWN'],
    [null, null],
    [undefined, null],
  ])('of the result %j is %s', async (word, result) => {
    expect(await readDiff({ result: word })).toMatchObject({ result, rawResult: word ?? null });
  });

  it('is null field by field where Datafold says nothing, without an error', async () => {
    const answer = await (await openWorld({ id: body.id })).execute(byRun(`diff { ${fields} }`));

    const { id, diffId, url, ...rest } = answer.data.datafoldRun.diff;
    expect(answer.errors).toBeUndefined();
    expect([...new Set(Object.values(rest))]).toEqual([null]);
  });

  it('has an error at each field that is not as documented, and at no other', async () => {
    const change = {
      status: 7,
      result: [],
      diff_stats: { match_ratio: 'x', rows_added: 1 },
      diff_progress: 'half',
      finished_at: 'soon',
    };
    const answer = await (await openWorld({ ...body, ...change })).execute(byRun(`diff { ${fields} }`));

    expect(answer.data.datafoldRun.diff).toMatchObject({ rowsAdded: 1, rowsRemoved: null, summary: null });
    expect(errorsOf(answer).sort()).toEqual(
      ['finishedAt', 'matchRatio', 'progress', 'rawResult', 'result', 'status'].map((name) => [
        `datafoldRun.diff.${name}`,
        'UPSTREAM_BAD_RESPONSE',
      ]),
    );
  });

  it('has numbers beyond 32 bits', async () => {
    expect(await readDiff({ diff_stats: { rows_added: 9_007_199_254_740_991 } })).toMatchObject({
      rowsAdded: 9_007_199_254_740_991,
      matchRatio: null,
    });
  });

  it.each(['waiting', 'queued', 'processing', 'needs_confirmation', 'paused', null])(
    'has no summary, and no call for it, while its status is %j',
    async (status) => {
      const world = await openWorld({ ...body, status, done: false, result: null, finished_at: null });

      const { data, errors } = await world.execute(byRun('diff { status summary }'));

      expect(errors).toBeUndefined();
      expect(data.datafoldRun.diff).toEqual({ status, summary: null });
      expect(world.datafold.paths).toEqual([datafoldPath, diffPath]);
    },
  );

  it('is null without diff_id, at no call', async () => {
    const world = await openWorld();
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, diff_id: null } });

    expect(await world.execute(byRun('diffId diff { id status }'))).toEqual({
      data: { datafoldRun: { diffId: null, diff: null } },
    });
    expect(world.datafold.paths).toEqual([datafoldPath]);
  });

  it('is null where Datafold has no such diff, without an error', async () => {
    const world = await openWorld();
    await verifyCredentials(world);
    world.datafold.on(diffPath, { status: 404, body: { detail: 'Not Found' } });

    expect(await world.execute(byRun('state diff { id status }'))).toEqual({
      data: { datafoldRun: { state: 'OK', diff: null } },
    });
  });

  it.each([
    [{ status: 422, body: { detail: [] } }, 'BAD_USER_INPUT'],
    [{ status: 403, body: {} }, 'FORBIDDEN'],
    [{ status: 503, body: {} }, 'UPSTREAM_UNAVAILABLE'],
    [{ body: '<html>' }, 'UPSTREAM_BAD_RESPONSE'],
    [{ body: { ...body, id: 1 } }, 'UPSTREAM_BAD_RESPONSE'],
  ])('that fails (%j) is the error of its field alone', async (reply, code) => {
    const world = await openWorld(body, { limits: { maxAttempts: 1 } });
    world.datafold.on(diffPath, reply);

    const answer = await world.execute(byRun('state diff { status }'));

    expect(answer.data).toEqual({ datafoldRun: { state: 'OK', diff: null } });
    expect(errorsOf(answer).map(([path]) => path)).toEqual(['datafoldRun.diff']);
    if (code !== 'BAD_USER_INPUT') expect(errorsOf(answer)).toEqual([['datafoldRun.diff', code]]);
  });

  it('whose summary fails is there without it', async () => {
    const world = await openWorld(body, { limits: { maxAttempts: 1 } });
    world.datafold.on(summaryPath, { status: 503, body: {} });

    const answer = await world.execute(byRun('diff { status summary }'));

    expect(answer.data).toEqual({ datafoldRun: { diff: { status: 'done', summary: null } } });
    expect(errorsOf(answer)).toEqual([['datafoldRun.diff.summary', 'UPSTREAM_UNAVAILABLE']]);
  });

  it('costs one call however many runs and aliases lead to it', async () => {
    const world = await openWorld();
    world.datafold.on('/api/v1/monitors/7/runs/43', { body: { ...datafoldBody, run_id: 43, diff_id: 2_262_836 } });

    const { data } = await world.execute(`{
      a: datafoldRun(monitorId: 7, runId: 42) { diff { status } again: diff { result summary } }
      b: datafoldRun(monitorId: 7, runId: 43) { diff { differentRows summary } }
      c: node(id: "DATAFOLD:diff:2262836") { ... on DatafoldDiff { rowsRemoved } }
    }`);

    expect(data).toEqual({
      a: { diff: { status: 'done' }, again: { result: 'DIFFERENT', summary: '9 rows differ.' } },
      b: { diff: { differentRows: 9, summary: '9 rows differ.' } },
      c: { rowsRemoved: 2 },
    });
    expect(world.datafold.paths.toSorted()).toEqual(
      [diffPath, summaryPath, datafoldPath, '/api/v1/monitors/7/runs/43'].toSorted(),
    );
  });

  it('of each run in a list is one call for each distinct diff, whose id the row has', async () => {
    const world = await createWorld();
    const runs = [1, 2, 3].map((runId) => ({ ...anyDatafoldRun(runId).body, diff_id: runId === 3 ? 11 : 10 + runId }));
    serveDatafold(world.datafold, { monitors: [datafoldMonitorBody], runsOf: () => runs });
    for (const id of [11, 12]) world.datafold.on(`/api/v1/datadiffs/${id}`, { body: { ...body, id } });

    const { data, errors } = await world.execute(
      '{ monitor(key: { provider: DATAFOLD, monitorId: 7 }) { monitorId runs(first: 3) { nodes { runId ... on DatafoldRun { diff { diffId status } } } } } }',
    );

    expect(errors).toBeUndefined();
    expect(data.monitor.runs.nodes.map(({ diff }: { diff: object }) => diff)).toEqual(
      [11, 12, 11].map((id) => ({ diffId: String(id), status: 'done' })),
    );
    expect(world.datafold.paths.filter((path) => path.includes('datadiffs')).toSorted()).toEqual([
      '/api/v1/datadiffs/11',
      '/api/v1/datadiffs/12',
    ]);
  });

  it('is cached when it is finished, like a run, and its summary too', async () => {
    const world = await openWorld(body, { runCache: true });
    const query = byRun('diff { status summary }');
    const first = await world.execute(query);
    const costs = world.datafold.paths.length;

    const second = await world.execute(query, {}, { headers: { ...json, 'x-upstream-calls': '1' } });

    expect(second.data).toEqual(first.data);
    expect(world.datafold.paths).toHaveLength(costs);
    expect(second.extensions?.upstream).toMatchObject({ calls: 0, providers: { DATAFOLD: { saved: { cache: 3 } } } });
  });

  it('is requested again with Cache-Control: max-age=0, and while it goes on', async () => {
    const world = await openWorld(body, { runCache: true, limits: { freshMinMs: 0 } });
    await world.execute(byRun('diff { status }'));
    await world.execute(byRun('diff { status }'), {}, { headers: { ...json, 'cache-control': 'max-age=0' } });
    expect(world.datafold.paths.filter((path) => path === diffPath)).toHaveLength(2);

    const other = await openWorld({ ...body, status: 'processing' }, { runCache: true });
    for (let time = 0; time < 2; time++) await other.execute(byRun('diff { status }'));
    expect(other.datafold.paths.filter((path) => path === diffPath)).toHaveLength(2);
  });

  it('is a node by its global id', async () => {
    const world = await openWorld();

    const { data } = await world.execute(
      '{ node(id: "DATAFOLD:diff:2262836") { __typename id ... on DatafoldDiff { status } } }',
    );

    expect(data.node).toEqual({ __typename: 'DatafoldDiff', id: 'DATAFOLD:diff:2262836', status: 'done' });
    expect(world.datafold.paths).toEqual([diffPath]);
  });

  it.each([
    'DATAFOLD:diff:01',
    'DATAFOLD:diff:x',
    'DATAFOLD:diff:',
    'OLOSTEP:diff:2262836',
    'DATAFOLD:diff:1:2',
    'DATAFOLD:constructor:1',
  ])('is none by the id %s, at no call', async (id) => {
    const world = await openWorld();
    const answer = await world.execute('query ($id: ID!) { node(id: $id) { id } }', { id });
    expect(errorsOf(answer)).toEqual([['node', 'BAD_USER_INPUT']]);
    expect([...world.datafold.paths, ...world.olostep.paths]).toEqual([]);
  });

  it('is no entity of the subgraph', async () => {
    const world = await openWorld();
    const representations = [
      { __typename: 'DatafoldRun', id: 'DATAFOLD:diff:2262836' },
      { __typename: 'DatafoldDiff', id: 'DATAFOLD:diff:2262836' },
    ];
    const query = 'query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }';

    const answer = await world.execute(query, { representations });

    expect(errorsOf(answer)).toEqual([
      ['_entities.0', 'BAD_USER_INPUT'],
      ['_entities.1', 'BAD_USER_INPUT'],
    ]);
  });
});
