import { describe, expect, it, vi } from 'vitest';
import { anySnapshot, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdClock, holdDate, holdDice, until } from '../support/clock.ts';
import { silence } from '../support/fake-upstream.ts';
import { type Snapshot, serveEvents } from '../support/olostep-events.ts';
import { type Answer, createListingWorld, verifyCredentials, type World } from '../support/world.ts';

const { monitorId, runId } = olostepKey;
const eventsPath = `/v1/monitors/${monitorId}/events`;
const firstPage = `${eventsPath}?limit=100`;

/** What an answer has of errors: where, and of which kind. */
const errorsOf = ({ errors = [] }: Answer) => errors.map(({ path, extensions }) => [path?.join('.'), extensions.code]);

/** When the newest snapshot of {@link snapshotsOf} was made, in Unix seconds. */
const newest = Date.parse('2025-11-20T08:00:00Z') / 1_000;

/** A snapshot of which the row says whose it is. */
const ownedBy = (owner: unknown, runId: string) => ({ ...anySnapshot(runId, newest), monitor_id: owner });

/** So many snapshots, newest first, one an hour, of run_0 and on. */
const snapshotsOf = (count: number) =>
  Array.from({ length: count }, (_, place) => anySnapshot(`run_${place}`, newest - place * 3_600, place % 2 === 0));

