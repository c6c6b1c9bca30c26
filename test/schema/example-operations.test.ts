import { expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { providerNames } from '../../src/providers/index.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import type { UpstreamExtension } from '../../src/upstream/call-report.ts';
import { holdDate } from '../support/clock.ts';
import { createWorld } from '../support/world.ts';

/** The run of the one has no error; those of the other haven't ended when the sandbox starts, which is what it shows. */
const mayBeNull: ReadonlySet<string> = new Set(['.datafoldRun.error', '.monitorRuns.outcome']);

it.each(exampleOperations.map((text) => [text.match(/query (\w+)/)?.[1], text]))(
  'answers the example operation %s on the sandbox, without errors and without null runs',
  async (_name, text) => {
    const sandbox = await startSandbox({ now: Date.now, seed: 1 });
    const world = await createWorld({ providers: sandbox.providers });

    const { data, errors } = await world.execute(text);
    sandbox.close();

    expect(errors).toBeUndefined();
    expect(Object.values(data).flat()).not.toContain(null);
    expect(findAlwaysNull(data).filter((path) => !mayBeNull.has(path))).toEqual([]);
  },
);

/** How many calls of both accounts of Datafold and of Olostep each example operation takes on the sandbox, with nothing cached. */
const callsOf: Readonly<Record<string, readonly [datafold: number, olostep: number]>> = {
  BothProviders: [1, 2],
  Changes: [0, 2],
  // The run, its diff, and the summary of that.
  DataDiff: [3, 0],
  DatafoldRun: [1, 0],
  DeletedMonitors: [0, 2],
  // Two lists, a page of each of twelve monitors, and the texts of ten runs.
  FailedRuns: [24, 0],
  FindMonitors: [2, 1],
  LogTail: [0, 1],
  Monitor: [2, 2],
  MonitorList: [1, 0],
  NewestRuns: [11, 8],
  Node: [1, 0],
  Planning: [0, 2],
  RedMonitors: [2, 1],
  // The lists, and the pages of each monitor: two of them have more than 50 runs, which is the sandbox's largest page.
  RunCounts: [16, 8],
  RunLog: [0, 1],
  RunningNow: [16, 0],
  // Two runs and their monitors; the list of one account, the pages of its two monitors.
  TwoAccounts: [7, 0],
  Watch: [1, 2],
};

/** No call is repeated because the machine is busy. */
const limits = {
  maxAttempts: 1,
  connectTimeoutMs: 30_000,
  upstreamAttemptTimeoutMs: 30_000,
  operationTimeoutMs: 30_000,
};

it('example operations: each takes exactly the calls that its plan explains', async () => {
  const now = Date.UTC(2026, 10, 22, 9);
  holdDate(new Date(now).toISOString());
  const headers = { 'content-type': 'application/json', 'x-upstream-calls': 'explain' };
  const found: Record<string, readonly number[]> = {};
  for (const text of exampleOperations) {
    const sandbox = await startSandbox({ now: () => now, seed: 1 });
    const gateway = createGateway({ providers: sandbox.providers, log: silentLog, limits });
    const request = { method: 'POST', headers, body: JSON.stringify({ query: text }) };
    const response = await gateway.fetch(new Request('http://localhost/graphql', request));
    const { upstream } = ((await response.json()) as { extensions: { upstream: UpstreamExtension } }).extensions;
    const [name = ''] = /(?<=query )\w+/.exec(text) ?? [];
    const calls = providerNames.map((provider) =>
      Object.entries(upstream.providers)
        .filter(([id]) => id.split('@', 1)[0] === provider)
        .reduce((sum, [, { calls }]) => sum + calls, 0),
    );
    found[name] = calls;
    const planned = providerNames.map((provider) =>
      upstream.plan.filter((step) => step.provider === provider).reduce((sum, step) => sum + step.calls, 0),
    );
    expect(planned, name).toEqual(calls);
    await gateway.close();
    sandbox.close();
  }

  expect(found).toEqual(callsOf);
});

/** The fields that are `null` wherever they are selected, by their paths without places in lists: they would show nothing. */
function findAlwaysNull(data: object): string[] {
  const isNull = new Map<string, boolean>();
  const note = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      for (const item of value) note(item, path);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, field] of Object.entries(value)) note(field, `${path}.${name}`);
    } else isNull.set(path, value === null && isNull.get(path) !== false);
  };
  note(data, '');
  return [...isNull].flatMap(([path, isAlways]) => (isAlways ? [path] : []));
}
