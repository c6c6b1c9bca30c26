import { describe, expect, it } from 'vitest';
import { olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { observeParsing } from '../support/parsing.ts';
import { type Answer, createWorld } from '../support/world.ts';

const query = `query ($first: Int, $after: String, $kind: String) {
  olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") {
    phase
    events(first: $first, after: $after, kind: $kind) {
      edges { cursor node { id kind } }
      nodes { id kind }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }
}`;

const { monitorId, runId } = olostepKey;

interface Arguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly kind?: string | null;
}

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } | null }[];
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}

/** A line of the log: every third is a `tick`, the others are a `tock`. */
const line = (number: number) => ({
  id: `line-${number}`,
  ts: 1763625600000 + number,
  event: { event: number % 3 === 0 ? 'tick' : 'tock' },
});
const lines = (count: number, from = 0) => Array.from({ length: count }, (_, index) => line(from + index));
const ids = (page: Page) => page.edges.map(({ node }) => node?.id);

/** Opens a log. What it holds may change between pages. */
async function openLog(log: readonly unknown[]) {
  const world = await createWorld();
  const hold = (events: readonly unknown[]) => world.olostep.on(olostepPath, { body: { ...olostepBody, events } });
  hold(log);
  const execute = (requested: Arguments): Promise<Answer> => world.execute(query, requested);
  const page = async (requested: Arguments = {}): Promise<Page> => {
    const { data, errors } = await execute(requested);
    expect(errors).toBeUndefined();
    return data.olostepRun.events;
  };
  return { hold, execute, page };
}

const refused = (message: string) => ({
  data: { olostepRun: { phase: 'FINISHED', events: null } },
  errors: [
    {
      message,
      locations: expect.any(Array),
      path: ['olostepRun', 'events'],
      extensions: {
        code: 'BAD_USER_INPUT',
        provider: 'OLOSTEP',
        account: 'default',
        retryable: false,
        requestId: expect.any(String),
      },
    },
  ],
});

describe('agent log: a page of the log', () => {
  it('is the whole log, when that is short', async () => {
    const log = await openLog(lines(3));

    const { edges, nodes, pageInfo, totalCount } = await log.page();

    expect(nodes).toEqual([
      { id: 'line-0', kind: 'tick' },
      { id: 'line-1', kind: 'tock' },
      { id: 'line-2', kind: 'tock' },
    ]);
    expect(edges).toEqual(nodes.map((node) => ({ cursor: expect.stringMatching(/^[\w-]+$/), node })));
    expect(pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: edges[0]?.cursor,
      endCursor: edges[2]?.cursor,
    });
    expect(totalCount).toBe(3);
  });

  it('is empty, without cursors, when the log is', async () => {
    const log = await openLog([]);

    expect(await log.page()).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount: 0,
    });
  });

  it.each([
    [0, 0],
    [1, 1],
    [999, 999],
    [1_000, 1_000],
    [undefined, 100],
    [null, 100],
  ])('of the first %s holds %i of 1,001 events, and says that there are more', async (first, size) => {
    const log = await openLog(lines(1_001));

    const page = await log.page(first === undefined ? {} : { first });

    expect(page.nodes).toHaveLength(size);
    expect(page.edges).toHaveLength(size);
    expect(page.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: page.edges.at(0)?.cursor ?? null,
      endCursor: page.edges.at(-1)?.cursor ?? null,
    });
    expect(page.totalCount).toBe(1_001);
  });

  it('says that there are no more, when it ends with the log', async () => {
    const log = await openLog(lines(1_000));

    expect((await log.page({ first: 1_000 })).pageInfo.hasNextPage).toBe(false);
  });

  it.each([-1, 1_001, 2_147_483_647, -2_147_483_648])('of the first %i is refused, the run is not', async (first) => {
    const log = await openLog(lines(3));

    expect(await log.execute({ first })).toEqual(refused('Expected `first` between 0 and 1,000.'));
  });

  it('has a place and a cursor for what is no event', async () => {
    const log = await openLog([line(0), 'not an event', null, line(3)]);

    const { data, errors } = await log.execute({});
    const page: Page = data.olostepRun.events;

    expect(ids(page)).toEqual(['line-0', undefined, undefined, 'line-3']);
    expect(page.totalCount).toBe(4);
    expect(errors).toHaveLength(4);
    expect(ids(await log.page({ after: page.edges[2]?.cursor ?? '' }))).toEqual(['line-3']);
  });

  it('is one of many in the same request', async () => {
    const world = await createWorld();
    world.olostep.on(olostepPath, { body: { ...olostepBody, events: lines(7) } });

    const answer = await world.execute(`{
      olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") {
        one: events(first: 1) { nodes { id } }
        ticks: events(kind: "tick") { nodes { id } totalCount }
        bad: events(first: -1) { totalCount }
      }
    }`);

    expect(answer).toMatchObject({
      data: {
        olostepRun: {
          one: { nodes: [{ id: 'line-0' }] },
          ticks: { nodes: [{ id: 'line-0' }, { id: 'line-3' }, { id: 'line-6' }], totalCount: 3 },
          bad: null,
        },
      },
      errors: [{ path: ['olostepRun', 'bad'] }],
    });
    expect(world.olostep.paths).toEqual([olostepPath]);
  });
});