describe('Olostep lists: a run by its id', () => {
  /** Requests the run, of which Olostep has the body, and a row in the first of its events pages. */
  async function execute(selection: string, prepare: (world: World) => void = () => {}) {
    const world = await createListingWorld();
    world.olostep.on(olostepPath, { body: olostepBody });
    const data = [anySnapshot('run_other', newest + 60), anySnapshot(runId, newest, true)];
    world.olostep.on(firstPage, { body: { data, has_more: false, next_cursor: null, total_count: 2 } });
    prepare(world);
    const query = `query ($monitorId: ID!, $runId: ID!) { olostepRun(monitorId: $monitorId, runId: $runId) { ${selection} } }`;
    const answer = await world.execute(query, { monitorId, runId });
    return { run: answer.data?.olostepRun, errors: errorsOf(answer), paths: world.olostep.paths };
  }

  const row = {
    changed: true,
    summary: 'A price fell.',
    snapshotUrl: `https://snapshots.olostep.example/${runId}`,
    snapshotAt: '2025-11-20T08:00:00.000Z',
  };

  const logGroup = olostepBody.log_group;
  it.each([
    ['id', [olostepPath], { id: `OLOSTEP:${monitorId}:${runId}` }],
    ['phase', [olostepPath], { phase: 'FINISHED' }],
    ['phase snapshot logGroup', [olostepPath], { phase: 'FINISHED', snapshot: olostepBody.snapshot, logGroup }],
    ['outcome', [firstPage], { outcome: 'FINDING' }],
    ['phase outcome', [firstPage], { phase: 'FINISHED', outcome: 'FINDING' }],
    [
      'phase outcome snapshot',
      [firstPage, olostepPath],
      { phase: 'FINISHED', outcome: 'FINDING', snapshot: olostepBody.snapshot },
    ],
    ['id changed summary', [firstPage], { id: `OLOSTEP:${monitorId}:${runId}`, changed: true, summary: row.summary }],
    ['changed summary snapshotUrl snapshotAt', [firstPage], row],
    ['changed phase outcome', [firstPage], { changed: true, phase: 'FINISHED', outcome: 'FINDING' }],
    [
      'changed outcome snapshot',
      [firstPage, olostepPath],
      { changed: true, outcome: 'FINDING', snapshot: olostepBody.snapshot },
    ],
    [
      'snapshotAt phase outcome startedAt',
      [firstPage, olostepPath],
      { snapshotAt: row.snapshotAt, phase: 'FINISHED', outcome: 'FINDING', startedAt: '2025-11-20T08:00:00.000Z' },
    ],
  ])('{ %s } requests %j', async (selection, paths, run) => {
    const found = await execute(selection);

    expect(found.run).toEqual(run);
    expect(found.errors).toEqual([]);
    expect(found.paths.toSorted()).toEqual(paths);
  });

  it.each([
    [true, 'FINDING'],
    [false, 'PASSED'],
    [null, 'UNKNOWN'],
    [undefined, 'UNKNOWN'],
  ])('ends as `changed` says: %s is %s, alone or beside more', async (changed, outcome) => {
    const prepare = ({ olostep }: World) =>
      olostep.on(firstPage, { body: { data: [{ ...anySnapshot(runId, newest), changed }] } });

    for (const selection of ['outcome changed', 'outcome changed snapshot']) {
      expect(await execute(selection, prepare)).toMatchObject({
        run: { outcome, changed: changed ?? null },
        errors: [],
      });
    }
  });

  it.each([
    ['began', olostepBody.events.slice(0, 1)],
    ['is empty', []],
  ])('is over once it has a row, whatever else is selected: its log %s', async (_what, events) => {
    const prepare = ({ olostep }: World) =>
      olostep.on(olostepPath, { body: { ...olostepBody, snapshot: null, events } });

    for (const more of ['', 'startedAt', 'snapshot']) {
      expect(await execute(`phase outcome changed ${more}`, prepare)).toMatchObject({
        run: { phase: 'FINISHED', outcome: 'FINDING', changed: true },
        errors: [],
      });
    }
  });

  it('is found by an id that says that it is a run, where `run_id` is missing', async () => {
    const data = [{ id: 'event_1', changed: false }, 7, null, { id: runId, changed: true }];

    const found = await execute('changed', ({ olostep }) => olostep.on(firstPage, { body: { data } }));

    expect(found).toEqual({ run: { changed: true }, errors: [], paths: [firstPage] });
  });

  it.each(['monitor_other', 7, {}])(
    "isn't found in a row that says that it is another monitor's, and whether it has another is uncertain: %j",
    async (other) => {
      const data = [{ ...anySnapshot(runId, newest, true), monitor_id: other }];

      const found = await execute('changed', ({ olostep }) => olostep.on(firstPage, { body: { data } }));

      const errors = [['olostepRun.changed', 'UPSTREAM_BAD_RESPONSE']];
      expect(found).toEqual({ run: { changed: null }, errors, paths: [firstPage, olostepPath] });
    },
  );

  it('is found on a later page', async () => {
    const snapshots = [...snapshotsOf(150), anySnapshot(runId, 0, true)];

    const found = await execute('changed', ({ olostep }) => {
      olostep.on(firstPage, {
        body: { data: snapshots.slice(0, 100), has_more: true, next_cursor: 'a&b=c #%' },
      });
      olostep.on(`${firstPage}&cursor=a%26b%3Dc%20%23%25`, { body: { data: snapshots.slice(100), has_more: false } });
    });

    expect(found).toEqual({
      run: { changed: true },
      errors: [],
      paths: [firstPage, `${firstPage}&cursor=a%26b%3Dc%20%23%25`],
    });
  });

  const rowFields = 'outcome changed summary snapshotUrl snapshotAt';

  /** Has Olostep answer the pages of these snapshots, and every run of them separately. */
  function serveRuns({ olostep }: World, snapshots: readonly Snapshot[], body: object = olostepBody) {
    serveEvents(olostep, monitorId, snapshots);
    for (const { run_id } of snapshots)
      olostep.on(`/v1/monitors/${monitorId}/runs/${run_id}`, { body: { ...body, run_id } });
  }
  const eventPages = (paths: readonly string[]) => paths.filter((path) => path.startsWith(eventsPath)).length;

  it('is found on the tenth page, and what rows alone have is too costly beyond it, never null without an error', async () => {
    const snapshots = snapshotsOf(1_100);
    for (const place of [999, 1_000]) {
      const world = await createListingWorld();
      serveRuns(world, snapshots);
      const answer = await world.execute(
        `{ olostepRun(monitorId: "${monitorId}", runId: "run_${place}") { phase ${rowFields} } }`,
      );

      expect(eventPages(world.olostep.paths)).toBe(10);
      const isFound = place === 999;
      expect(answer.data.olostepRun).toMatchObject({ phase: 'FINISHED', changed: isFound ? false : null });
      expect(errorsOf(answer).toSorted()).toEqual(
        isFound
          ? []
          : rowFields
              .split(' ')
              .map((name) => [`olostepRun.${name}`, 'OPERATION_TOO_COSTLY'])
              .toSorted(),
      );
    }
  });

  it('is looked for on as many pages as the operator allows', async () => {
    const world = await createListingWorld({ limits: { maxEventsPages: 2 } });
    serveRuns(world, snapshotsOf(300));

    const answer = await world.execute(`{ olostepRun(monitorId: "${monitorId}", runId: "run_250") { outcome } }`);

    expect(errorsOf(answer)).toEqual([['olostepRun.outcome', 'OPERATION_TOO_COSTLY']]);
    expect(eventPages(world.olostep.paths)).toBe(2);
  });

  it.each([
    ['goes on', olostepBody.events.slice(0, 2), { phase: 'RUNNING', outcome: null, changed: null }],
    ['left no snapshot', olostepBody.events, { phase: 'FINISHED', outcome: 'UNKNOWN', changed: null }],
  ])('is looked for no further than rows can be as late as it began: one that %s', async (_what, events, expected) => {
    const began = newest + 3_600;
    const body = { snapshot: null, events: events.map((event) => ({ ...event, ts: began * 1_000 })) };
    for (const more of ['', 'startedAt']) {
      const world = await createListingWorld();
      serveRuns(world, snapshotsOf(2_000));
      world.olostep.on(olostepPath, { body });

      const answer = await world.execute(
        `{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { phase outcome changed ${more} } }`,
      );

      expect(answer.errors).toBeUndefined();
      expect(answer.data.olostepRun).toMatchObject(expected);
      // Without more, what its own record says isn't requested before three pages lack it.
      expect(eventPages(world.olostep.paths)).toBe(more === '' ? 3 : 1);
      expect(world.olostep.paths.filter((path) => path === olostepPath)).toHaveLength(1);
    }
  });

  it('is over by its row alone, where its own record does not say so and nothing but `phase` is selected', async () => {
    const body = { ...olostepBody, snapshot: null, events: olostepBody.events.slice(0, 1) };
    const found = await execute('phase', ({ olostep }) => olostep.on(olostepPath, { body }));

    expect(found).toEqual({ run: { phase: 'FINISHED' }, errors: [], paths: [olostepPath, firstPage] });
  });

  it('is an error, and not a guess, where neither its own record nor an events page says how far it has come', async () => {
    const body = { ...olostepBody, snapshot: null, events: [] };
    const found = await execute('phase', ({ olostep }) => {
      olostep.on(olostepPath, { body });
      olostep.on(firstPage, { status: 403 });
    });

    expect(found.run).toBeNull();
    expect(found.errors).toEqual([['olostepRun.phase', 'FORBIDDEN']]);
  });

  it.each([
    ['has a row that is none', { data: [anySnapshot('run_other', newest), {}], has_more: false }],
    [
      'goes on, and does not say where',
      { data: [anySnapshot('run_other', newest)], has_more: true, next_cursor: null },
    ],
    [
      'goes on, to where there is nothing',
      { data: [anySnapshot('run_other', newest)], has_more: true, next_cursor: 'x' },
      `${firstPage}&cursor=x`,
    ],
  ])(
    'has errors for what rows alone have, when it is in none that can be read and the list %s',
    async (_what, body, next = '') => {
      const found = await execute('phase changed summary', ({ olostep }) => olostep.on(firstPage, { body }));

      expect(found.run).toEqual({ phase: 'FINISHED', changed: null, summary: null });
      expect(found.errors).toEqual(
        ['changed', 'summary'].map((name) => [`olostepRun.${name}`, 'UPSTREAM_BAD_RESPONSE']),
      );
      expect(found.paths).toEqual([firstPage, ...(next === '' ? [] : [next]), olostepPath]);
    },
  );

  it('is null when neither has it', async () => {
    const world = await createListingWorld();
    await verifyCredentials(world);

    expect(await world.execute(`{ olostepRun(monitorId: "${monitorId}", runId: "${runId}") { changed } }`)).toEqual({
      data: { olostepRun: null },
    });
    expect(world.olostep.paths).toEqual([firstPage, olostepPath]);
  });

  it.each([
    ['refuses', { status: 403 }, 'FORBIDDEN'],
    ['is not as documented', { body: { data: 'x' } }, 'UPSTREAM_BAD_RESPONSE'],
    ['has no list', { body: {} }, 'UPSTREAM_BAD_RESPONSE'],
    ['is far longer than requested', { body: { data: snapshotsOf(1_001) } }, 'UPSTREAM_RESPONSE_TOO_LARGE'],
  ])('has errors in place of what rows alone have when the events page %s', async (_what, reply, code) => {
    const { run, errors } = await execute('phase outcome changed snapshotAt', ({ olostep }) =>
      olostep.on(firstPage, reply),
    );

    expect(run).toEqual({ phase: 'FINISHED', outcome: null, changed: null, snapshotAt: null });
    expect(errors).toEqual([
      ['olostepRun.outcome', code],
      ['olostepRun.changed', code],
      ['olostepRun.snapshotAt', code],
    ]);
  });

  it.each([
    ['changed', { changed: 'yes' }],
    ['summary', { summary: 7 }],
    ['snapshotUrl', { snapshot_url: ['x'] }],
    ['snapshotAt', { created: 1e300 }],
    ['snapshotAt', { created: 1763625609e9 }],
    ['snapshotAt', { created: '2025-11-20T08:00:00Z' }],
  ])('has an error at %s alone when its row has %j', async (field, change) => {
    const { run, errors } = await execute('id changed summary snapshotUrl snapshotAt', ({ olostep }) =>
      olostep.on(firstPage, { body: { data: [{ ...anySnapshot(runId, newest, true), ...change }] } }),
    );

    expect(run).toEqual({ id: `OLOSTEP:${monitorId}:${runId}`, ...row, [field]: null });
    expect(errors).toEqual([[`olostepRun.${field}`, 'UPSTREAM_BAD_RESPONSE']]);
  });

  it('is looked for no further where the pages go round, and what they have is found', async () => {
    const world = await createListingWorld();
    const page = (runId: string) => ({
      body: { data: [anySnapshot(runId, newest)], has_more: true, next_cursor: 'x' },
    });
    world.olostep.on(firstPage, page('run_0'));
    world.olostep.on(`${firstPage}&cursor=x`, page('run_1'));
    const run = (id: string) => `olostepRun(monitorId: "${monitorId}", runId: "${id}") { changed }`;

    expect(await world.execute(`{ a: ${run('run_0')} b: ${run('run_1')} c: ${run('run_2')} }`)).toEqual({
      data: { a: { changed: false }, b: { changed: false }, c: null },
    });
    expect(world.olostep.paths).toEqual([firstPage, `${firstPage}&cursor=x`, `/v1/monitors/${monitorId}/runs/run_2`]);
  });

  it('shares the events pages with its neighbours', async () => {
    const world = await createListingWorld();
    serveEvents(world.olostep, monitorId, snapshotsOf(120));
    const keys = [0, 1, 119].map((place) => ({ provider: 'OLOSTEP', monitorId, runId: `run_${place}` }));

    const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { ... on OlostepRun { changed } } }';

    expect(await world.execute(query, { keys })).toEqual({
      data: { monitorRuns: [{ changed: true }, { changed: false }, { changed: false }] },
    });
    expect(world.olostep.paths).toEqual([firstPage, `${firstPage}&cursor=behind%20run_99%26`]);
  });
});

