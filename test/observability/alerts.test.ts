/** The alert rules of examples/monitoring, in a real Prometheus: each fires when something fails, and resolves when it recovers. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { type Faults, type FaultySandbox, startFaultySandbox } from '../support/faulty-sandbox.ts';
import { findFreePort } from '../support/free-port.ts';
import { type Alert, hasPrometheus, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { type RunningService, spawnService } from '../support/spawn-service.ts';

const rulesFile = 'examples/monitoring/alerts.yml';
const rules: readonly { alert: string; expr: string }[] = parse(readFileSync(rulesFile, 'utf8')).groups.flatMap(
  (group: { rules: unknown }) => group.rules,
);

/** What each makes fail, and which alerts it is that fire. */
interface Scenario {
  readonly title: string;
  readonly alerts: readonly string[];
  fail(): unknown;
  recover?(): unknown;
}

// Half a minute, with a Prometheus: a separate command.
const isWanted = process.env.ALERTS === 'all';
if (isWanted && !hasPrometheus) console.warn('No prometheus found: the tests of the alert rules are SKIPPED.');
describe.runIf(isWanted && hasPrometheus)('alert rules', { timeout: 60_000 }, () => {
  let sandbox: FaultySandbox;
  let prometheus: Prometheus;
  let service: RunningService;
  let stopOperations: () => void;
  const ports = { service: 0, metrics: 0 };

  const start = async () => {
    service = await spawnService({
      PORT: `${ports.service}`,
      METRICS_PORT: `${ports.metrics}`,
      DATAFOLD_API_KEY: sandbox.apiKey,
      DATAFOLD_BASE_URL: sandbox.baseUrl,
      MONITOR_METRICS: 'true',
      MONITOR_METRICS_INTERVAL_MS: '200',
      // So that each operation makes its calls, each failure counts, and recovery is quick.
      ...{ RUN_CACHE: 'false', FRESH_MS: '0', COALESCE_CALLS: 'false', MAX_ATTEMPTS: '1' },
      ...{ BREAKER_OPEN_MS: '300', BREAKER_MAX_OPEN_MS: '300', RATE_LIMIT_MAX_COOLDOWN_MS: '200' },
      ...{ OPERATION_TIMEOUT_MS: '2000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '1500', MAX_CONCURRENT_OPERATIONS: '10' },
      LOG_LEVEL: 'silent',
    });
  };

  const restart = async () => {
    await service.end();
    await start();
  };

  beforeAll(async () => {
    sandbox = await startFaultySandbox();
    sandbox.faults = noFault;
    ports.service = await findFreePort();
    ports.metrics = await findFreePort();
    await start();
    prometheus = await startPrometheus(`localhost:${ports.metrics}`);
    stopOperations = sendOperations();
  }, 60_000);
  afterAll(() => {
    stopOperations?.();
    prometheus?.close();
    service?.kill('SIGKILL');
    sandbox?.close();
  });

  /** No monitor has anything to report. */
  const noFault: Faults = { monitor: () => ({ state: 'ok', enabled: true, last_run: new Date().toISOString() }) };
  /** The list has these members of these monitors, by their ids. */
  const withMonitors = (members: Readonly<Record<number, object>>): Faults => ({
    monitor: (id) => ({ ...noFault.monitor?.(id), ...members[id] }),
  });
  const tenDaysAgo = Date.now() - 10 * 86_400_000;
  /** The last run of a monitor: ten days and so many minutes ago. */
  const runAt = (minute: number) => new Date(tenDaysAgo - minute * 60_000).toISOString();

  /** An operation each 100 ms, with three upstream calls. Its response is ignored. */
  const sendOperations = (): (() => void) => {
    const fields = [1, 2, 3].map((id) => `r${id}: datafoldRun(monitorId: 1, runId: ${id}) { warnings }`);
    const body = JSON.stringify({ query: `{ ${fields.join(' ')} }` });
    const headers = { 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${ports.service}/graphql`;
    const timer = setInterval(() => {
      fetch(url, { method: 'POST', headers, body }).then(
        (response) => response.text(),
        () => {},
      );
    }, 100);
    return () => clearInterval(timer);
  };

  const failWith = (faults: Faults) => () => {
    sandbox.faults = faults;
  };
  const scenarios: readonly Scenario[] = [
    {
      title: 'while requests get no response from a provider',
      alerts: ['MonitorGraphShedsLoad'],
      fail: failWith({ isSilent: true }),
    },
    {
      title: 'while a provider responds with 503',
      alerts: [
        ...['MonitorGraphOperationsFail', 'MonitorGraphProviderFails', 'MonitorGraphCircuitBreakerOpen'],
        'MonitorListStale',
      ],
      fail: failWith({ status: 503 }),
    },
    {
      title: 'while a provider refuses the key',
      alerts: ['MonitorGraphCredentialRefused'],
      fail: failWith({ status: 401 }),
    },
    {
      title: 'while a provider limits the rate',
      alerts: ['MonitorGraphRateLimited'],
      fail: failWith({ status: 429 }),
      // The rate of calls recovers within half a minute. A new process is quicker.
      recover: () => restart(),
    },
    {
      title: 'when the process stands still for a second',
      alerts: ['MonitorGraphEventLoopLags'],
      async fail() {
        service.kill('SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        service.kill('SIGCONT');
      },
    },
    {
      title: 'while the service is down',
      alerts: ['MonitorGraphDown'],
      fail: () => service.end(),
      recover: () => restart(),
    },
    {
      title: 'while monitors fail, find something, or are overdue',
      alerts: ['MonitorErrored', 'MonitorFinding', 'MonitorKeepsFailing', 'MonitorOverdue'],
      async fail() {
        for (const minute of [3, 2, 1]) {
          const now = new Date().toISOString();
          sandbox.faults = withMonitors({
            1: { state: 'error', last_run: runAt(minute) },
            2: { state: 'alert', last_run: now },
            3: { last_run: runAt(0) },
          });
          await service.untilRefreshed();
        }
      },
    },
  ];

  it('alert rules: every rule is tested', () => {
    const tested = scenarios.flatMap(({ alerts }) => alerts);
    expect(rules.map(({ alert }) => alert).toSorted()).toEqual(tested.toSorted());
  });

  const waiting = { timeout: 20_000, interval: 100 };
  const toName = ({ labels }: Alert) => labels.alertname;
  const untilQuiet = () => vi.waitFor(async () => expect((await prometheus.firing()).map(toName)).toEqual([]), waiting);

  it.each(scenarios)('alert rules: fire $title, and resolve after it', async ({ alerts, fail, recover }) => {
    await untilQuiet();
    await fail();
    const fired = new Map<string | undefined, Alert>();
    await vi.waitFor(async () => {
      for (const alert of await prometheus.firing()) fired.set(toName(alert), alert);
      expect([...fired.keys()]).toEqual(expect.arrayContaining([...alerts]));
    }, waiting);
    for (const { annotations } of fired.values()) expect(annotations.summary).not.toMatch(/\{\{|<no value>|<error/);
    const ofMonitor = fired.get('MonitorKeepsFailing') ?? fired.get('MonitorFinding');
    if (ofMonitor) {
      expect(ofMonitor.labels).toMatchObject({ provider: 'DATAFOLD', account: 'default' });
      expect(ofMonitor.labels.name).toBeTruthy();
    }

    sandbox.faults = noFault;
    await recover?.();
    await untilQuiet();
  });
});

describe('files of examples/monitoring', () => {
  it.skipIf(!hasPrometheus)('monitoring: promtool accepts the alert rules', () => {
    execFileSync('promtool', ['check', 'rules', rulesFile], { stdio: 'ignore' });
  });

  it('monitoring: alerts and dashboard use metrics that docs/observability.md describes', () => {
    const described = readFileSync('docs/observability.md', 'utf8');
    const used = [rulesFile, 'examples/monitoring/grafana-dashboard.json'].flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\bmonitor_graph_\w+/g)].map(([name]) => name.replace(/_bucket$/, '')),
    );

    expect(new Set(used).size).toBeGreaterThan(20);
    expect(used.filter((name) => !described.includes(`\`${name}\``))).toEqual([]);
  });
});
