import { expect, it } from 'vitest';
import { datafoldPath, olostepPath } from '../support/bodies.ts';
import { expectDocumented, type ProviderAnswer, readDocument } from '../support/documented.ts';
import { openSandbox, origin } from '../support/open-sandbox.ts';
import { createWorld } from '../support/world.ts';

const second = 1_000;
const minute = 60 * second;

/** The clock of a person who looks again and again, and after an hour. */
const looks = [0, 10 * second, 10 * second, 20 * second, 20 * second, 3 * minute, 56 * minute];

it('sandbox: answers as Datafold documents, whatever the run and the time', async () => {
  const sandbox = await openSandbox();
  const { enum: states } = readDocument('datafold').components.schemas.MonitorRunState;

  for (const look of looks) {
    sandbox.advance(look);
    const answers = await sandbox.allDatafold();

    expectDocumented('datafold', answers);
    for (const { body } of answers) {
      expect(states).toContain(body.state);
      expect(body.started_at === null).toBe(['created', 'queued', 'skipped'].includes(body.state));
      expect(body.error === null).toBe(body.state !== 'error');
    }
  }
}, 120_000);

it('sandbox: answers as Olostep documents, whatever the run and the time', async () => {
  const sandbox = await openSandbox();

  for (const look of looks) {
    sandbox.advance(look);
    const answers = await sandbox.allOlostep();

    expectDocumented('olostep', answers);
    for (const { body } of answers) {
      for (const { message, event } of body.events) {
        if (event) expect(JSON.parse(message)).toEqual(event);
        else expect(() => JSON.parse(message)).toThrow();
      }
    }
  }
}, 120_000);

it('sandbox: lists Datafold runs and monitors as Datafold documents, whatever the time, and says of them what single answers do', async () => {
  const sandbox = await openSandbox();

  for (const look of looks) {
    sandbox.advance(look);
    const all = await sandbox.datafold('/api/v1/monitors?page_size=50');
    expectDocumented('datafold', [all], '/monitors');
    expect(all.body).toMatchObject({ count: 10, page: 1, page_size: 50, total_pages: 1 });
    expect(all.body.monitors.map(({ id }: { id: number }) => id)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);

    for (const row of all.body.monitors) {
      const path = `/api/v1/monitors/${row.id}`;
      const single = await sandbox.datafold(path);
      const list = await sandbox.datafold(`${path}/runs?page_size=3`);
      expectDocumented('datafold', [single], '/monitors/{id}');
      expectDocumented('datafold', [list], '/monitors/{id}/runs');
      expect(single.body).toMatchObject(row);
      const [newest] = list.body.runs;
      expect(row.state).toBe(newest.state);
      for (const run of list.body.runs) {
        const {
          error: _error,
          warnings: _warnings,
          ...rest
        } = (await sandbox.datafold(`${path}/runs/${run.run_id}`)).body;
        expect(run).toEqual(rest);
      }
    }
  }
}, 60_000);

it('sandbox: has Datafold monitors with every kind of schedule, alert and notification', async () => {
  const sandbox = await openSandbox();
  const bodies: ProviderAnswer['body'][] = [];
  for (let id = 1; id <= 10; id++) bodies.push((await sandbox.datafold(`/api/v1/monitors/${id}`)).body);

  const kindsOf = (toKinds: (body: ProviderAnswer['body']) => unknown) => new Set(bodies.flatMap(toKinds));
  expect(kindsOf(({ schedule }) => (schedule.interval ?? schedule).type)).toEqual(
    new Set(['hourly', 'daily', 'crontab', 'none']),
  );
  expect(kindsOf(({ alert }) => alert?.type)).toEqual(
    new Set(['diff', 'automatic', 'absolute', 'percentage', undefined]),
  );
  expect(kindsOf(({ notifications }) => notifications.map(({ type }: { type: string }) => type))).toEqual(
    new Set(['email', 'pagerduty', 'webhook', 'slack', 'teams']),
  );
  for (const name of ['owner', 'description', 'tags', 'alert']) expect(kindsOf((body) => body[name])).toContain(null);
  expect(kindsOf(({ enabled }) => enabled)).toEqual(new Set([true, false]));
});

