/** Answers of both providers as their documents have them, to start from. */

export const datafoldKey = { provider: 'DATAFOLD', monitorId: '7', runId: '42' } as const;
export const datafoldPath = '/api/v1/monitors/7/runs/42';
export const datafoldBody = {
  run_id: 42,
  monitor_id: 7,
  state: 'ok',
  started_at: '2026-11-20T08:00:00Z',
  diff_id: 2262836,
  error: null,
  warnings: ['Sampled 10 % of the rows.'],
};

/** Any other run of the same Datafold monitor: its key, its path and its answer. */
export const anyDatafoldRun = (runId: number) => ({
  key: { ...datafoldKey, runId: String(runId) },
  path: `/api/v1/monitors/7/runs/${runId}`,
  body: { ...datafoldBody, run_id: runId },
});

/** The same run as a list has it. */
export const toDatafoldRow = ({ run_id, monitor_id, state, started_at, diff_id }: typeof datafoldBody) => ({
  run_id,
  monitor_id,
  state,
  started_at,
  diff_id,
});

export const datafoldMonitorKey = { provider: 'DATAFOLD', monitorId: '7' } as const;
export const datafoldMonitorPath = '/api/v1/monitors/7';
/** A monitor as a list has it. */
export const datafoldMonitorRow = {
  id: 7,
  name: 'Orders: staging against production',
  monitor_type: 'diff',
  enabled: true,
  created_at: '2026-01-02T03:04:05Z',
  modified_at: '2026-02-03T04:05:06Z',
  last_run: '2026-11-20T08:00:00Z',
  last_alert: '2026-11-19T08:00:00Z',
  state: 'ok',
  tags: ['shop', 'critical'],
  owner: 'data@shop.example',
};
/** The same monitor in detail. */
export const datafoldMonitorBody = {
  ...datafoldMonitorRow,
  description: 'Before every release.',
  schedule: { interval: { every: 'day', type: 'daily', hour: 6, utc_at: '06:30:00' } },
  dataset: [
    { connection_id: 4, table: 'shop.orders', column: 'id', filter: 'id > 0', metric: 'row_count', query: 'select 1' },
    { connection_id: 6 },
  ],
  alert: { type: 'diff', different_rows_count: 10, different_rows_percent: 1, match_ratio_min: 0.5 },
  notifications: [{ type: 'email', recipients: ['data@shop.example'], features: ['attach_csv'] }],
};

export const olostepKey = { provider: 'OLOSTEP', monitorId: 'monitor_n8q2x4m1ak', runId: 'run_k3v9c1p7zd' } as const;
export const olostepPath = '/v1/monitors/monitor_n8q2x4m1ak/runs/run_k3v9c1p7zd';
export const olostepBody = {
  monitor_id: 'monitor_n8q2x4m1ak',
  run_id: 'run_k3v9c1p7zd',
  snapshot: { price: '19.90', currency: 'EUR' },
  log_group: '/olostep/agents/fda_51c0',
  events: [
    {
      id: '38001',
      ts: 1763625600000,
      ingestion_ts: 1763625600420,
      stream: 'agent/1',
      message: '{"event":"work_received"}',
      event: { event: 'work_received' },
    },
    {
      id: '38002',
      ts: 1763625601500,
      ingestion_ts: 1763625601900,
      stream: 'agent/1',
      message: '{"event":"node_start","node":"fetch"}',
      event: { event: 'node_start', node: 'fetch' },
    },
    {
      id: '38003',
      ts: 1763625609000,
      ingestion_ts: 1763625609200,
      stream: 'agent/1',
      message: '{"event":"run_complete"}',
      event: { event: 'run_complete' },
    },
  ],
};

/** A monitor of Olostep with every field that its documents have, in detail. */
export const olostepMonitorPath = '/v1/monitors/monitor_n8q2x4m1ak';
export const olostepMonitorBody = {
  id: 'monitor_n8q2x4m1ak',
  object: 'monitor',
  query: 'Tell me when a price of their espresso machines changes.',
  status: 'active',
  tracked: { type: 'urls', urls: ['https://espresso.example/machines'], web_query: 'espresso machines' },
  source_policy: {
    include_urls: ['https://espresso.example/machines'],
    exclude_urls: ['https://espresso.example/imprint'],
    include_domains: ['espresso.example'],
    exclude_domains: ['gossip.example'],
  },
  schedule: { frequency: 'every hour', cron: '0 * * * ? *', timezone: 'UTC', next_run_at: '2025-11-20T09:00:00Z' },
  notification: {
    events: ['changed', 'first_snapshot'],
    channels: [{ type: 'email', target: 'shop@espresso.example', events: ['changed'] }],
  },
  webhook: { url: 'https://hooks.espresso.example/prices' },
  output_schema: { type: 'object', properties: { price: { type: 'string' } } },
  metadata: { team: 'prices' },
  last_run: {
    id: 'run_k3v9c1p7zd',
    status: 'completed',
    change_detected: true,
    ran_at: '2025-11-20T08:00:09Z',
  },
  agent: { id: 'fda_51c0' },
  created: 1760000000,
  updated: 1763625609,
  total_count: 24,
  mermaid_diagram: 'graph TD; fetch-->compare',
};

/** A row of Olostep's events page: the snapshot of a run. */
export const anySnapshot = (runId: string, created: number, changed: boolean | null = false) => ({
  id: `event_${runId.slice('run_'.length)}`,
  run_id: runId,
  created,
  changed,
  summary: changed ? 'A price fell.' : null,
  snapshot_url: `https://snapshots.olostep.example/${runId}`,
});
