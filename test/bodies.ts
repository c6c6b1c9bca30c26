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