it('sandbox: sends Datafold runs newest first, in pages of at most 50', async () => {
  const sandbox = await openSandbox();
  const pages: ProviderAnswer['body'][] = [];
  for (const page of [1, 2, 3])
    pages.push((await sandbox.datafold(`/api/v1/monitors/1/runs?page=${page}&page_size=100`)).body);

  expect(pages.map(({ runs, ...numbers }) => ({ ...numbers, length: runs.length }))).toEqual([
    { count: 73, page: 1, page_size: 50, total_pages: 2, length: 50 },
    { count: 73, page: 2, page_size: 50, total_pages: 2, length: 23 },
    { count: 73, page: 3, page_size: 50, total_pages: 2, length: 0 },
  ]);
  const ids = pages.flatMap(({ runs }) => runs.map(({ run_id }: { run_id: number }) => run_id));
  expect(ids).toEqual(Array.from({ length: 73 }, (_, place) => 73 - place));
  expect((await sandbox.datafold('/api/v1/monitors/1/runs')).body).toMatchObject({ page: 1, page_size: 10 });
});

it('sandbox: sends the Datafold runs that started in a window, both ends included, and none that have not started', async () => {
  const sandbox = await openSandbox();
  const list = async (query = '') => (await sandbox.datafold(`/api/v1/monitors/7/runs?page_size=50${query}`)).body.runs;
  const all: { run_id: number; started_at: string | null }[] = await list();
  const started = all.filter(({ started_at }) => started_at !== null);
  expect(started.length).toBeLessThan(all.length);

  expect(await list(`&end_time=${new Date(origin).toISOString()}`)).toEqual(started);
  const [newest, second] = started;
  expect(await list(`&start_time=${second?.started_at}&end_time=${newest?.started_at}`)).toEqual([newest, second]);
  expect(await list(`&end_time=${second?.started_at}`)).toEqual(started.slice(1));
});

it('sandbox: sends the Datafold monitors with all of the tags, in the requested order', async () => {
  const sandbox = await openSandbox();
  const list = async (query: string): Promise<{ id: number; last_run: string | null }[]> =>
    (await sandbox.datafold(`/api/v1/monitors?${query}`)).body.monitors;
  const ids = async (query: string) => (await list(query)).map(({ id }) => id);

  expect(await ids('tags=critical')).toEqual([8, 7, 1]);
  expect(await ids('tags=shop,critical&order_by=id&sort_order=asc')).toEqual([1, 7]);
  expect(await ids('tags=nothing')).toEqual([]);
  expect(await ids('order_by=id&sort_order=asc&page=2&page_size=4')).toEqual([5, 6, 7, 8]);
  const times = (await list('order_by=last_run')).map(({ last_run }) => last_run ?? '');
  expect(times).toEqual(times.toSorted().toReversed());
});

it.each([
  ['page=0', 'page'],
  ['page=-1', 'page'],
  ['page=1.5', 'page'],
  ['page=', 'page'],
  ['page_size=0', 'page_size'],
  ['page_size=many', 'page_size'],
])('sandbox: has Datafold refuse a list with %s with 422', async (query, name) => {
  const sandbox = await openSandbox();

  for (const path of ['/monitors', '/monitors/7/runs']) {
    const answer = await sandbox.datafold(`/api/v1${path}?${query}`);

    expect(answer.status).toBe(422);
    expectDocumented('datafold', [answer], path.replace('7', '{id}'));
    expect(answer.body.detail.map(({ loc }: { loc: string[] }) => loc)).toEqual([['query', name]]);
  }
});

