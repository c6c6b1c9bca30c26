/** Metrics of operations and upstream calls in Prometheus form, by prom-client. Children are stored, as to look them up costs most. */
import type { Counter, Histogram, Registry } from 'prom-client';
import { type AccountId, splitAccountId } from '../core/accounts.ts';
import type { GatewayObserver, ProviderCalls } from './observer.ts';

/** The package, which is loaded only where metrics are on. */
export type PromClient = Pick<typeof import('prom-client'), 'Counter' | 'Gauge' | 'Histogram' | 'Registry'>;

export interface MetricsOptions {
  readonly client: PromClient;
  /** The names of operations that have their own series; all others are `other`. */
  readonly operationNames: ReadonlySet<string>;
}

export interface Metrics {
  readonly registry: Registry;
  readonly observer: GatewayObserver;
  /** A request was refused before it became an operation. */
  reject(code: string): void;
}

/** Seconds: a cached response takes less than 5 ms, and no operation takes longer than its deadline, 10 s by default. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What spares an upstream call, by the member of {@link ProviderCalls} that counts it. */
const savings = {
  cacheHits: 'run_cache',
  fresh: 'fresh',
  unchanged: 'unchanged',
  fromLists: 'list',
  coalesced: 'coalesced',
} as const satisfies Partial<Record<keyof ProviderCalls, string>>;

type Saving = keyof typeof savings;
const savingNames = Object.keys(savings) as readonly Saving[];

export function createMetrics({ client, operationNames }: MetricsOptions): Metrics {
  const registry = new client.Registry();
  const registers = [registry];
  const toCounter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new client.Counter<Label>({ name: `monitor_graph_${name}`, help, labelNames, registers });
  const toHistogram = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new client.Histogram<Label>({ name: `monitor_graph_${name}`, help, labelNames, registers, buckets });

  const rejected = toCounter(
    'rejected_requests_total',
    'Requests that the HTTP server refused before they became an operation, by the code of the error.',
    ['code'],
  );
  const operations = createOperationMetrics(
    toCounter(
      'operations_total',
      'Operations by name, outcome (ok, partial or failed) and code of the first error. Unlisted names are "other".',
      ['operation', 'outcome', 'code'],
    ),
    toHistogram('operation_duration_seconds', 'Time from the parameters of an operation to its response, by name.', [
      'operation',
    ]),
    operationNames,
  );
  const saved = createSavedCalls(
    toCounter('upstream_calls_saved_total', 'Runs, monitors and pages that took no upstream call, by what saved it.', [
      'provider',
      'account',
      'by',
    ]),
    toCounter('upstream_calls_paced_total', 'Upstream calls that waited for a turn of their credential.', [
      'provider',
      'account',
    ]),
    toCounter('stale_responses_total', 'Cached responses shown because a provider failed.', ['provider', 'account']),
  );
  const upstream = createUpstreamMetrics(
    toCounter('upstream_calls_total', 'Upstream calls by result: ok, absent, cancelled, or the code of the error.', [
      'provider',
      'account',
      'kind',
      'result',
    ]),
    toHistogram('upstream_call_duration_seconds', 'Duration of upstream calls, with waits and retries.', [
      'provider',
      'account',
      'kind',
    ]),
    toCounter('upstream_attempts_total', 'HTTP requests sent to providers.', ['provider', 'account']),
    toCounter('upstream_retries_total', 'HTTP requests sent to providers again after a failure.', [
      'provider',
      'account',
    ]),
  );

  return {
    registry,
    observer: {
      endOperation({ name, outcome, errorCodes, durationMs, calls }) {
        const operation = operations(name);
        operation.count(outcome, errorCodes[0] ?? '');
        operation.duration.observe(durationMs / 1_000);
        for (const id in calls) saved(id as AccountId, calls[id as AccountId] as ProviderCalls);
      },
      endCall({ provider, account, kind, result, attempts, durationMs }) {
        const call = upstream(provider, account, kind);
        call.count(result);
        call.duration.observe(durationMs / 1_000);
        call.attempts.inc(attempts);
        if (attempts > 1) call.retries.inc(attempts - 1);
      },
    },
    reject: (code) => rejected.inc({ code }),
  };
}

/** Values by their names, each made once. */
function memoize<Value>(make: (name: string) => Value): (name: string) => Value {
  const made = new Map<string, Value>();
  return (name) => {
    let value = made.get(name);
    if (value === undefined) {
      value = make(name);
      made.set(name, value);
    }
    return value;
  };
}

function createOperationMetrics(
  total: Counter<'operation' | 'outcome' | 'code'>,
  durations: Histogram<'operation'>,
  names: ReadonlySet<string>,
) {
  const of = memoize((operation) => {
    const ok = total.labels({ operation, outcome: 'ok', code: '' });
    const others = memoize((outcome) => memoize((code) => total.labels({ operation, outcome, code })));
    return {
      count(outcome: string, code: string) {
        if (outcome === 'ok') ok.inc();
        else others(outcome)(code).inc();
      },
      duration: durations.labels({ operation }),
    };
  });
  return (name: string | undefined) => of(name !== undefined && names.has(name) ? name : 'other');
}

function createUpstreamMetrics(
  total: Counter<'provider' | 'account' | 'kind' | 'result'>,
  durations: Histogram<'provider' | 'account' | 'kind'>,
  attempts: Counter<'provider' | 'account'>,
  retries: Counter<'provider' | 'account'>,
) {
  const of = memoize((provider) =>
    memoize((account) =>
      memoize((kind) => {
        const results = memoize((result) => total.labels({ provider, account, kind, result }));
        return {
          count: (result: string) => results(result).inc(),
          duration: durations.labels({ provider, account, kind }),
          attempts: attempts.labels({ provider, account }),
          retries: retries.labels({ provider, account }),
        };
      }),
    ),
  );
  return (provider: string, account: string, kind: string) => of(provider)(account)(kind);
}

function createSavedCalls(
  saved: Counter<'provider' | 'account' | 'by'>,
  paced: Counter<'provider' | 'account'>,
  stale: Counter<'provider' | 'account'>,
): (id: AccountId, calls: ProviderCalls) => void {
  const of = memoize((id) => {
    const account = { ...splitAccountId(id) };
    return {
      by: savingNames.map((name) => {
        const count = saved.labels({ ...account, by: savings[name] });
        // A rate is that of a series that has begun.
        count.inc(0);
        return { name, count };
      }),
      paced: paced.labels(account),
      stale: stale.labels(account),
    };
  });
  return (id, calls) => {
    const counters = of(id);
    for (const { name, count } of counters.by) if (calls[name] > 0) count.inc(calls[name]);
    if (calls.paced > 0) counters.paced.inc(calls.paced);
    if (calls.stale > 0) counters.stale.inc(calls.stale);
  };
}
