/** The script of examples/csv, executed as it is: a process that requests the service by HTTP. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { anySnapshot, olostepKey } from '../support/bodies.ts';
import { createWorld, type World } from '../support/world.ts';

const script = 'examples/csv/runs-to-csv.ts';

/** Its exit code, and what it writes. */
const run = (world: Pick<World, 'url'>, ...args: string[]) =>
  promisify(execFile)(process.execPath, [script, world.url, ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }) as { code: number; stdout: string; stderr: string },
  );

it('CSV example: writes the runs of a window, page after page, by the hash of its document', async () => {
  const now = Date.UTC(2026, 10, 22, 9);
  const sandbox = await startSandbox({ now: () => now, seed: 1 });
  const world = await createWorld({ providers: sandbox.providers });
  const since = new Date(now - 4 * 24 * 60 * 60_000).toISOString();
  const until = new Date(now).toISOString();

  const { code, stdout, stderr } = await run(world, since, until);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [head, ...lines] = stdout.trimEnd().split('\r\n');
  expect(head).toBe('time,provider,monitor,phase,outcome,summary,id');
  const { data } = await world.execute(
    `query ($since: DateTime, $until: DateTime) { runs(since: $since, until: $until, first: 100) { nodes { id } pageInfo { hasNextPage } } }`,
    { since, until },
  );
  expect(data.runs.pageInfo.hasNextPage).toBe(true);
  expect(lines.length).toBeGreaterThan(100);
  const ids = lines.map((line) => line.split(',').at(-1));
  expect(ids.slice(0, 100)).toEqual(data.runs.nodes.map(({ id }: { id: string }) => id));
  expect(new Set(ids).size).toBe(lines.length);
  expect(lines.some((line) => line.includes('DATAFOLD,Orders: staging against production,FINISHED,FINDING,'))).toBe(
    true,
  );
});

it('CSV example: quotes what CSV needs quoted, defuses formulas, and says by its exit code that runs are missing', async () => {
  const world = await createWorld();
  const { monitorId } = olostepKey;
  world.datafold.onAny({ status: 503, body: {} });
  world.olostep.on('/v1/monitors', { body: { monitors: [{ id: monitorId, query: '=HYPERLINK("x","y")' }], count: 1 } });
  const snapshot = { ...anySnapshot('run_a', Math.floor(Date.now() / 1_000) - 60, true), summary: 'A, "B"\nC' };
  world.olostep.on(`/v1/monitors/${monitorId}/events?limit=100`, { body: { data: [snapshot], has_more: false } });

  const { code, stdout, stderr } = await run(world);

  expect(code).toBe(2);
  expect(stderr).toContain('missing: {"provider":"DATAFOLD"');
  const [, ...lines] = stdout.split('\r\n');
  expect(lines.join('\r\n')).toMatch(
    /^[^,]+Z,OLOSTEP,"'=HYPERLINK\(""x"",""y""\)",FINISHED,FINDING,"A, ""B""\nC",OLOSTEP:monitor_\w+:run_a\r\n$/,
  );
});