it.each(['runs?start_time=yesterday', 'runs?end_time=2026-02-30T00:00:00Z', '?order_by=size', '?sort_order=up'])(
  'sandbox: has Datafold refuse %s with 422',
  async (rest) => {
    const sandbox = await openSandbox();

    const { status } = await sandbox.datafold(`/api/v1/monitors${rest.startsWith('?') ? rest : `/7/${rest}`}`);

    expect(status).toBe(422);
  },
);

it('sandbox: shows about ten Datafold monitors with runs in every state from the first moment on', async () => {
  const sandbox = await openSandbox();

  const bodies = (await sandbox.allDatafold()).map(({ body }) => body);

  expect(new Set(bodies.map((body) => body.monitor_id)).size).toBe(10);
  expect(new Set(bodies.map((body) => body.state))).toEqual(
    new Set(['ok', 'alert', 'error', 'learning', 'checking', 'created', 'queued', 'skipped', 'cancelled']),
  );
});

it.each([
  ['7/42', 'alert'],
  ['7/40', 'ok'],
  ['7/41', 'error'],
  ['3/1', 'learning'],
  ['5/20', 'skipped'],
  ['8/31', 'cancelled'],
  ['7/43', 'created'],
  ['2/61', 'queued'],
  ['1/73', 'checking'],
])('sandbox: has Datafold run %s in state %s at the start, whatever the seed', async (ids, state) => {
  for (const seed of [1, 2, 3]) {
    const sandbox = await openSandbox(seed);
    const [monitor, run] = ids.split('/');

    const { body } = await sandbox.datafold(`/api/v1/monitors/${monitor}/runs/${run}`);

    expect(body).toMatchObject({ monitor_id: Number(monitor), run_id: Number(run), state });
  }
});

it.each([
  ['a finished run', 'monitor_n8q2x4m1ak/run_k3v9c1p7zd', { lines: 16, ends: true, snapshot: true }],
  ['a run with a long log', 'monitor_j0bb04rd42/run_l0ngl0gxxl', { lines: 5_004, ends: true, snapshot: true }],
  ['a run with a garbled line', 'monitor_n8q2x4m1ak/run_g4rbl3dl0g', { lines: 17, ends: true, snapshot: true }],
  ['a run that broke off', 'monitor_n8q2x4m1ak/run_ag3ntl0st0', { lines: undefined, ends: false, snapshot: false }],
  ['a run without any log', 'monitor_n8q2x4m1ak/run_s1l3ntrun0', { lines: 0, ends: false, snapshot: false }],
  ['a run in progress', 'monitor_n8q2x4m1ak/run_w4tchm3n0w', { lines: undefined, ends: false, snapshot: false }],
])('sandbox: has %s of Olostep at the start, whatever the seed', async (_, ids, { lines, ends, snapshot }) => {
  for (const seed of [1, 2, 3]) {
    const sandbox = await openSandbox(seed);

    const { body } = await sandbox.olostep(`/v1/monitors/${ids.replace('/', '/runs/')}`);

    expect(body.events.at(-1)?.event.event === 'run_complete').toBe(ends);
    expect(body.snapshot !== null).toBe(snapshot);
    if (lines === undefined) expect(body.events.length).toBeGreaterThan(0);
    else expect(body.events.length).toBe(lines);
  }
});

it('sandbox: has a log in the order of time, and shows no line before it was written', async () => {
  const sandbox = await openSandbox();

  for (const { body } of await sandbox.allOlostep()) {
    const times: number[] = body.events.map(({ ts }: { ts: number }) => ts);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1) ?? 0).toBeLessThanOrEqual(origin);
  }
});

it('sandbox: takes a Datafold run from created over queued and checking to its end within a minute', async () => {
  const sandbox = await openSandbox();
  const states: string[] = [];

  for (let elapsed = 0; elapsed <= minute; elapsed += second) {
    const { body } = await sandbox.datafold('/api/v1/monitors/7/runs/43');
    if (states.at(-1) !== body.state) states.push(body.state);
    sandbox.advance(second);
  }

  expect(states).toEqual(['created', 'queued', 'checking', 'ok']);
});

