import { describe, expect, it } from 'vitest';
import { olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { createWorld } from '../support/world.ts';

const line = (place: number) => ({
  id: String(place),
  ts: 1763625600000 + place,
  stream: 'agent/1',
  message: JSON.stringify({ event: 'page_fetched', page: place }),
  event: { event: 'page_fetched', page: place },
});
const logOf = (length: number) => Array.from({ length }, (_, place) => line(place));

const query = (fields: string) =>
  `query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { ... on OlostepRun { ${fields} } } }`;
const page = 'events(first: 1000) { nodes { id timestamp message event } }';
const keys = (length: number) => ({ keys: Array.from({ length }, () => olostepKey) });

async function createLogWorld(length: number, body: object = {}) {
  const world = await createWorld();
  world.olostep.on(olostepPath, { body: { ...olostepBody, events: logOf(length), ...body } });
  return world;
}

describe('cost budget: an answer that lists multiply', () => {
  it('of one run, a hundred times over, is given as far as the allowance goes, and refused beyond', async () => {
    const world = await createLogWorld(1_000);

    const { data, errors = [] } = await world.execute(query(`runId ${page}`), keys(100));

    const answered = data.monitorRuns.filter(({ events }: { events: unknown }) => events !== null).length;
    expect(answered).toBeGreaterThan(10);
    expect(answered).toBeLessThan(20);
    expect(errors.length).toBeGreaterThan(0);
    for (const { extensions } of errors) expect(extensions.code).toBe('OPERATION_TOO_COSTLY');
    expect(new Set(data.monitorRuns.map(({ runId }: { runId: string }) => runId))).toEqual(new Set([olostepKey.runId]));
    expect(world.olostep.paths).toHaveLength(1);
  });

  it.each([
    ['nodes', (n: number) => `a${n}: nodes { id message }`],
    ['edges', (n: number) => `a${n}: edges { node { id message } }`],
  ])('and aliases of %s is given as far as the allowance goes, too', async (_way, toField) => {
    const world = await createLogWorld(1_000);
    const fields = Array.from({ length: 10 }, (_, n) => toField(n)).join(' ');

    // From the third time on by a plan.
    for (let time = 0; time < 4; time++) {
      const { data, errors = [] } = await world.execute(query(`events(first: 1000) { ${fields} }`), keys(16));

      const pages = data.monitorRuns.flatMap(({ events }: { events: object | null }) => Object.values(events ?? {}));
      expect(pages.filter((page: unknown) => page !== null).length).toBeLessThan(20);
      expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['OPERATION_TOO_COSTLY']));
    }
  });

  it('by filters that leave nothing is paid for as well', async () => {
    const world = await createLogWorld(10_000);
    const scans = Array.from({ length: 40 }, (_, n) => `a${n}: events(kind: "none") { totalCount }`).join(' ');

    const { errors = [] } = await world.execute(query(scans), keys(10));

    expect(errors.map(({ extensions }) => extensions.code)).toContain('OPERATION_TOO_COSTLY');
  });

  it('by a large snapshot is refused where the allowance ends', async () => {
    const world = await createLogWorld(1, { snapshot: { page: 'x'.repeat(1024 * 1024) } });

    const { data, errors = [] } = await world.execute(query('snapshot'), keys(20));

    const answered = data.monitorRuns.filter(({ snapshot }: { snapshot: unknown }) => snapshot !== null).length;
    expect(answered).toBe(15);
    expect(errors).toHaveLength(5);
  });
});

it('cost budget: a log of 10,000 events is read whole, in pages of one request', async () => {
  const world = await createLogWorld(10_000);
  const cursors = (await world.execute(query('events(first: 1000) { edges { cursor } }'), keys(1))).data;
  expect(cursors.monitorRuns[0].events.edges).toHaveLength(1_000);

  const after = (place: number) => Buffer.from(JSON.stringify([place, String(place)])).toString('base64url');
  const pages = Array.from(
    { length: 9 },
    (_, n) => `p${n}: ${page.replace('1000', `1000, after: "${after(n * 1000 + 999)}"`)}`,
  );
  const { data, errors } = await world.execute(query(`p: ${page} ${pages.join(' ')}`), keys(1));

  expect(errors).toBeUndefined();
  const seen = Object.values(data.monitorRuns[0]).flatMap((events) => (events as { nodes: { id: string }[] }).nodes);
  expect(seen.map(({ id }) => id)).toEqual(logOf(10_000).map(({ id }) => id));
});
