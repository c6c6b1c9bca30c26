/**
 * A random world of both providers that stands still: what single responses say, and what list rows say of the same objects. Rows
 * say less, as far as the documents let them, and never something else.
 */
import type { Random } from './random.ts';

export type Json = Readonly<Record<string, unknown>>;

/** An object in detail, and its row, where its list has one. */
export interface Item {
  readonly body: Json;
  readonly row: Json | undefined;
}

export interface UpstreamMonitor extends Item {
  readonly monitorId: string;
  /** Newest first. */
  readonly runs: readonly (Item & { readonly runId: string })[];
}

export interface UpstreamWorld {
  readonly datafold: readonly UpstreamMonitor[];
  readonly olostep: readonly UpstreamMonitor[];
}

/** The time of the world. */
export const now = '2026-11-20T12:00:00.000Z';

/** When the run of that number began, in Unix milliseconds. */
const beginningOf = (place: number) => Date.parse(now) - (place + 1) * 3_600_000;
const toText = (milliseconds: number) => new Date(milliseconds).toISOString();

export const createUpstreamWorld = (random: Random): UpstreamWorld => ({
  datafold: ['7', '8', '9', '10'].map((id, place) => toDatafoldMonitor(random, id, place)),
  olostep: ['monitor_a', 'monitor_b'].map((id) => toOlostepMonitor(random, id)),
});

/** The same object without some of these members. */
function lacking(random: Random, object: Json, names: readonly string[]): Json {
  const lacks = new Set(names.filter(() => random.oneIn(3)));
  return Object.fromEntries(Object.entries(object).filter(([name]) => !lacks.has(name)));
}