describe('agent log: a page after a cursor', () => {
  it.each([0, 1, 2, 3, 4])('begins behind event %i of five', async (place) => {
    const log = await openLog(lines(5));
    const { edges } = await log.page();

    const page = await log.page({ after: edges[place]?.cursor ?? '' });

    expect(ids(page)).toEqual(['line-1', 'line-2', 'line-3', 'line-4'].slice(place));
    expect(page.edges).toEqual(edges.slice(place + 1));
    expect(page.pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: true,
      startCursor: place === 4 ? null : edges[place + 1]?.cursor,
      endCursor: place === 4 ? null : edges[4]?.cursor,
    });
    expect(page.totalCount).toBe(5);
  });

  it('is the first one, when the cursor is null', async () => {
    const log = await openLog(lines(5));

    expect(await log.page({ after: null, first: 2 })).toEqual(await log.page({ first: 2 }));
  });

  const encode = (text: string) => Buffer.from(text).toString('base64url');
  it.each([
    ' ',
    'x',
    'line-0',
    '0',
    '漢',
    ...['null', '0', '"line-0"', '{}', '[]', '[0]', '[null,"line-0"]', '["0","line-0"]', '[0,0]', '[0,{}]'].map(encode),
    ...['[0.5,"line-0"]', '[-1,null]', '[5,null]', '[1e999,null]', '[0,"line-9"]', '[99,"line-9"]', '[0,null]'].map(
      encode,
    ),
    encode('['.repeat(10_000)),
    encode(`${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  ])('is refused, the run is not, when the cursor is none: %.40s', async (after) => {
    const log = await openLog(lines(5));

    expect(await log.execute({ after })).toEqual(refused('Expected `after` to be the cursor of an event of this run.'));
  });

  it('is refused, when the cursor is of another run', async () => {
    const other = await openLog(lines(5, 100));
    const { edges } = await other.page();
    const log = await openLog(lines(5));

    for (const { cursor } of edges) {
      expect(await log.execute({ after: cursor })).toEqual(
        refused('Expected `after` to be the cursor of an event of this run.'),
      );
    }
  });

  it('is refused, when the cursor is of an event without an id, and the log is too short for it', async () => {
    const nameless = lines(5).map(({ id: _id, ...rest }) => rest);
    const log = await openLog(nameless);
    const { endCursor } = (await log.page()).pageInfo;
    log.hold(nameless.slice(0, 3));

    expect(await log.execute({ after: endCursor })).toEqual(
      refused('Expected `after` to be the cursor of an event of this run.'),
    );
  });

  it('still begins behind its event, when lines have come in before it', async () => {
    const log = await openLog(lines(5));
    const { endCursor } = (await log.page({ first: 2 })).pageInfo;
    log.hold([...lines(3, 100), ...lines(5)]);

    expect(ids(await log.page({ after: endCursor }))).toEqual(['line-2', 'line-3', 'line-4']);
  });

  it('holds what has come in at the end', async () => {
    const log = await openLog(lines(2));
    const { endCursor } = (await log.page()).pageInfo;
    log.hold(lines(4));

    expect(ids(await log.page({ after: endCursor }))).toEqual(['line-2', 'line-3']);
  });

  it('is refused, when its event is gone', async () => {
    const log = await openLog(lines(5));
    const { endCursor } = (await log.page({ first: 1 })).pageInfo;
    log.hold(lines(4, 1));

    expect(await log.execute({ after: endCursor })).toEqual(
      refused('Expected `after` to be the cursor of an event of this run.'),
    );
  });
});

describe('agent log: a page of one kind', () => {
  it('holds and counts the events of that kind', async () => {
    const log = await openLog(lines(10));

    const page = await log.page({ kind: 'tick', first: 3 });

    expect(page.nodes).toEqual(['line-0', 'line-3', 'line-6'].map((id) => ({ id, kind: 'tick' })));
    expect(page.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(page.totalCount).toBe(4);
  });

  it.each(['TICK', 'tic', ''])('is empty, when no event is of the kind "%s"', async (kind) => {
    const log = await openLog(lines(10));

    expect(await log.page({ kind })).toMatchObject({ edges: [], totalCount: 0 });
  });

  it('leaves nothing out, when the kind is null', async () => {
    const log = await openLog([...lines(2), { id: 'no kind' }]);

    expect(ids(await log.page({ kind: null }))).toEqual(['line-0', 'line-1', 'no kind']);
  });

  it('may begin behind an event of another kind', async () => {
    const log = await openLog(lines(10));
    const { edges } = await log.page();

    const page = await log.page({ kind: 'tick', after: edges[4]?.cursor ?? '' });

    expect(ids(page)).toEqual(['line-6', 'line-9']);
    expect(page.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(page.totalCount).toBe(4);
  });

  it('has no previous page, when only events of other kinds stand before it', async () => {
    const log = await openLog(lines(5, 1));
    const { edges } = await log.page();

    const page = await log.page({ kind: 'tick', after: edges[0]?.cursor ?? '' });

    expect(ids(page)).toEqual(['line-3']);
    expect(page.pageInfo.hasPreviousPage).toBe(false);
  });

  it('has no next page, when only events of other kinds follow', async () => {
    const log = await openLog(lines(6));

    expect((await log.page({ kind: 'tick', first: 2 })).pageInfo.hasNextPage).toBe(false);
  });
});

describe('agent log: page after page', () => {
  const logs: Readonly<Record<string, readonly object[]>> = {
    'a log': lines(23),
    'a log without ids': lines(23).map(({ id: _id, ...rest }) => rest),
    'a log of one id': lines(23).map((one) => ({ ...one, id: 'same' })),
  };

  it.each(
    Object.keys(logs).flatMap((name) =>
      [1, 2, 3, 22, 23, 24].flatMap((first) => [null, 'tick', 'tock'].map((kind) => [name, first, kind] as const)),
    ),
  )('%s gives, %i at a time, every event of the kind %s once and in order', async (name, first, kind) => {
    const world = await createWorld();
    const log = logs[name] ?? [];
    world.olostep.on(olostepPath, { body: { ...olostepBody, events: log } });
    const timestamps: string[] = [];
    let after: string | null = null;
    let pages = 0;
    do {
      const { data }: Answer = await world.execute(
        `query ($first: Int, $after: String, $kind: String) {
          olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") {
            events(first: $first, after: $after, kind: $kind) { nodes { timestamp } pageInfo { hasNextPage endCursor } }
          }
        }`,
        { first, after, kind },
      );
      const page = data.olostepRun.events;
      timestamps.push(...page.nodes.map(({ timestamp }: { timestamp: string }) => timestamp));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      pages++;
    } while (after !== null && pages < 100);

    const expected = lines(23).filter(({ event }) => kind === null || event.event === kind);
    expect(timestamps).toEqual(expected.map(({ ts }) => new Date(ts).toISOString()));
    expect(pages).toBe(Math.ceil(expected.length / first));
  });
});

describe('agent log: Relay pagination', () => {
  const log = lines(7);
  const run = 'olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd")';

  async function openRun(events: readonly unknown[] = log) {
    const world = await createWorld();
    world.olostep.on(olostepPath, { body: { ...olostepBody, events } });
    return world;
  }

  interface Bounds {
    readonly first?: number;
    readonly last?: number;
    readonly after?: number;
    readonly before?: number;
    readonly kind?: string;
  }

  /** The algorithm of the specification; `after` and `before` are places in the log, whatever its filter leaves of it. */
  function paginate({ first, last, after, before, kind }: Bounds) {
    const all = log.map((one, place) => ({ ...one, place })).filter(({ event }) => !kind || event.event === kind);
    const edges = all.filter(({ place }) => place > (after ?? -1) && place < (before ?? log.length));
    const size = first ?? (last === undefined ? 100 : undefined);
    const shown = size === undefined ? edges.slice(Math.max(0, edges.length - (last ?? 0))) : edges.slice(0, size);
    return {
      ids: shown.map(({ id }) => id),
      hasPreviousPage: last === undefined ? all.some(({ place }) => place <= (after ?? -1)) : edges.length > last,
      hasNextPage: size === undefined ? all.some(({ place }) => place >= (before ?? log.length)) : edges.length > size,
      totalCount: all.length,
    };
  }

  it('is that of the specification, for every cursor, size, direction and kind', async () => {
    const world = await openRun();
    const { data } = await world.execute(`{ ${run} { events { edges { cursor } } } }`);
    const cursors: string[] = data.olostepRun.events.edges.map(({ cursor }: { cursor: string }) => cursor);
    const places = [undefined, ...log.keys()];
    const sizes: Bounds[] = [{}, ...[0, 1, 3, 7, 9].flatMap((size) => [{ first: size }, { last: size }])];
    const cases = places.flatMap((after) =>
      places.flatMap((before) =>
        [undefined, 'tick', 'tock'].flatMap((kind) =>
          sizes.map((size) =>
            Object.fromEntries(
              Object.entries({ ...size, after, before, kind }).filter(([, value]) => value !== undefined),
            ),
          ),
        ),
      ),
    ) as Bounds[];
    const toArguments = (bounds: Bounds) =>
      Object.entries(bounds).map(([name, value]) => {
        const isCursor = name === 'after' || name === 'before';
        return `${name}: ${typeof value === 'number' && !isCursor ? value : JSON.stringify(isCursor ? cursors[Number(value)] : value)}`;
      });

    const page =
      'fragment Page on AgentLogEventConnection { nodes { id } pageInfo { hasPreviousPage hasNextPage } totalCount }';
    for (let from = 0; from < cases.length; from += 40) {
      const some = cases.slice(from, from + 40);
      const aliases = some.map((bounds, index) => {
        const given = toArguments(bounds);
        return `a${index}: events${given.length > 0 ? `(${given})` : ''} { ...Page }`;
      });
      const { data, errors } = await world.execute(`{ ${run} { ${aliases.join(' ')} } } ${page}`);
      expect(errors).toBeUndefined();
      for (const [index, bounds] of some.entries()) {
        const { nodes, pageInfo, totalCount } = data.olostepRun[`a${index}`];
        const found = { ids: nodes.map(({ id }: { id: string }) => id), ...pageInfo, totalCount };
        expect(found, JSON.stringify(bounds)).toEqual(paginate(bounds));
      }
    }
  });

  it.each([
    ['first: 1, last: 1', 'Expected `first` or `last`, not both.'],
    ['first: 0, last: 0', 'Expected `first` or `last`, not both.'],
    ['last: -1', 'Expected `last` between 0 and 1,000.'],
    ['last: 1001', 'Expected `last` between 0 and 1,000.'],
    ['before: "x"', 'Expected `before` to be the cursor of an event of this run.'],
  ])('refuses %s at the field, beside the others of the run', async (given, message) => {
    const world = await openRun();

    const { data, errors } = await world.execute(`{ ${run} { phase events(${given}) { totalCount } } }`);

    expect(data).toEqual({ olostepRun: { phase: 'FINISHED', events: null } });
    expect(errors).toMatchObject([
      { message, path: ['olostepRun', 'events'], extensions: { code: 'BAD_USER_INPUT', provider: 'OLOSTEP' } },
    ]);
  });

  it.each(['first: 1, last: 1', 'last: 1001', 'first: -1'])(
    'refuses %s at no call, as often as it is requested',
    async (given) => {
      const world = await openRun();
      const events = `events(${given}) { totalCount }`;
      const size = { first: 1, last: 1 };
      const bySize = `query ($first: Int, $last: Int) { ${run} { id events(first: $first, last: $last) { totalCount } } }`;
      const listed = `olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_b")`;
      // Operations that are used again have a plan, which gives up on arguments that can't be.
      for (let time = 0; time < 4; time++) {
        const answer = await world.execute(
          `{ ${run} { __typename id runId ${events} again: ${events} } b: ${listed} { ${events} } }`,
        );
        const { id, ...ids } = { __typename: 'OlostepRun', id: `OLOSTEP:${monitorId}:${runId}`, runId };
        expect(answer.data).toEqual({ olostepRun: { id, ...ids, events: null, again: null }, b: { events: null } });
        expect(answer.errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code]).sort()).toEqual([
          ['b.events', 'BAD_USER_INPUT'],
          ['olostepRun.again', 'BAD_USER_INPUT'],
          ['olostepRun.events', 'BAD_USER_INPUT'],
        ]);
        expect((await world.execute(bySize, size)).errors).toHaveLength(1);
      }
      expect(world.olostep.paths).toEqual([]);

      // What else is selected needs its call.
      for (let time = 0; time < 4; time++) expect((await world.execute(bySize, { last: 1 })).errors).toBeUndefined();
      expect(world.olostep.paths).toEqual(Array(4).fill(olostepPath));
      expect((await world.execute(bySize, size)).errors).toHaveLength(1);
      const beside = await world.execute(`{ ${run} { phase ${events} } }`);
      expect(beside.data).toEqual({ olostepRun: { phase: 'FINISHED', events: null } });
      expect(world.olostep.paths).toEqual(Array(5).fill(olostepPath));
    },
  );

  it('refuses them in a list of runs without a call for each', async () => {
    const world = await openRun();
    const row = { id: 'event_1', run_id: runId, created: 1_763_625_609, changed: true };
    world.olostep.on(`/v1/monitors/${monitorId}/events?limit=20`, { body: { data: [row], has_more: false } });
    world.olostep.on(`/v1/monitors/${monitorId}?include_total_count=false`, { body: { id: monitorId } });

    const { data } = await world.execute(`{ monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) {
      runs { nodes { id ... on OlostepRun { events(first: 1, last: 1) { totalCount } } } }
    } }`);

    expect(data.monitor.runs.nodes).toEqual([{ id: `OLOSTEP:${monitorId}:${runId}`, events: null }]);
    expect(world.olostep.paths).not.toContain(olostepPath);
  });

  it('takes null for no argument, as clients send it that page in both directions', async () => {
    const world = await openRun();
    const both = `query ($first: Int, $last: Int, $after: String, $before: String) {
      ${run} { events(first: $first, last: $last, after: $after, before: $before) { nodes { id } } }
    }`;
    const idsFor = async (given: object) =>
      (await world.execute(both, given)).data.olostepRun.events.nodes.map(({ id }: { id: string }) => id);

    expect(await idsFor({ first: null, last: 2, after: null, before: null })).toEqual(['line-5', 'line-6']);
    expect(await idsFor({ first: 2, last: null, after: '', before: '' })).toEqual(['line-0', 'line-1']);
    expect(await idsFor({ first: null, last: null })).toHaveLength(7);
  });

  it('goes backwards through a whole log, each page by one call, while lines come in at its end', async () => {
    const world = await openRun(lines(23));
    const pages: string[][] = [];
    let before: string | null = null;
    do {
      const { data }: Answer = await world.execute(
        `query ($before: String) { ${run} { events(last: 5, before: $before) { nodes { id } pageInfo { hasPreviousPage startCursor } } } }`,
        { before },
      );
      const { nodes, pageInfo } = data.olostepRun.events;
      pages.push(nodes.map(({ id }: { id: string }) => id));
      before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null;
      world.olostep.on(olostepPath, { body: { ...olostepBody, events: lines(23 + pages.length) } });
    } while (before !== null && pages.length < 20);

    expect(pages.map(({ length }) => length)).toEqual([5, 5, 5, 5, 3]);
    expect(pages.toReversed().flat()).toEqual(lines(23).map(({ id }) => id));
    expect(world.olostep.paths).toHaveLength(5);
  });

  it.each([
    ['last: 50', 50],
    ['last: 50, kind: "tick"', 50],
    ['last: 50, before: $before', 50],
    ['last: 0', 0],
  ])(
    'parses the events of the page alone, of 100,000: %s',
    async (given, count) => {
      const world = await openRun(lines(100_000));
      const select = `pageInfo { startCursor } nodes { id } totalCount`;
      const { data } = await world.execute(`{ ${run} { events(last: 1) { ${select} } } }`);
      const before = data.olostepRun.events.pageInfo.startCursor;
      world.olostep.paths.length = 0;
      const parsing = observeParsing('"ts":');

      const declared = given.includes('$') ? 'query ($before: String)' : '';
      const answer = await world.execute(`${declared} { ${run} { events(${given}) { ${select} } } }`, { before });

      expect(answer.data.olostepRun.events.nodes).toHaveLength(count);
      expect(parsing.count()).toBe(count);
      expect(world.olostep.paths).toEqual([olostepPath]);
    },
    30_000,
  );
});

