/** Generated answers of both providers, by path: healthy ones, broken ones, none. */
import fc from 'fast-check';
import { ProviderError } from '../../src/core/errors.ts';
import type { Provider } from '../../src/generated/types.ts';
import { datafoldBody, olostepBody, olostepKey } from './bodies.ts';

/** What a provider answers a path with; what it throws is thrown. */
export type AnswerOf = (provider: Provider, path: string) => Readonly<Record<string, unknown>> | null;

const odd = [undefined, null, 0, -1.5, 1e300, '', 'x', true, [], [null], {}, { at: 1 }, Number.NaN, 'canceled'];

/** Mostly healthy, or mostly not. */
export const randomAnswers: fc.Arbitrary<AnswerOf> = fc
  .record({
    isHealthy: fc.boolean(),
    numbers: fc.array(fc.nat(2 ** 30), { minLength: 50, maxLength: 50, size: 'max' }),
  })
  .map(({ isHealthy, numbers }) => (provider, path) => {
    // Each path has its own answer, for every caller and however often; a monitor's, with extras or without.
    let next = [...path.replace(/\?include.*/, '')].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    const upTo = (most: number) => (numbers[next++ % numbers.length] as number) % (most + 1);
    const body: Record<string, unknown> = structuredClone(toHealthy(provider, path));
    const state = ['ok', 'alert', 'queued', 'learning', 'new'][upTo(4)];
    if ('state' in body) body.state = state;
    const fate = isHealthy ? 8 + upTo(3) : upTo(8);
    if (fate === 8) return null;
    if (fate === 0) throw new ProviderError(provider, 'UPSTREAM_TIMEOUT', { retryable: true });
    if (fate === 1) throw new TypeError('A bug.');
    if (fate === 2) Object.defineProperty(body, Object.keys(body)[upTo(4)] as string, { get: toBug });
    if (fate >= 3 && fate <= 6) {
      for (let count = upTo(2); count >= 0; count--) spoil(body, upTo);
      const [, event] = Array.isArray(body.events) ? body.events : [];
      if (typeof event === 'object' && event !== null) spoil(event, upTo);
    }
    if (fate === 7 && Array.isArray(body.events)) body.events[upTo(2)] = odd[upTo(odd.length - 1)];
    return body;
  });

/** What a healthy provider answers, as far as it matters here: ids are those of the path, where there are any. */
export function toHealthy(provider: Provider, path: string): Readonly<Record<string, unknown>> {
  const [, monitorId = '7'] = /monitors\/(\w+)/.exec(path) ?? [];
  if (provider === 'DATAFOLD') {
    if (/\/runs\?/.test(path)) return { ...datafoldPage, runs: datafoldRuns(Number(monitorId)) };
    if (/\/monitors\?/.test(path)) return { ...datafoldPage, monitors: [7, 8].map(datafoldMonitor) };
    return /\/runs\//.test(path) ? datafoldBody : { ...datafoldMonitor(Number(monitorId)), ...datafoldDetails };
  }
  if (/\/events/.test(path)) return olostepEvents;
  if (/\/runs\//.test(path)) return olostepBody;
  return /\/monitors\/\w/.test(path) ? olostepMonitor : { monitors: [olostepMonitor], count: 1 };
}

const datafoldPage = { count: 2, page: 1, page_size: 20, total_pages: 1 };
const datafoldRuns = (monitorId: number) =>
  [43, 42].map((run_id) => ({ run_id, monitor_id: monitorId, state: 'ok', started_at: `2026-11-20T08:00:${run_id}Z` }));
const datafoldMonitor = (id: number) => ({
  id,
  name: `Monitor ${id}`,
  monitor_type: 'metric',
  enabled: true,
  created_at: '2026-01-01T00:00:00Z',
  modified_at: '2026-01-02T00:00:00Z',
  last_run: '2026-11-20T08:00:43Z',
  state: 'ok',
  tags: ['prod'],
});
const datafoldDetails = {
  schedule: { cron: '0 * * * *', type: 'crontab' },
  alert: { type: 'absolute', min: 1, max: null },
  dataset: [{ connection_id: 3, table: 'orders' }],
  notifications: [{ type: 'email', recipients: ['data@shop.test'] }, { type: 'new' }],
};
const olostepMonitor = {
  id: olostepKey.monitorId,
  query: 'prices',
  status: 'active',
  schedule: { frequency: 'hourly', cron: '0 * * * *', timezone: 'UTC', next_run_at: null },
  tracked: { type: 'urls', urls: ['https://shop.test'] },
  metadata: { team: 'buying' },
  last_run: { id: olostepKey.runId, status: 'completed', change_detected: true, ran_at: '2026-11-20T08:00:00Z' },
  created: 1763625600,
};
const olostepEvents = {
  data: ['run_k3v9c1p7zd', 'run_b'].map((run_id, place) => ({
    id: `event_${place}`,
    run_id,
    created: 1763625600 - place,
    changed: place === 0,
    summary: 'The price.',
    snapshot_url: null,
  })),
  has_more: false,
  next_cursor: null,
  total_count: 2,
};

function spoil(body: Record<string, unknown>, upTo: (most: number) => number): void {
  const names = Object.keys(body);
  const name = names[upTo(names.length - 1)];
  if (name === undefined) return;
  if (upTo(2) === 0) delete body[name];
  else body[name] = odd[upTo(odd.length - 1)];
}

function toBug(): never {
  throw new TypeError('A bug.');
}