it('sandbox: takes an Olostep run line by line to its snapshot within a minute', async () => {
  const sandbox = await openSandbox();
  const looks: ProviderAnswer['body'][] = [];

  for (let elapsed = 0; elapsed <= minute; elapsed += second) {
    const { body } = await sandbox.olostep('/v1/monitors/monitor_n8q2x4m1ak/runs/run_w4tchm3n0w');
    looks.push(body);
    sandbox.advance(second);
  }

  const end = looks.at(-1);
  for (const { events } of looks) expect(events).toEqual(end.events.slice(0, events.length));
  expect(new Set(looks.map(({ events }) => events.length)).size).toBeGreaterThan(8);
  expect(end.events.at(-1).event).toMatchObject({ event: 'run_complete' });
  expect(end.snapshot).toMatchObject({ snapshot_url: expect.stringContaining('/run_w4tchm3n0w?') });
  expect(looks.findIndex(({ snapshot }) => snapshot !== null)).toBeGreaterThan(
    looks.findIndex(({ events }) => events.length === end.events.length),
  );
});

it('sandbox: begins new runs as time goes by, and leaves those that ended as they were', async () => {
  const sandbox = await openSandbox();
  const datafold = { before: await sandbox.datafold(datafoldPath), all: await sandbox.allDatafold() };
  const olostep = { before: await sandbox.olostep(olostepPath), all: await sandbox.allOlostep() };
  expect((await sandbox.datafold('/api/v1/monitors/7/runs/44')).status).toBe(404);

  sandbox.advance(10 * minute);

  expect((await sandbox.datafold('/api/v1/monitors/7/runs/44')).status).toBe(200);
  expect((await sandbox.allDatafold()).length).toBeGreaterThan(datafold.all.length + 9);
  expect((await sandbox.allOlostep()).length).toBeGreaterThan(olostep.all.length + 5);
  expect(await sandbox.datafold(datafoldPath)).toEqual(datafold.before);
  expect(await sandbox.olostep(olostepPath)).toEqual(olostep.before);
}, 120_000);

it('sandbox: finds changes from one run of Olostep to another, though not at every run', async () => {
  const sandbox = await openSandbox();

  const { rows } = await allSnapshots(sandbox, 'monitor_n8q2x4m1ak', 100);

  const changes = rows.filter(({ changed }) => changed).length;
  expect(changes).toBeGreaterThan(2);
  expect(changes).toBeLessThan(rows.length - 1);
});

it('sandbox: has metadata of a snapshot in an Olostep run, and nothing of what the snapshot says', async () => {
  const sandbox = await openSandbox();
  const { rows } = await allSnapshots(sandbox, 'monitor_n8q2x4m1ak', 100);

  const { body } = await sandbox.olostep(olostepPath);

  const { id, created, snapshot_url } = rows.find(({ run_id }) => run_id === body.run_id);
  expect(body.snapshot).toEqual({ id, created, snapshot_url });
  // As the clients have it, it is signed in advance.
  expect(snapshot_url).toMatch(/\?X-Amz-Signature=\w+$/);
});

it("sandbox: has Olostep's cron expressions in six fields, and targets as Olostep documents them", async () => {
  const sandbox = await openSandbox();

  const { monitors } = (await sandbox.olostep('/v1/monitors?include_deleted=true')).body;

  for (const { schedule } of monitors) expect(schedule.cron.split(' ')).toHaveLength(6);
  const targets = monitors.flatMap(
    ({ notification }: { notification?: { channels: object[] } }) => notification?.channels ?? [],
  );
  expect(targets).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'email', target: expect.stringMatching(/^[^@\s]+@[^@\s]+$/) }),
      expect.objectContaining({ type: 'slack', target: expect.stringMatching(/^https:\/\/[^/]+\/services\//) }),
      expect.objectContaining({ type: 'sms', target: expect.stringMatching(/^\+[1-9]\d{1,14}$/) }),
    ]),
  );
});