describe("Olostep lists: a monitor's runs", () => {
  const query = `query ($monitorId: ID!, $first: Int, $after: String, $startedAfter: DateTime, $startedBefore: DateTime) {
    monitor(key: { provider: OLOSTEP, monitorId: $monitorId }) {
      runs(first: $first, after: $after, startedAfter: $startedAfter, startedBefore: $startedBefore) {
        totalCount
        edges { cursor node { runId } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }`;

  interface Edge {
    readonly cursor: string;
    readonly node: { readonly runId: string } | null;
  }
  const edgesOf = ({ data }: Answer): readonly Edge[] => data.monitor.runs.edges;
  const idsOf = (answer: Answer) => edgesOf(answer).map(({ node }) => node?.runId);
  const runIds = (snapshots: readonly Snapshot[]) => snapshots.map(({ run_id }) => run_id);

  /** A world in which the monitor has these snapshots. The monitor itself costs a call, which is not what is looked at. */
  async function createListed(snapshots: readonly Snapshot[]) {
    const world = await createListingWorld();
    serveEvents(world.olostep, monitorId, snapshots);
    world.olostep.on(`/v1/monitors/${monitorId}?include_total_count=false`, { body: { id: monitorId } });
    const execute = (variables: object) => world.execute(query, { monitorId, ...variables });
    /** The pages of events that were requested since the last check. */
    const pages = () =>
      world.olostep.paths.splice(0).flatMap((path) => {
        const { pathname, searchParams } = new URL(path, world.olostep.baseUrl);
        return pathname === eventsPath ? [Object.fromEntries(searchParams)] : [];
      });
    return { world, execute, pages };
  }

  it('come with all that a row says, by one call', async () => {
    const world = await createListingWorld();
    serveEvents(world.olostep, monitorId, snapshotsOf(3));

    const fields = 'id phase outcome monitor { id } ... on OlostepRun { changed summary snapshotUrl snapshotAt }';
    const answer = await world.execute(
      `{ olostepRun(monitorId: "${monitorId}", runId: "run_0") { changed monitor { runs(first: 2) { nodes { ${fields} } } } } }`,
    );

    const shared = { phase: 'FINISHED', monitor: { id: `OLOSTEP:monitor:${monitorId}` } };
    expect(answer).toEqual({
      data: {
        olostepRun: {
          changed: true,
          monitor: {
            runs: {
              nodes: [
                {
                  ...shared,
                  id: `OLOSTEP:${monitorId}:run_0`,
                  outcome: 'FINDING',
                  changed: true,
                  summary: 'A price fell.',
                  snapshotUrl: 'https://snapshots.olostep.example/run_0',
                  snapshotAt: '2025-11-20T08:00:00.000Z',
                },
                {
                  ...shared,
                  id: `OLOSTEP:${monitorId}:run_1`,
                  outcome: 'PASSED',
                  changed: false,
                  summary: null,
                  snapshotUrl: 'https://snapshots.olostep.example/run_1',
                  snapshotAt: '2025-11-20T07:00:00.000Z',
                },
              ],
            },
          },
        },
      },
    });
    expect(world.olostep.paths).toEqual([firstPage, `${eventsPath}?limit=2`]);
  });

  it('cost a call each once more is selected than rows have, whatever that is', async () => {
    const { world } = await createListed(snapshotsOf(3));
    for (const place of [0, 1, 2]) {
      const id = `run_${place}`;
      world.olostep.on(`/v1/monitors/${monitorId}/runs/${id}`, { body: { ...olostepBody, run_id: id } });
    }

    const answer = await world.execute(`{
      monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) {
        runs(first: 2) {
          nodes { startedAt ... on OlostepRun { outcome finishedAt snapshot logGroup events(first: 1) { nodes { kind } } } }
        }
      }
    }`);

    const run = {
      startedAt: '2025-11-20T08:00:00.000Z',
      finishedAt: '2025-11-20T08:00:09.000Z',
      snapshot: olostepBody.snapshot,
      logGroup: olostepBody.log_group,
      events: { nodes: [{ kind: 'work_received' }] },
    };
    expect(answer).toEqual({
      data: {
        monitor: {
          runs: {
            nodes: [
              { ...run, outcome: 'FINDING' },
              { ...run, outcome: 'PASSED' },
            ],
          },
        },
      },
    });
    expect(world.olostep.paths.slice(1)).toEqual([
      `${eventsPath}?limit=2`,
      ...[0, 1].map((place) => `/v1/monitors/${monitorId}/runs/run_${place}`),
    ]);
  });

  it('come a page at a time, each by one call, to their end', async () => {
    const snapshots = snapshotsOf(23);
    const { execute, pages } = await createListed(snapshots);
    const found: unknown[] = [];
    let after: string | null = null;
    do {
      const answer: Answer = await execute({ first: 5, after });
      const { totalCount, pageInfo } = answer.data.monitor.runs;
      expect(totalCount).toBe(23);
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      expect(pageInfo.endCursor).toBe(edgesOf(answer).at(-1)?.cursor);
      found.push(...idsOf(answer));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);

    expect(found).toEqual(runIds(snapshots));
    const cursors = [4, 9, 14, 19].map((place) => ({ limit: '5', cursor: `behind run_${place}&` }));
    expect(pages()).toEqual([{ limit: '5' }, ...cursors]);
  });

  it('go on behind every edge, on whichever page it was', async () => {
    const snapshots = snapshotsOf(12);
    const { execute, pages } = await createListed(snapshots);
    const all: Edge[] = [];
    for (let after: string | null = null; all.length < 12; ) {
      const answer: Answer = await execute({ first: 4, after });
      all.push(...edgesOf(answer));
      after = answer.data.monitor.runs.pageInfo.endCursor;
    }
    pages();

    for (const [place, { cursor }] of all.entries()) {
      const answer = await execute({ first: 3, after: cursor });
      expect(idsOf(answer), `behind ${place}`).toEqual(runIds(snapshots).slice(place + 1, place + 4));
      expect(answer.data.monitor.runs.pageInfo.hasNextPage).toBe(place + 4 < 12);
      expect(pages()).toHaveLength(1);
    }
  });

  it('go on behind every edge when new snapshots have come before it', async () => {
    const snapshots = snapshotsOf(30);
    const before = runIds(snapshots);
    const { execute } = await createListed(snapshots);
    const edges = edgesOf(await execute({ first: 10 }));

    for (let arrived = 1; arrived <= 40; arrived++) {
      snapshots.unshift(anySnapshot(`run_new_${arrived}`, newest + arrived * 3_600));
      for (const [place, { cursor }] of edges.entries()) {
        const answer = await execute({ first: 3, after: cursor });
        const ids = idsOf(answer);
        expect(answer.errors).toBeUndefined();
        expect(ids.length, `behind ${place}, ${arrived} later`).toBeGreaterThan(0);
        expect(ids).toEqual(before.slice(place + 1, place + 1 + ids.length));
      }
    }
  });

  it('come each once, from page to page, while new snapshots arrive', async () => {
    const snapshots = snapshotsOf(17);
    const before = runIds(snapshots);
    const { execute } = await createListed(snapshots);
    const found: unknown[] = [];
    let after: string | null = null;
    do {
      const answer: Answer = await execute({ first: 4, after });
      found.push(...idsOf(answer));
      const { pageInfo } = answer.data.monitor.runs;
      // From the middle of a page as well as from its end.
      const last = edgesOf(answer).at(found.length % 3 === 0 ? -2 : -1);
      if (last !== edgesOf(answer).at(-1)) found.pop();
      after = pageInfo.hasNextPage && last !== undefined ? last.cursor : null;
      snapshots.unshift(anySnapshot(`run_new_${found.length}`, newest + found.length));
    } while (after !== null);

    expect(found).toEqual(before);
  });

  it('are none on a page of none, which says how many there are', async () => {
    const { execute, pages } = await createListed(snapshotsOf(3));

    const { data } = await execute({ first: 0 });

    expect(data.monitor.runs).toEqual({
      totalCount: 3,
      edges: [],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
    expect(pages()).toEqual([{ limit: '1' }]);
  });

  it('are none when there are none', async () => {
    const { execute } = await createListed([]);

    for (const first of [0, 20]) {
      expect((await execute({ first })).data.monitor.runs).toMatchObject({
        totalCount: 0,
        edges: [],
        pageInfo: { hasNextPage: false },
      });
    }
  });

  it('are null when there is no such monitor any more', async () => {
    const { world, execute } = await createListed([]);
    world.olostep.on(`${eventsPath}?limit=20`, { status: 404 });

    expect(await execute({})).toEqual({ data: { monitor: { runs: null } } });
  });

  it('have an error in place of a row that is none, and go on behind it', async () => {
    const snapshots = [{ run_id: 'run_0' }, 7, { id: 'event_1' }, { run_id: 'run_/../x' }, { run_id: 'run_1' }];
    const { execute } = await createListed(snapshots as readonly Snapshot[]);

    const answer = await execute({});

    expect(idsOf(answer)).toEqual(['run_0', undefined, undefined, undefined, 'run_1']);
    expect(errorsOf(answer)).toEqual(
      [1, 2, 3].map((place) => [`monitor.runs.edges.${place}.node`, 'UPSTREAM_BAD_RESPONSE']),
    );
    expect(idsOf(await execute({ after: edgesOf(answer)[3]?.cursor }))).toEqual(['run_1']);
  });

  it("have an error in place of a row that says that it is another monitor's", async () => {
    const { execute } = await createListed([
      ownedBy(monitorId, 'run_0'),
      ownedBy(null, 'run_1'),
      ownedBy('monitor_other', 'run_2'),
      ownedBy(7, 'run_3'),
    ]);

    const answer = await execute({});

    expect(idsOf(answer)).toEqual(['run_0', 'run_1', undefined, undefined]);
    expect(errorsOf(answer)).toEqual(
      [2, 3].map((place) => [`monitor.runs.edges.${place}.node`, 'UPSTREAM_BAD_RESPONSE']),
    );
  });

  it('come with rows that are nested as deeply as can be, as long as no client selects that', async () => {
    const { world, execute } = await createListed([]);
    const levels = 20_000;
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const rows = [`{"run_id":"run_0","extra":${deep}}`, '{"run_id":"run_1"}', `{"run_id":"run_2","summary":${deep}}`];
    world.olostep.on(`${eventsPath}?limit=20`, { body: `{"data":[${rows}]}` });

    expect(idsOf(await execute({}))).toEqual(['run_0', 'run_1', 'run_2']);
  });

  describe('that Olostep sends again', () => {
    const row = (place: number) => anySnapshot(`run_${place}`, newest - place * 60);
    const at = (limit: number, cursor = '') => `${eventsPath}?limit=${limit}${cursor && `&cursor=${cursor}`}`;
    const page = (places: readonly number[], next: string) => ({
      body: { data: places.map(row), has_more: true, next_cursor: next },
    });
    /** The whole list, a page of 2 at a time, as far as it goes. */
    async function readAll(execute: (variables: object) => Promise<Answer>) {
      const found: unknown[] = [];
      for (let after: string | null = null; found.length < 20; ) {
        const answer: Answer = await execute({ first: 2, after });
        if (answer.errors) return { found, errors: errorsOf(answer) };
        found.push(...idsOf(answer));
        const { hasNextPage, endCursor } = answer.data.monitor.runs.pageInfo;
        if (!hasNextPage) break;
        after = endCursor;
      }
      return { found, errors: [] };
    }
    const bad = [['monitor.runs', 'UPSTREAM_BAD_RESPONSE']];
    const window = { startedAfter: '2025-11-01T00:00:00Z' };

    it.each([
      [
        'a page that leads to itself',
        [
          ['', [0], 'x'],
          ['x', [1], 'x'],
        ],
      ],
      [
        'a page that leads to one before',
        [
          ['', [0], 'x'],
          ['x', [1], 'y'],
          ['y', [2], 'x'],
        ],
      ],
      [
        'the same page by another cursor',
        [
          ['', [0], 'x'],
          ['x', [0], 'y'],
        ],
      ],
    ] as const)('are an error where the pages go round: %s', async (_what, pages) => {
      const { world, execute, pages: requested } = await createListed([]);
      for (const [cursor, places, next] of pages) world.olostep.on(at(100, cursor), page(places, next));

      expect(errorsOf(await execute(window))).toEqual(bad);
      expect(requested()).toHaveLength(pages.length);
    });

    it('are a gap in what all monitors ran, where the pages go round', async () => {
      const { world } = await createListed([]);
      const last_run = { ran_at: '2025-11-20T08:00:00Z' };
      world.olostep.on('/v1/monitors', { body: { monitors: [{ id: monitorId, last_run }] } });
      world.olostep.onAny(page([0], 'x'));

      expect(await world.execute('{ runs(providers: [OLOSTEP]) { nodes { runId } gaps { monitorId code } } }')).toEqual(
        {
          data: { runs: { nodes: [{ runId: 'run_0' }], gaps: [{ monitorId, code: 'UPSTREAM_BAD_RESPONSE' }] } },
        },
      );
      expect(world.olostep.paths.length).toBeLessThanOrEqual(3);
    });

    it('are an error on the page that leads to itself, where pages are read one at a time', async () => {
      const { world, execute, pages: requested } = await createListed([]);
      world.olostep.on(at(2), page([0, 1], 'x'));
      world.olostep.on(at(2, 'x'), page([2, 3], 'x'));

      expect(await readAll(execute)).toEqual({ found: ['run_0', 'run_1'], errors: bad });
      expect(requested()).toHaveLength(2);
    });

    it('come once, where a new snapshot has shifted the pages meanwhile', async () => {
      const { world, execute } = await createListed([]);
      world.olostep.on(at(100), page([0, 1, 2], 'x'));
      world.olostep.on(at(100, 'x'), { body: { data: [2, 3].map(row) } });

      const answer = await execute(window);

      expect(answer.errors).toBeUndefined();
      expect(idsOf(answer)).toEqual(['run_0', 'run_1', 'run_2', 'run_3']);
    });

    it('come once, where one page has them twice, and whatever edge one goes on behind', async () => {
      const { world, execute } = await createListed([]);
      for (const limit of [2, 3, 4, 5, 20])
        world.olostep.on(at(limit), { body: { data: [0, 0, 1, 0, 1, 2].map(row) } });

      expect(await readAll(execute)).toEqual({ found: ['run_0', 'run_1', 'run_2'], errors: [] });
      expect(idsOf(await execute({}))).toEqual(['run_0', 'run_1', 'run_2']);
    });
  });

  it('are an error when a page is far longer than requested, and not when it is a little', async () => {
    const { world, execute } = await createListed([]);
    for (const [count, errors] of [
      [1_000, []],
      [1_001, [['monitor.runs', 'UPSTREAM_RESPONSE_TOO_LARGE']]],
      [100_000, [['monitor.runs', 'UPSTREAM_RESPONSE_TOO_LARGE']]],
    ] as const) {
      world.olostep.on(`${eventsPath}?limit=20`, { body: { data: Array(count).fill({ run_id: 'run_0' }) } });
      expect(errorsOf(await execute({}))).toEqual(errors);
    }
  });

  it.each([{}, { data: null }, { data: {} }, { data: 'x' }, { data: 7 }])(
    'are an error when there is no list: %j',
    async (body) => {
      const { world, execute } = await createListed([]);
      world.olostep.on(`${eventsPath}?limit=20`, { body });

      expect(errorsOf(await execute({}))).toEqual([['monitor.runs', 'UPSTREAM_BAD_RESPONSE']]);
    },
  );

  it.each(['3', -1, 1.5, 3_000_000_000])(
    'have an error in place of a count that is none, and nowhere else: %j',
    async (count) => {
      const { world, execute } = await createListed([]);
      world.olostep.on(`${eventsPath}?limit=20`, { body: { data: [{ run_id: 'run_0' }], total_count: count } });

      const answer = await execute({});

      expect(errorsOf(answer)).toEqual([['monitor.runs.totalCount', 'UPSTREAM_BAD_RESPONSE']]);
      expect(idsOf(answer)).toEqual(['run_0']);
    },
  );

  it('are too costly when their summaries are too long for the answer', async () => {
    const { world } = await createListed([]);
    const data = snapshotsOf(20).map((row) => ({ ...row, summary: 'x'.repeat(50_000) }));
    world.olostep.on(`${eventsPath}?limit=20`, { body: { data } });
    const runs = (alias: number) => `r${alias}: runs { nodes { ... on OlostepRun { summary } } }`;

    const answer = await world.execute(`{
      monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) { ${Array.from({ length: 20 }, (_, place) => runs(place)).join(' ')} }
    }`);

    expect(new Set(errorsOf(answer).map(([, code]) => code))).toEqual(new Set(['OPERATION_TOO_COSTLY']));
    expect(JSON.stringify(answer).length).toBeLessThan(18_000_000);
  });

  it('end where Olostep says that there are no more, whatever else it says', async () => {
    const { world, execute } = await createListed([]);
    const data = [{ run_id: 'run_0' }];
    for (const rest of [{}, { next_cursor: null }, { has_more: false, next_cursor: 'x' }]) {
      world.olostep.on(`${eventsPath}?limit=20`, { body: { data, ...rest } });
      expect((await execute({})).data.monitor.runs.pageInfo.hasNextPage, JSON.stringify(rest)).toBe(false);
    }
  });

  it.each([{}, { next_cursor: null }, { next_cursor: '' }, { next_cursor: 7 }])(
    'are an error behind the last that came, where Olostep has more and does not say how to go on: %j',
    async (rest) => {
      const { world, execute } = await createListed([]);
      for (const limit of [20, 21])
        world.olostep.on(`${eventsPath}?limit=${limit}`, {
          body: { data: [{ run_id: 'run_0' }], has_more: true, ...rest },
        });

      const answer = await execute({});
      expect(idsOf(answer)).toEqual(['run_0']);
      const { hasNextPage, endCursor } = answer.data.monitor.runs.pageInfo;
      expect(hasNextPage).toBe(true);
      expect(errorsOf(await execute({ after: endCursor }))).toEqual([['monitor.runs', 'UPSTREAM_BAD_RESPONSE']]);
    },
  );

  /** A cursor of the list that contains Olostep's own page, as a client can make it. */
  async function cursorAt(execute: (variables: object) => Promise<Answer>, page: string) {
    const [edge] = edgesOf(await execute({ first: 1 }));
    const [list] = JSON.parse(Buffer.from(edge?.cursor ?? '', 'base64url').toString());
    return Buffer.from(JSON.stringify([list, page, 0, 'run_0'])).toString('base64url');
  }

  it('are requested once where Olostep fails at a cursor, and may be requested again', async () => {
    const { world, execute, pages } = await createListed(snapshotsOf(3));
    const after = await cursorAt(execute, 'canary');
    pages();
    world.olostep.onAny({ status: 500 });

    expect((await execute({ after })).errors).toMatchObject([
      { extensions: { code: 'UPSTREAM_UNAVAILABLE', upstreamStatus: 500, retryable: true } },
    ]);
    expect(pages()).toHaveLength(1);
  });

  it('are not gone with a cursor that Olostep does not know: it is refused', async () => {
    const { world, execute } = await createListed(snapshotsOf(3));
    const after = await cursorAt(execute, 'canary');
    world.olostep.onAny({ status: 404 });

    expect(errorsOf(await execute({ after }))).toEqual([['monitor.runs', 'BAD_USER_INPUT']]);
  });

  describe('of a window', () => {
    it('are not gone where Olostep has their monitor on one page and not on the next', async () => {
      const { world, execute } = await createListed([]);
      const data = snapshotsOf(3);
      world.olostep.onAny({ status: 404 });
      world.olostep.on(firstPage, { body: { data, has_more: true, next_cursor: 'x' } });

      expect(errorsOf(await execute({ startedAfter: '2025-01-01T00:00:00Z' }))).toEqual([
        ['monitor.runs', 'UPSTREAM_BAD_RESPONSE'],
      ]);
    });

    const hour = (place: number) => new Date((newest - place * 3_600) * 1_000).toISOString();

    it('are those between its ends, both included', async () => {
      const { execute, pages } = await createListed(snapshotsOf(80));

      const answer = await execute({ startedAfter: hour(7), startedBefore: hour(3) });

      expect(idsOf(answer)).toEqual(['run_3', 'run_4', 'run_5', 'run_6', 'run_7']);
      expect(answer.data.monitor.runs).toMatchObject({ totalCount: null, pageInfo: { hasNextPage: false } });
      expect(pages()).toEqual([{ limit: '100' }]);
    });

    it("fill a page from as many of Olostep's as it takes", async () => {
      const { execute, pages } = await createListed(snapshotsOf(300));

      expect(idsOf(await execute({ first: 100, startedAfter: hour(150), startedBefore: hour(60) }))).toHaveLength(91);
      expect(pages()).toHaveLength(2);
    });

    it('stop to be looked for at the first that is too old', async () => {
      const { execute, pages } = await createListed(snapshotsOf(500));

      expect(idsOf(await execute({ first: 100, startedAfter: hour(49) }))).toHaveLength(50);
      expect(pages()).toHaveLength(1);
    });

    it.each([1, 7, 100])('come a page of %i at a time, to their end, and go on behind every edge', async (first) => {
      const snapshots = snapshotsOf(260);
      const { execute } = await createListed(snapshots);
      const window = { startedAfter: hour(230), startedBefore: hour(215) };
      const found: Edge[] = [];
      let after: string | null = null;
      do {
        const answer: Answer = await execute({ first, after, ...window });
        found.push(...edgesOf(answer));
        const { hasNextPage, endCursor } = answer.data.monitor.runs.pageInfo;
        after = hasNextPage ? endCursor : null;
      } while (after !== null);
      const ids = found.map(({ node }) => node?.runId);

      expect(ids).toEqual(runIds(snapshots).slice(215, 231));
      for (const [place, { cursor }] of found.entries())
        expect(idsOf(await execute({ first: 2, after: cursor, ...window }))).toEqual(ids.slice(place + 1, place + 3));
    });

    it('are looked for on five pages at a time, and then where that stopped', async () => {
      const { execute, pages } = await createListed(snapshotsOf(720));
      const window = { startedBefore: hour(700) };

      const first = await execute(window);
      const { endCursor, startCursor } = first.data.monitor.runs.pageInfo;
      expect(first.data.monitor.runs).toMatchObject({ edges: [], pageInfo: { hasNextPage: true } });
      expect(startCursor).toBeNull();
      expect(pages()).toHaveLength(5);

      const second = await execute({ ...window, after: endCursor });
      expect(idsOf(second)).toEqual(runIds(snapshotsOf(720)).slice(700));
      expect(second.data.monitor.runs.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
      expect(pages()).toHaveLength(3);
    });

    it('are shown as far as pages came in time, and the next page continues at the one that timed out', async () => {
      const snapshots = snapshotsOf(150);
      const { world, execute, pages } = await createListed(snapshots);
      const window = { first: 100, startedAfter: hour(120), startedBefore: hour(60) };
      const [next] = snapshots.slice(99);
      world.olostep.on(`${firstPage}&cursor=${encodeURIComponent(`behind ${next?.run_id}&`)}`, silence);
      const clock = holdClock();
      holdDice(0);

      const requested = execute(window);
      for (const times of [1, 2]) {
        await until(() => world.olostep.paths.filter((path) => path.includes('&cursor=')).length === times);
        await clock.pass(3_000);
      }
      const first = await requested;
      expect(first.errors).toBeUndefined();
      expect(idsOf(first)).toEqual(runIds(snapshots).slice(60, 100));
      expect(first.data.monitor.runs.pageInfo).toMatchObject({ hasNextPage: true });
      pages();

      serveEvents(world.olostep, monitorId, snapshots);
      world.olostep.on(`${firstPage}&cursor=${encodeURIComponent(`behind ${next?.run_id}&`)}`, {
        body: { data: snapshots.slice(100), has_more: false, next_cursor: null },
      });
      const second = await execute({ ...window, after: first.data.monitor.runs.pageInfo.endCursor });
      expect(idsOf(second)).toEqual(runIds(snapshots).slice(100, 121));
      expect(second.data.monitor.runs.pageInfo).toMatchObject({ hasNextPage: false });
      expect(pages()).toHaveLength(1);
    });

    it('have one that says no time where the list has it: with the nearest above, or now if there is none', async () => {
      holdDate(new Date((newest + 60) * 1_000).toISOString());
      const [first, second, third] = snapshotsOf(3);
      const { execute } = await createListed([
        { run_id: 'run_top' },
        ...(first ? [first] : []),
        ...(second ? [second, { ...anySnapshot('run_null', 0), created: null }] : []),
        ...(third ? [third, { ...anySnapshot('run_bad', 0), created: 'soon' }] : []),
      ] as Snapshot[]);

      expect(idsOf(await execute({ startedAfter: hour(0) }))).toEqual(['run_top', 'run_0']);
      expect(idsOf(await execute({ startedBefore: hour(0) }))).toEqual([
        'run_0',
        'run_1',
        'run_null',
        'run_2',
        'run_bad',
      ]);
      expect(idsOf(await execute({ startedAfter: hour(1), startedBefore: hour(1) }))).toEqual(['run_1', 'run_null']);
      expect(idsOf(await execute({ startedBefore: hour(2) }))).toEqual(['run_2', 'run_bad']);

      const pages: unknown[] = [];
      let after: string | null = null;
      do {
        const answer: Answer = await execute({ first: 1, startedBefore: hour(1), after });
        expect(answer.errors).toBeUndefined();
        pages.push(idsOf(answer));
        const { hasNextPage, endCursor } = answer.data.monitor.runs.pageInfo;
        after = hasNextPage ? endCursor : null;
      } while (after !== null);
      expect(pages.flat()).toEqual(['run_1', 'run_null', 'run_2', 'run_bad']);
    });

    it('have one that says no more than when it ran where that was', async () => {
      const ran_at = `${hour(1).slice(0, 'yyyy-mm-ddThh:'.length)}30:00Z`;
      const [first, second] = snapshotsOf(3);
      const { execute } = await createListed([
        first,
        { ...anySnapshot('run_ran', 0), created: null, ran_at },
        second,
      ] as Snapshot[]);

      expect(idsOf(await execute({ startedBefore: ran_at }))).toEqual(['run_ran', 'run_1']);
      expect(idsOf(await execute({ startedAfter: hour(0) }))).toEqual(['run_0']);
    });

    it('are all looked for where the list is not newest first, which the log tells, and sorted page by page', async () => {
      const snapshots = snapshotsOf(230).toReversed();
      const { world, execute, pages } = await createListed(snapshots);

      const answer = await execute({ first: 100, startedAfter: hour(4) });

      expect(idsOf(answer)).toEqual(['run_0', 'run_1', 'run_2', 'run_3', 'run_4']);
      expect(answer.data.monitor.runs.pageInfo.hasNextPage).toBe(false);
      expect(pages()).toHaveLength(3);
      expect(world.lines).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          message: 'list of runs out of order',
          provider: 'OLOSTEP',
          monitorId,
        }),
      );
    });
  });

  describe('know no run behind', () => {
    const expected = 'Expected `after` to be the cursor of a run of this monitor and window.';
    const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const list = `${monitorId}  `;

    it.each([
      [' ', 'a space'],
      ['garbage', 'garbage'],
      [made(null), 'no list'],
      [made([list]), 'no page'],
      [made([list, null]), 'the beginning'],
      [made([list, '']), 'an empty page cursor'],
      [made([list, '\ud800']), 'a page cursor that no URL can have'],
      [made([list, 7, 0, 'run_0']), 'a page cursor that is no text'],
      [made([list, null, -1, 'run_0']), 'a place below zero'],
      [made([list, null, 0.5, 'run_0']), 'a part of a place'],
      [made([list, null, 0, 'x']), 'an id of no run'],
      [made([`monitor_other  `, null, 0, 'run_0']), "another monitor's run"],
    ])('%s (%s), and no call is made', async (after) => {
      const { execute, pages } = await createListed(snapshotsOf(3));

      const answer = await execute({ after });

      expect(answer.errors).toMatchObject([
        { message: expected, path: ['monitor', 'runs'], extensions: { code: 'BAD_USER_INPUT', provider: 'OLOSTEP' } },
      ]);
      expect(pages()).toEqual([]);
    });

    it('a cursor of another window', async () => {
      const { execute } = await createListed(snapshotsOf(3));
      const [edge] = edgesOf(await execute({}));

      const answer = await execute({ after: edge?.cursor, startedBefore: '2025-11-20T08:00:00Z' });

      expect(answer.errors).toMatchObject([{ message: expected }]);
    });

    it('a run that two pages lack', async () => {
      const snapshots = snapshotsOf(300);
      const { execute, pages } = await createListed(snapshots);
      const [edge] = edgesOf(await execute({ first: 2 }));
      snapshots.splice(0, 1);
      pages();

      const answer = await execute({ first: 2, after: edge?.cursor });

      expect(answer.errors).toMatchObject([{ message: expected }]);
      expect(pages()).toEqual([{ limit: '3' }, { limit: '100', cursor: 'behind run_3&' }]);
    });
  });
});