describe('agent log: a log of 100,000 events', () => {
  const everything = `{
    olostepRun(monitorId: "monitor_n8q2x4m1ak", runId: "run_k3v9c1p7zd") {
      phase startedAt finishedAt logGroup events(first: 1) { totalCount }
    }
  }`;
  const requestFor = async (count: number) => {
    const world = await createWorld();
    const events = `[${'{},'.repeat(count - 1)}{}]`;
    const body = JSON.stringify({ ...olostepBody, snapshot: null, events: '@' }).replace('"@"', events);
    world.olostep.on(olostepPath, { body });
    return world.execute(everything);
  };

  it('is read', async () => {
    const { data, errors } = await requestFor(100_000);

    expect(errors).toBeUndefined();
    expect(data.olostepRun).toMatchObject({ phase: 'RUNNING', events: { totalCount: 100_000 } });
  });

  it('is the longest: a longer one fails, and what is read from it, and nothing beside it', async () => {
    const { data, errors } = await requestFor(100_001);

    const { log_group: logGroup } = olostepBody;
    expect(data.olostepRun).toEqual({ phase: 'UNKNOWN', startedAt: null, finishedAt: null, logGroup, events: null });
    expect(errors?.map(({ path, extensions }) => [path?.at(-1), extensions.code]).sort()).toEqual([
      ['events', 'UPSTREAM_RESPONSE_TOO_LARGE'],
      ['finishedAt', 'UPSTREAM_RESPONSE_TOO_LARGE'],
      ['startedAt', 'UPSTREAM_RESPONSE_TOO_LARGE'],
    ]);
  });
});