it('sandbox: is the same world for the same seed and start, and another for another seed', async () => {
  const [one, same, other] = [await openSandbox(1), await openSandbox(1), await openSandbox(2)];
  for (const sandbox of [one, same, other]) sandbox.advance(90 * second);

  expect(await same.allDatafold()).toEqual(await one.allDatafold());
  expect(await same.allOlostep()).toEqual(await one.allOlostep());
  expect(await other.allDatafold()).not.toEqual(await one.allDatafold());
  expect((await other.olostep(olostepPath)).body.events).not.toEqual((await one.olostep(olostepPath)).body.events);
}, 120_000);

it.each([undefined, 'Key', 'Key wrong', 'Bearer sandbox-datafold-key', 'sandbox-datafold-key'])(
  'sandbox: has Datafold refuse the credentials %s with 401',
  async (authorization) => {
    const sandbox = await openSandbox();

    const answer = await sandbox.execute(`${sandbox.providers.DATAFOLD.baseUrl}${datafoldPath}`, authorization);

    expect(answer).toEqual({ status: 401, body: { detail: expect.any(String) } });
  },
);

it.each([undefined, 'Bearer', 'Bearer wrong', 'Key sandbox-olostep-key', 'sandbox-olostep-key'])(
  'sandbox: has Olostep refuse the credentials %s with 401',
  async (authorization) => {
    const sandbox = await openSandbox();

    const answer = await sandbox.execute(`${sandbox.providers.OLOSTEP.baseUrl}${olostepPath}`, authorization);

    expect(answer).toEqual({ status: 401, body: { error: expect.any(String) } });
  },
);

it.each([
  ['seven/runs/42', [['path', 'id']]],
  ['7/runs/4.2', [['path', 'run_id']]],
  [
    'x/runs/y',
    [
      ['path', 'id'],
      ['path', 'run_id'],
    ],
  ],
])('sandbox: has Datafold refuse %s with 422, part by part', async (ids, places) => {
  const sandbox = await openSandbox();

  const answer = await sandbox.datafold(`/api/v1/monitors/${ids}`);

  expect(answer.status).toBe(422);
  expectDocumented('datafold', [answer]);
  expect(answer.body.detail.map(({ loc }: { loc: string[] }) => loc)).toEqual(places);
});

it.each(['n8q2x4m1ak/runs/run_k3v9c1p7zd', 'monitor_n8q2x4m1ak/runs/42'])(
  'sandbox: has Olostep refuse %s with 400',
  async (ids) => {
    const sandbox = await openSandbox();

    const answer = await sandbox.olostep(`/v1/monitors/${ids}`);

    expect(answer.status).toBe(400);
    expectDocumented('olostep', [answer]);
  },
);

/** All of a monitor's snapshots, a page at a time. */
async function allSnapshots(sandbox: Awaited<ReturnType<typeof openSandbox>>, monitorId: string, limit: number) {
  const pages: ProviderAnswer[] = [];
  let cursor = '';
  do {
    const page = await sandbox.olostep(`/v1/monitors/${monitorId}/events?limit=${limit}${cursor}`);
    pages.push(page);
    cursor = page.body.has_more ? `&cursor=${encodeURIComponent(page.body.next_cursor)}` : '';
  } while (cursor !== '');
  return { pages, rows: pages.flatMap(({ body }) => body.data) };
}

