/** Metrics of the monitors themselves, which the service reads from lists of monitors. */
import * as promClient from 'prom-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMonitorMetrics } from '../../src/service/monitor-metrics.ts';
import { holdClock } from '../support/clock.ts';
import { type MonitorLists, type Row, serveMonitorLists } from '../support/monitor-lists.ts';
import { startService } from '../support/process.ts';
import { createWorld } from '../support/world.ts';

const intervalMs = 60_000;

const datafoldRow = (id: number, members: Row = {}): Row => ({
  id,
  name: `Monitor ${id}`,
  type: 'diff',
  enabled: true,
  state: 'ok',
  last_run: '2026-01-01T00:00:00.000Z',
  ...members,
});
const runOf = (day: number, state: string): Row => ({ state, last_run: `2026-01-0${day}T00:00:00.000Z` });
const datafoldRows = (count: number): Row[] => Array.from({ length: count }, (_, place) => datafoldRow(place + 1));

/** A world whose lists of monitors are read, with the clock held: the first read has ended. */
async function createWatchedWorld(lists: Partial<MonitorLists>, waitMs = intervalMs) {
  const world = await createWorld({ limits: { maxAttempts: 1 } });
  const serve = (now: Partial<MonitorLists>) => serveMonitorLists(world, { datafold: [], olostep: [], ...now });
  serve(lists);
  const clock = holdClock();
  const registry = new promClient.Registry();
  const ofMonitors = world.gateway.listMonitors();
  const log = { debug() {}, info() {}, warn() {}, error: () => expect.unreachable('an unexpected error') };
  onTestFinished(startMonitorMetrics({ client: promClient, registry, lists: ofMonitors, intervalMs, log }));
  /** The values of a metric, by its labels as the text has them. */
  const read = async (name: string): Promise<Record<string, number>> => {
    const text = await registry.getSingleMetricAsString(`monitor_graph_${name}`);
    return Object.fromEntries(
      [...text.matchAll(/^\w+\{(.*)\} (\S+)$/gm)].map(([, labels = '', value]) => [
        labels.replaceAll('"', ''),
        Number(value),
      ]),
    );
  };
  await clock.waitOf(waitMs);
  await clock.waitOf(intervalMs);
  return {
    ...world,
    clock,
    serve,
    read,
    /** Reads the lists again, from now on as they are given. */
    async readAgain(now: Partial<MonitorLists>) {
      serve(now);
      await clock.pass(intervalMs);
      await clock.waitOf(intervalMs);
      await clock.waitOf(intervalMs);
    },
  };
}

const datafold = 'provider=DATAFOLD,account=default';
const olostep = 'provider=OLOSTEP,account=default';

