/** Metrics of the monitors themselves: read at intervals from the lists of monitors. */
import { GraphQLError } from 'graphql';
import type { Registry } from 'prom-client';
import type { MonitorList, MonitorStatus } from '../gateway/monitor-lists.ts';
import type { RunOutcome } from '../generated/types.ts';
import type { Log } from '../observability/logger.ts';
import type { PromClient } from '../observability/metrics.ts';

/** What is known of a monitor. */
interface MonitorState extends MonitorStatus {
  /** Of the last run that has ended. */
  readonly outcome: RunOutcome | undefined;
  /** How many runs in a row have been seen with it. */
  readonly streak: number;
  /** Which run that is, by its time. */
  readonly endedRunAt: number | null | undefined;
}

/** A list takes at most so many pages an interval: a longer one is read less often. */
const maxPagesPerInterval = 8;

/** The monitors of one account. */
class WatchedList {
  readonly list: MonitorList;
  states: ReadonlyMap<string, MonitorState> = new Map();
  /** When all of the list was read last, in Unix milliseconds; 0 for never. */
  refreshedAt = 0;
  readonly failures = new Map<string, number>();

  constructor(list: MonitorList) {
    this.list = list;
  }

  /** @returns how many pages were read */
  async refresh(): Promise<number> {
    const found = new Map<string, MonitorState>();
    let pages = 0;
    try {
      for await (const rows of this.list.readPages()) {
        pages++;
        for (const row of rows) found.set(row.monitorId, toState(row, this.states.get(row.monitorId)));
      }
      // What one failed page would lack must not look deleted.
      this.states = found;
      this.refreshedAt = Date.now();
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      const code = String(error.extensions.code);
      this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
    }
    return pages;
  }
}

function toState(row: MonitorStatus, before: MonitorState | undefined): MonitorState {
  const { lastOutcome, lastRunAt } = row;
  // A run that goes on says nothing yet, and a row that doesn't say is no other run.
  if (lastOutcome == null) return { ...row, ...endOf(before) };
  if (before?.outcome !== lastOutcome) return { ...row, outcome: lastOutcome, streak: 1, endedRunAt: lastRunAt };
  const isSameRun = before.endedRunAt === lastRunAt;
  return { ...row, outcome: lastOutcome, streak: before.streak + (isSameRun ? 0 : 1), endedRunAt: lastRunAt };
}

const endOf = ({ outcome, streak = 0, endedRunAt }: Partial<MonitorState> = {}) => ({ outcome, streak, endedRunAt });

export interface MonitorMetricsOptions {
  readonly client: PromClient;
  readonly registry: Registry;
  readonly lists: readonly MonitorList[];
  readonly intervalMs: number;
  readonly log: Log;
}

/** Begins to read the lists, and adds their metrics to the registry. @returns what ends it */
export function startMonitorMetrics({ client, registry, lists, intervalMs, log }: MonitorMetricsOptions): () => void {
  const watched = lists.map((list) => new WatchedList(list));
  addMonitorGauges(client, registry, watched);
  let isClosed = false;
  const timers = new Set<NodeJS.Timeout>();

  const refresh = async (one: WatchedList): Promise<void> => {
    const pages = await one.refresh().catch(({ stack }: Error) => {
      log.error({ error: stack }, 'unexpected error');
      return 0;
    });
    if (isClosed) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        void refresh(one);
      },
      intervalMs * Math.max(1, pages / maxPagesPerInterval),
    ).unref();
    timers.add(timer);
  };

  for (const one of watched) void refresh(one);
  return () => {
    isClosed = true;
    for (const timer of timers) clearTimeout(timer);
  };
}

/** The longest name of a monitor in a label, in characters. */
const maxNameChars = 200;

const listLabels = ['provider', 'account'] as const;
const monitorLabels = [...listLabels, 'monitor'] as const;

function addMonitorGauges(client: PromClient, registry: Registry, watched: readonly WatchedList[]): void {
  const toGauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: (set: (labels: Record<Label, string>, value: number) => void) => void,
  ) =>
    new client.Gauge<Label>({
      name: `monitor_graph_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  const everyMonitor = (
    take: (labels: Record<(typeof monitorLabels)[number], string>, state: MonitorState) => void,
  ) => {
    for (const { list, states } of watched) {
      const { provider, account } = list;
      for (const [monitor, state] of states) take({ provider, account, monitor }, state);
    }
  };

  toGauge(
    'monitor_last_outcome',
    'The outcome of the last run that has ended: 1 with its label.',
    [...monitorLabels, 'outcome'],
    (set) => everyMonitor((labels, { outcome }) => outcome !== undefined && set({ ...labels, outcome }, 1)),
  );
  toGauge(
    'monitor_outcome_streak',
    'How many runs in a row have been seen with the outcome of the last one.',
    [...monitorLabels, 'outcome'],
    (set) =>
      everyMonitor((labels, { outcome, streak }) => outcome !== undefined && set({ ...labels, outcome }, streak)),
  );
  toGauge('monitor_last_run_age_seconds', 'Time since the start of the last run.', monitorLabels, (set) => {
    const now = Date.now();
    everyMonitor((labels, { lastRunAt }) => lastRunAt != null && set(labels, (now - lastRunAt) / 1_000));
  });
  toGauge(
    'monitor_enabled',
    'Whether the monitor runs on its schedule (1), where its row says so.',
    monitorLabels,
    (set) => everyMonitor((labels, { isEnabled }) => isEnabled !== undefined && set(labels, isEnabled ? 1 : 0)),
  );
  toGauge('monitor_info', 'The name of the monitor.', [...monitorLabels, 'name'], (set) =>
    everyMonitor((labels, { name }) => name && set({ ...labels, name: name.slice(0, maxNameChars).toWellFormed() }, 1)),
  );
  toGauge('monitors', 'How many monitors the list has.', listLabels, (set) => {
    for (const { list, states } of watched) set({ provider: list.provider, account: list.account }, states.size);
  });
  toGauge(
    'monitors_refreshed_timestamp_seconds',
    'When the list was read last, in Unix seconds.',
    listLabels,
    (set) => {
      for (const { list, refreshedAt } of watched)
        set({ provider: list.provider, account: list.account }, refreshedAt / 1_000);
    },
  );
  const failures = new client.Counter({
    name: 'monitor_graph_monitors_refresh_failures_total',
    help: 'How often the list could not be read, by the code of the error.',
    labelNames: [...listLabels, 'code'],
    registers: [registry],
    collect() {
      failures.reset();
      for (const { list, failures: counts } of watched)
        for (const [code, count] of counts)
          failures.inc({ provider: list.provider, account: list.account, code }, count);
    },
  });
}