it('sandbox: lists monitors of Olostep in every status, as Olostep documents them, whatever the time', async () => {
  const sandbox = await openSandbox();
  const { enum: statuses } = readDocument('olostep').components.schemas.MonitorStatus;
  const [lists, singles, events]: [ProviderAnswer[], ProviderAnswer[], ProviderAnswer[]] = [[], [], []];

  for (const look of looks) {
    sandbox.advance(look);
    const shown = await sandbox.olostep('/v1/monitors');
    const all = await sandbox.olostep('/v1/monitors?include_deleted=true');

    lists.push(shown, all);
    const { monitors } = all.body;
    expect(new Set(monitors.map(({ status }: { status: string }) => status))).toEqual(new Set(statuses));
    expect(all.body.count).toBe(monitors.length);
    expect(shown.body.monitors).toEqual(monitors.filter(({ status }: { status: string }) => status !== 'deleted'));
    for (const row of monitors) {
      const single = await sandbox.olostep(`/v1/monitors/${row.id}?include-diagram=1`);
      singles.push(single);
      const { last_run, total_count, mermaid_diagram, ...rest } = single.body;
      const { last_run: listed, ...light } = row;
      expect(light).toEqual(rest);
      if (listed !== undefined) expect(listed).toEqual(last_run);
      expect('tracked' in row).toBe(mermaid_diagram !== null);
      expect(row.error_message !== undefined).toBe(row.status === 'failed');
      const { pages } = await allSnapshots(sandbox, row.id, 100);
      events.push(...pages);
      expect(total_count).toBe(pages[0]?.body.total_count);
    }
    const listed = monitors.filter((row: object) => 'last_run' in row);
    expect(listed.length).toBeGreaterThan(0);
    expect(listed.length).toBeLessThan(monitors.length);
  }
  expectDocumented('olostep', lists, '/v1/monitors');
  expectDocumented('olostep', singles, '/monitors/{monitor_id}');
  expectDocumented('olostep', events, '/events');
}, 120_000);

it('sandbox: counts and draws of an Olostep monitor what is requested', async () => {
  const sandbox = await openSandbox();
  const path = '/v1/monitors/monitor_n8q2x4m1ak';
  const counts: unknown[] = [];
  for (const query of ['', '?include_total_count=true', '?include_total_count=false', '?include_total_count=0'])
    counts.push((await sandbox.olostep(`${path}${query}`)).body.total_count);

  expect(counts).toEqual([expect.any(Number), counts[0], null, null]);
  expect((await sandbox.olostep(path)).body).not.toHaveProperty('mermaid_diagram');
  expect((await sandbox.olostep(`${path}?include-diagram=true`)).body.mermaid_diagram).toContain('graph TD');
});

it("sandbox: pages through an Olostep monitor's snapshots, newest first: those of its runs that have one", async () => {
  const sandbox = await openSandbox();
  const stored = new Map<string, string[]>();
  for (const { body } of await sandbox.allOlostep())
    if (body.snapshot) stored.set(body.monitor_id, [body.run_id, ...(stored.get(body.monitor_id) ?? [])]);

  expect(stored.size).toBeGreaterThan(4);
  for (const [monitorId, runIds] of stored) {
    for (const limit of [1, 7, 100]) {
      const { pages, rows } = await allSnapshots(sandbox, monitorId, limit);
      expect(rows.map(({ run_id }) => run_id)).toEqual(runIds);
      expect(pages.every(({ body }) => body.total_count === runIds.length)).toBe(true);
      expect(pages.slice(0, -1).every(({ body }) => body.data.length === limit)).toBe(true);
    }
  }
});

it('sandbox: says of each snapshot whether something has changed since the run before, and what', async () => {
  const sandbox = await openSandbox();

  const { rows } = await allSnapshots(sandbox, 'monitor_n8q2x4m1ak', 100);

  for (const [place, { changed, summary, created }] of rows.entries()) {
    expect(created).toBeLessThanOrEqual(rows[place - 1]?.created ?? origin / second);
    expect(summary !== null).toBe(changed === true);
    expect(changed === null).toBe(place === rows.length - 1);
  }
  expect(new Set(rows.map(({ changed }) => changed))).toEqual(new Set([true, false, null]));
});