const without = (object: Json, ...names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

const states = ['ok', 'alert', 'error', 'learning', 'checking', 'created', 'queued', 'skipped', 'cancelled', 'new'];

const schedules = [
  { interval: { every: 'hour', type: 'hourly' } },
  { interval: { every: 'day', type: 'daily', hour: 6, utc_at: '06:30:00' } },
  { cron: '0 * * * *', type: 'crontab' },
  { type: 'none' },
];
const alerts = [
  { type: 'diff', different_rows_count: 10, different_rows_percent: 1, match_ratio_min: 0.5 },
  { type: 'automatic', sensitivity: 50 },
  { type: 'absolute', min: 1, max: 2 },
  { type: 'percentage', increase: 3, decrease: 4 },
];

/** @param place which schedule and which alert it has */
function toDatafoldMonitor(random: Random, monitorId: string, place: number): UpstreamMonitor {
  const id = Number(monitorId);
  const runs = Array.from({ length: 6 }, (_, place) => {
    const runId = String(100 * id + 50 - place);
    const body = {
      run_id: Number(runId),
      monitor_id: id,
      state: random.oneOf(states),
      started_at: random.oneIn(4) ? null : toText(beginningOf(place)),
      diff_id: random.oneOf([null, 4_711 + place]),
      error: random.oneOf([null, `Failed ${place}.`]),
      warnings: random.oneOf([[], [`Slow ${place}.`]]),
    };
    const listed = lacking(random, without(body, 'error', 'warnings'), ['state', 'started_at', 'diff_id']);
    const row = random.oneIn(4) && 'state' in listed ? { ...listed, state: null } : listed;
    return { runId, body, row };
  });
  const listed = {
    id,
    name: `Monitor ${id}`,
    monitor_type: random.oneOf(['diff', 'metric', 'schema', 'test', 'new', null]),
    enabled: random.oneOf([true, false]),
    created_at: '2026-01-02T03:04:05Z',
    modified_at: '2026-02-03T04:05:06Z',
    last_run: random.oneOf([toText(beginningOf(0)), null]),
    last_alert: random.oneOf([toText(beginningOf(2)), null]),
    state: random.oneOf([...states, null]),
    tags: random.oneOf([['prod', 'shop'], [], null]),
    owner: random.oneOf(['data@shop.example', null]),
  };
  const body = {
    ...listed,
    description: random.oneOf(['Before every release.', null]),
    schedule: schedules[place],
    dataset: [
      { connection_id: 4, table: 'shop.orders', column: 'id', filter: 'id > 0', metric: 'm', query: 'select 1' },
    ],
    alert: alerts[place],
    notifications: [
      { type: 'email', recipients: ['data@shop.example'], features: ['attach_csv'] },
      { type: 'pagerduty', integration: 5, features: null },
      { type: 'webhook', integration: 6, features: [] },
      { type: 'slack', integration: 7, channel: '#data', mentions: ['@here'], features: null },
      { type: 'teams', integration: 8, channel: 'data', mentions: [], features: null },
    ],
  };
  return { monitorId, runs, body, row: lacking(random, listed, ['last_run', 'last_alert', 'state', 'tags']) };
}

const event = (place: number, id: number, name: string) => ({
  id: String(id),
  ts: beginningOf(place) + id * 1_000,
  ingestion_ts: beginningOf(place) + id * 1_000 + 300,
  stream: 'agent/1',
  message: `{"event":"${name}"}`,
  event: { event: name, note: 'x'.repeat(100) },
});

function toOlostepMonitor(random: Random, monitorId: string): UpstreamMonitor {
  const runs = Array.from({ length: 14 }, (_, place) => toOlostepRun(random, monitorId, place));
  const [last] = runs;
  const body = {
    id: monitorId,
    object: 'monitor',
    query: `Prices of ${monitorId}.`,
    status: random.oneOf(['active', 'paused', 'new', 'deleted']),
    tracked: { type: 'urls', urls: ['https://shop.example/a'], web_query: 'prices' },
    source_policy: {
      include_urls: ['https://shop.example/a'],
      exclude_urls: [],
      include_domains: [],
      exclude_domains: null,
    },
    schedule: { frequency: 'every hour', cron: '0 * * * ? *', timezone: 'UTC', next_run_at: toText(beginningOf(-2)) },
    notification: {
      events: ['changed'],
      channels: [{ type: 'email', target: 'shop@shop.example', events: ['changed'] }],
    },
    webhook: random.oneOf([{ url: 'https://hooks.shop.example/prices' }, null]),
    output_schema: { type: 'object' },
    metadata: { team: 'prices' },
    last_run: { id: last?.runId, status: 'completed', change_detected: true, ran_at: toText(beginningOf(0)) },
    agent: { id: 'fda_51c0' },
    created: 1_760_000_000,
    updated: 1_763_625_609,
    total_count: 24,
    mermaid_diagram: 'graph TD; fetch-->compare',
  };
  const listed = without(body, 'total_count', 'mermaid_diagram');
  const shorter = lacking(random, listed, Object.keys(without(listed, 'id')));
  const isSummary = random.oneIn(2) && 'last_run' in shorter;
  return {
    monitorId,
    runs,
    body,
    row: isSummary ? { ...shorter, last_run: lacking(random, body.last_run, Object.keys(body.last_run)) } : shorter,
  };
}

function toOlostepRun(random: Random, monitorId: string, place: number) {
  const runId = `run_${monitorId.slice(-1)}${place}`;
  const lines = Array.from({ length: random.oneIn(5) ? 150 : 2 }, (_, id) => event(place, id, 'node_start'));
  const log = random.oneOf([[], lines, [...lines, event(place, 200, 'run_complete')]]);
  const body = {
    monitor_id: monitorId,
    run_id: runId,
    snapshot: random.oneOf([{ id: `event_${runId}` }, { id: `event_${runId}` }, null, null, 7]),
    log_group: random.oneOf(['/olostep/agents/fda_51c0', null]),
    events: log,
  };
  // Whatever the run's own response says: a row that it doesn't know of is one as well.
  const row = {
    id: `event_${runId}`,
    run_id: runId,
    created: Math.floor(beginningOf(place) / 1_000) + 250,
    changed: random.oneOf([true, false, null, 'yes']),
    summary: random.oneOf([null, `A price fell ${place}.`, 7]),
    snapshot_url: random.oneOf([null, `https://snapshots.olostep.example/${runId}`]),
  };
  return {
    runId,
    body: lacking(random, body, ['log_group']),
    row: random.oneIn(3) ? undefined : lacking(random, row, ['changed']),
  };
}
