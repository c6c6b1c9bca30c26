/** Metrics of the process and of what it is doing: gauges that are read when they are scraped, and cost nothing in between. */
import type { Registry } from 'prom-client';
import { type AccountId, splitAccountId } from '../core/accounts.ts';
import type { PromClient } from './metrics.ts';
import type { UpstreamState } from './observer.ts';

/** What is read at each scrape. */
export interface GaugeSources {
  /** How many operations are in flight. */
  inFlight(): number;
  /** How late the event loop is, in milliseconds. */
  eventLoopLagMs(): number;
  /** What the upstream clients are doing. */
  upstreams(): ReadonlyMap<AccountId, UpstreamState>;
}

/** By the names that the client library gives them. */
const memoryGauges = [
  ['process_resident_memory_bytes', 'rss'],
  ['nodejs_heap_size_total_bytes', 'heapTotal'],
  ['nodejs_heap_size_used_bytes', 'heapUsed'],
  ['nodejs_external_memory_bytes', 'external'],
] as const;

/** Adds the gauges to a registry. @param version that of the package */
export function addGauges(client: PromClient, registry: Registry, sources: GaugeSources, version: string): void {
  const toGauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: (set: (labels: Partial<Record<Label, string>>, value: number) => void) => void,
  ) =>
    new client.Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  const toValue = (name: string, help: string, read: () => number) => toGauge(name, help, [], (set) => set({}, read()));
  const ofUpstreams = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: (state: UpstreamState, set: (labels: Partial<Record<Label, string>>, value: number) => void) => void,
  ) =>
    toGauge<Label | 'provider' | 'account'>(name, help, ['provider', 'account', ...labelNames], (set) => {
      for (const [id, state] of sources.upstreams())
        read(state, (labels, value) =>
          set({ ...labels, ...splitAccountId(id) } as Partial<Record<Label | 'provider' | 'account', string>>, value),
        );
    });

  toValue('monitor_graph_operations_in_flight', 'Operations in flight.', sources.inFlight);
  toValue(
    'monitor_graph_event_loop_lag_seconds',
    'Longest delay of the event loop within the last second or two.',
    () => sources.eventLoopLagMs() / 1_000,
  );
  ofUpstreams('monitor_graph_upstream_calls_in_flight', 'Upstream calls in flight.', [], ({ active }, set) =>
    set({}, active),
  );
  ofUpstreams(
    'monitor_graph_upstream_calls_waiting',
    'Upstream calls that wait: for a place (queue), or for a turn of their credential (pacing).',
    ['for'],
    ({ queued, paced }, set) => {
      set({ for: 'queue' }, queued);
      set({ for: 'pacing' }, paced);
    },
  );
  ofUpstreams(
    'monitor_graph_circuit_breakers',
    'Circuit breakers of credentials, by account and state: closed, restricted, open or half-open.',
    ['state'],
    ({ circuits }, set) => {
      for (const [state, count] of Object.entries(circuits)) set({ state }, count);
    },
  );
  ofUpstreams(
    'monitor_graph_provider_circuit_open',
    'Whether the circuit breaker for all credentials of an account is open (1).',
    [],
    ({ isOpen }, set) => set({}, isOpen ? 1 : 0),
  );

  const startedAt = Date.now() / 1_000 - process.uptime();
  toValue('process_start_time_seconds', 'When the process started, in Unix seconds.', () => startedAt);
  for (const [name, kind] of memoryGauges)
    toValue(name, 'Memory, as process.memoryUsage() has it.', () => process.memoryUsage()[kind]);
  new client.Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the process.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  toGauge('monitor_graph_build_info', 'The version of the package and of Node.js.', ['version', 'node'], (set) =>
    set({ version, node: process.versions.node }, 1),
  );
}