it.each([
  ['0', 25],
  ['-1', 25],
  ['1.5', 25],
  ['x', 25],
  ['', 25],
  ['101', 100],
])('sandbox: has Olostep take a limit of %j for %i, as its API checks little', async (limit, taken) => {
  const sandbox = await openSandbox();
  sandbox.advance(200 * minute);
  const path = '/v1/monitors/monitor_n8q2x4m1ak/events';

  const answer = await sandbox.olostep(`${path}?limit=${limit}`);

  expect(answer).toEqual(await sandbox.olostep(`${path}?limit=${taken}`));
  expectDocumented('olostep', [answer], '/events');
  expect(answer.body.data.length).toBe(Math.min(taken, answer.body.total_count));
});

it('sandbox: takes a cursor of Olostep that is none for the beginning', async () => {
  const sandbox = await openSandbox();
  const path = '/v1/monitors/monitor_n8q2x4m1ak/events?limit=3';

  expect(await sandbox.olostep(`${path}&cursor=nonsense`)).toEqual(await sandbox.olostep(path));
});

it("sandbox: answers for Olostep's monitors and their runs through the graph without an error", async () => {
  const sandbox = await openSandbox();
  const world = await createWorld({ providers: sandbox.providers });

  const answer = await world.execute(`{
    monitorList(provider: OLOSTEP, first: 100) {
      totalCount
      nodes {
        id name enabled createdAt lastRunAt
        ... on OlostepMonitor {
          status rawStatus errorMessage updatedAt schedule { frequency cron timezone nextRunAt }
          tracked { type urls webQuery } sourcePolicy { includeUrls excludeUrls includeDomains excludeDomains }
          notification { events channels { type target targetKind events } } webhookUrl outputSchema metadata agentId
          lastRun { runId status changed ranAt run { phase } } snapshotCount diagram
        }
        runs(first: 3) { totalCount nodes { outcome ... on OlostepRun { changed summary snapshotUrl snapshotAt } } }
      }
    }
    olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") { outcome changed snapshot }
  }`);

  expect(answer.errors).toBeUndefined();
  const { monitorList, olostepRun } = answer.data;
  const channels = monitorList.nodes.flatMap(
    ({ notification }: { notification?: { channels: object[] } }) => notification?.channels ?? [],
  );
  expect(channels).toContainEqual({
    type: 'slack',
    target: 'https://hooks.slack.example',
    targetKind: 'URL',
    events: null,
  });
  expect(channels).toContainEqual(expect.objectContaining({ type: 'sms', targetKind: 'PHONE' }));
  expect(JSON.stringify(answer)).not.toContain('T0SHOP');
  expect(['FINDING', 'PASSED']).toContain(olostepRun.outcome);
  expect(monitorList.totalCount).toBe(monitorList.nodes.length);
  for (const { status, runs, snapshotCount, lastRun } of monitorList.nodes) {
    expect(status).not.toBe('UNKNOWN');
    expect(runs.totalCount).toBe(snapshotCount);
    expect(lastRun === null).toBe(snapshotCount === 0);
    if (lastRun) expect(lastRun.run).toEqual({ phase: 'FINISHED' });
  }
});