describe('metrics of monitors', () => {
  it('monitor metrics: 500 monitors take at most 10 upstream calls a minute, all of them list pages', async () => {
    const world = await createWatchedWorld({ datafold: datafoldRows(500), olostep: [{ id: 'monitor_1' }] });
    const { paths } = world.datafold;
    expect(paths).toHaveLength(5);
    expect(paths.filter((path) => !path.startsWith('/api/v1/monitors?'))).toEqual([]);
    expect(world.olostep.paths).toEqual(['/v1/monitors']);
    expect(await world.read('monitors')).toEqual({ [datafold]: 500, [olostep]: 1 });

    await world.clock.pass(intervalMs - 1);
    expect(paths).toHaveLength(5);
    await world.clock.pass(1);
    await world.clock.waitOf(intervalMs);
    await world.clock.waitOf(intervalMs);
    expect(paths).toHaveLength(10);
  });

  it('monitor metrics: a list of more than 8 pages is read less often', async () => {
    const world = await createWatchedWorld({ datafold: datafoldRows(1_200) }, 1.5 * intervalMs);

    await world.clock.pass(1.5 * intervalMs - 1);
    expect(world.datafold.paths).toHaveLength(12);
  });

  it('monitor metrics: show outcome, time, schedule and name as the rows have them', async () => {
    const lastRun = new Date(Date.now() - 90_000).toISOString();
    const world = await createWatchedWorld({
      datafold: [
        datafoldRow(1, { state: 'error', last_run: lastRun, name: 'Orders "daily"' }),
        datafoldRow(2, { enabled: false, last_run: null, state: 'created' }),
      ],
      olostep: [{ id: 'monitor_1', status: 'paused' }, { id: 'monitor_2' }],
    });

    expect(await world.read('monitor_last_outcome')).toEqual({ [`${datafold},monitor=1,outcome=ERRORED`]: 1 });
    const age = await world.read('monitor_last_run_age_seconds');
    expect(Object.keys(age)).toEqual([`${datafold},monitor=1`]);
    expect(Math.round(age[`${datafold},monitor=1`] ?? 0)).toBeGreaterThanOrEqual(90);
    expect(await world.read('monitor_enabled')).toEqual({
      [`${datafold},monitor=1`]: 1,
      [`${datafold},monitor=2`]: 0,
      [`${olostep},monitor=monitor_1`]: 0,
    });
    expect(await world.read('monitor_info')).toEqual({
      [`${datafold},monitor=1,name=Orders \\daily\\`]: 1,
      [`${datafold},monitor=2,name=Monitor 2`]: 1,
    });
  });

  it('monitor metrics: a streak counts runs with the same outcome, and a run that goes on changes nothing', async () => {
    const world = await createWatchedWorld({ datafold: [datafoldRow(1, runOf(1, 'error'))] });
    const streakAfter = async (...run: Parameters<typeof runOf>) => {
      await world.readAgain({ datafold: [datafoldRow(1, runOf(...run))] });
      return world.read('monitor_outcome_streak');
    };
    const errored = `${datafold},monitor=1,outcome=ERRORED`;

    expect(await world.read('monitor_outcome_streak')).toEqual({ [errored]: 1 });
    expect(await streakAfter(1, 'error')).toEqual({ [errored]: 1 });
    expect(await streakAfter(2, 'error')).toEqual({ [errored]: 2 });
    expect(await streakAfter(3, 'checking')).toEqual({ [errored]: 2 });
    expect(await streakAfter(3, 'error')).toEqual({ [errored]: 3 });
    expect(await streakAfter(4, 'ok')).toEqual({ [`${datafold},monitor=1,outcome=PASSED`]: 1 });
  });

  it('monitor metrics: series stay while a list cannot be read, and go with their monitor', async () => {
    const world = await createWatchedWorld({ datafold: datafoldRows(2) });
    const both = await world.read('monitor_last_outcome');
    const refreshed = await world.read('monitors_refreshed_timestamp_seconds');
    expect(Object.keys(both)).toHaveLength(2);

    world.datafold.onAny({ status: 503, body: {} });
    await world.clock.pass(intervalMs);
    await world.clock.waitOf(intervalMs);
    await world.clock.waitOf(intervalMs);
    expect(await world.read('monitor_last_outcome')).toEqual(both);
    expect(await world.read('monitors_refresh_failures_total')).toEqual({
      [`${datafold},code=UPSTREAM_UNAVAILABLE`]: 1,
    });
    expect((await world.read('monitors_refreshed_timestamp_seconds'))[datafold]).toBe(refreshed[datafold]);

    await world.readAgain({ datafold: datafoldRows(1) });
    expect(Object.keys(await world.read('monitor_last_outcome'))).toHaveLength(1);
  });

  it('monitor metrics: the service serves them with MONITOR_METRICS=true', async () => {
    const upstreams = await createWorld();
    serveMonitorLists(upstreams, { datafold: datafoldRows(3), olostep: [] });
    const service = startService({
      PORT: '0',
      METRICS: 'true',
      MONITOR_METRICS: 'true',
      DATAFOLD_API_KEY: 'a-key',
      DATAFOLD_BASE_URL: upstreams.datafold.baseUrl,
    });
    const { url } = await service.nextLine();
    await upstreams.datafold.arrived(1);
    const metricsUrl = new URL('/metrics', String(url));
    await vi.waitFor(async () =>
      expect(await (await fetch(metricsUrl)).text()).toContain(
        'monitor_graph_monitors{provider="DATAFOLD",account="default"} 3',
      ),
    );
    await service.stop('SIGTERM');
  });

  it('monitor metrics: there are none where callers bring their own keys', async () => {
    const { gateway } = await createWorld({ credentials: 'forwarded' });

    expect(gateway.listMonitors()).toEqual([]);
  });
});