describe('Olostep lists: a cached run that is shown while Olostep is down (stale-if-error)', () => {
  const key = `key: { provider: OLOSTEP, monitorId: "${monitorId}", runId: "${runId}" }`;
  const down = { status: 500 };

  it('is the same whatever else is selected', async () => {
    holdDate('2026-11-22T12:00:00Z');
    const world = await createListingWorld({ runCache: true, limits: { maxAttempts: 1 } });
    world.olostep.on(olostepPath, { body: olostepBody });
    world.olostep.on(firstPage, { body: { data: [anySnapshot(runId, newest, true)] } });
    await world.execute(`{ monitorRun(${key}) { startedAt } }`);
    vi.setSystemTime(new Date('2026-11-22T12:00:01Z'));
    await world.execute(`{ monitorRun(${key}) { ... on OlostepRun { changed } } }`);
    world.olostep.onAny(down);
    world.olostep.on(olostepPath, down);
    world.olostep.on(firstPage, down);
    // Neither copy is fresh any more.
    vi.setSystemTime(new Date('2026-11-22T14:00:00Z'));

    const alone = `alone: monitorRun(${key}, allowStale: true) { phase outcome isStale readAt }`;
    const row = `row: monitorRun(${key}, allowStale: true) { outcome isStale ... on OlostepRun { changed } }`;

    const run = { phase: 'FINISHED', outcome: 'FINDING', isStale: true, readAt: '2026-11-22T12:00:01.000Z' };
    expect(await world.execute(`{ ${alone} }`)).toEqual({ data: { alone: run } });
    expect(await world.execute(`{ ${row} ${alone} }`)).toEqual({
      data: { alone: run, row: { outcome: 'FINDING', isStale: true, changed: true } },
    });
  });
});