it.each(['/', '/v1/monitors/', '/v1/monitors/monitor_n8q2x4m1ak/runs', '/v2/monitors'])(
  'sandbox: has the gateway in front of Olostep refuse %s, which is no route, as a signature',
  async (path) => {
    const { providers } = await openSandbox();
    const { baseUrl, apiKey } = providers.OLOSTEP;

    const response = await fetch(`${baseUrl}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });

    expect(response.status).toBe(403);
    expect(response.headers.get('x-amzn-errortype')).toBe('IncompleteSignatureException');
    expect(await response.text()).toContain('Invalid key=value pair');
  },
);

it('sandbox: has no run, monitor or endpoint that it does not have: 404', async () => {
  const { datafold, olostep } = await openSandbox();
  const monitors = '/api/v1/monitors';

  for (const path of ['0', '99', '-7', '99/runs', '7/runs/0', '7/runs/999', '99/runs/1', '-7/runs/42', '7/runs/42/x']) {
    expect((await datafold(`${monitors}/${path}`)).status, path).toBe(404);
  }
  for (const path of ['/', '/api/v1', '/api/v1/datadiffs']) expect((await datafold(path)).status, path).toBe(404);
  for (const path of [
    '/v1/monitors/n8q2x4m1ak',
    '/v1/monitors/n8q2x4m1ak/events',
    '/v1/monitors/monitor_0000000000',
    '/v1/monitors/monitor_0000000000/events',
    '/v1/monitors/monitor_n8q2x4m1ak/runs/run_0000000000',
    '/v1/monitors/monitor_0000000000/runs/run_k3v9c1p7zd',
  ]) {
    expect((await olostep(path)).status, path).toBe(404);
  }
});

it("sandbox: answers Datafold's monitors and lists through the graph without an error", async () => {
  const sandbox = await openSandbox();
  const world = await createWorld({ providers: sandbox.providers });

  const answer = await world.execute(`{
    monitorList(provider: DATAFOLD, accounts: ["default"]) {
      totalCount
      nodes {
        name enabled createdAt lastRunAt
        runs(first: 60) { totalCount nodes { phase outcome startedAt } pageInfo { hasNextPage } }
        ... on DatafoldMonitor {
          modifiedAt lastAlertAt type rawType state rawState tags owner description
          schedule { __typename } datasets { connectionId table } alert { __typename } notifications { __typename }
        }
      }
    }
  }`);

  expect(answer.errors).toBeUndefined();
  const { totalCount, nodes } = answer.data.monitorList;
  expect(totalCount).toBe(10);
  expect(nodes).toHaveLength(10);
  expect(nodes[0]).toMatchObject({
    name: 'Orders: row count',
    type: 'METRIC',
    // The stand-in sends at most 50 at once.
    runs: { pageInfo: { hasNextPage: true } },
    schedule: { __typename: 'DatafoldHourlySchedule' },
    alert: { __typename: 'DatafoldAutomaticAlert' },
  });
  expect(nodes[0].runs.nodes).toHaveLength(50);
  const undated = nodes.flatMap(({ runs }: { runs: { nodes: { startedAt: unknown }[] } }) =>
    runs.nodes.filter(({ startedAt }) => startedAt === null),
  );
  for (const outcome of ['SKIPPED', null]) expect(undated).toContainEqual(expect.objectContaining({ outcome }));
});

it('sandbox: answers a page of examples through the graph without an error', async () => {
  const sandbox = await openSandbox();
  const world = await createWorld({ providers: sandbox.providers });

  const answer = await world.execute(`{
    datafoldRun(monitorId: "7", runId: "42") { phase outcome state rawState startedAt diffId error warnings }
    olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") {
      phase outcome startedAt finishedAt snapshot logGroup
      events { totalCount nodes { id timestamp ingestedAt stream message kind event } }
    }
    long: olostepRun(monitorId: "monitor_j0bb04rd42", runId: "run_l0ngl0gxxl") {
      events(first: 5, kind: "page_fetched") { totalCount nodes { event } }
    }
    watched: olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_w4tchm3n0w") { phase outcome }
    silent: olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_s1l3ntrun0") { phase logGroup }
  }`);

  expect(answer.errors).toBeUndefined();
  expect(answer.data).toMatchObject({
    datafoldRun: { phase: 'FINISHED', outcome: 'FINDING', state: 'ALERT', diffId: '2070042', error: null },
    olostepRun: { phase: 'FINISHED', snapshot: { created: expect.any(Number) }, events: { totalCount: 16 } },
    long: { events: { totalCount: 1_250 } },
    watched: { phase: 'RUNNING', outcome: null },
    silent: { phase: 'UNKNOWN', logGroup: null },
  });
  expect(answer.data.datafoldRun.warnings).toHaveLength(1);
  const kinds = answer.data.olostepRun.events.nodes.map(({ kind }: { kind: string }) => kind);
  expect(new Set(kinds)).toEqual(new Set(['work_received', 'node_start', 'page_fetched', 'node_end', 'run_complete']));
});
