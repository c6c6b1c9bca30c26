/** The lists of every provider, as its sandbox has them: what holds for all, whatever their pages are like. */
import { expect, it, onTestFinished } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import type { Provider } from '../../src/generated/types.ts';
import { providerNames } from '../../src/providers/index.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { origin } from '../support/open-sandbox.ts';

interface Run {
  readonly runId: string;
  readonly startedAt: string | null;
}

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount?: number | null;
}

/** A gateway on the sandboxes, whose clock is held. */
async function createSandboxGateway() {
  const sandbox = await startSandbox({ now: () => origin, seed: 1 });
  const gateway = createGateway({ providers: sandbox.providers });
  onTestFinished(async () => {
    sandbox.close();
    await gateway.close();
  });
  return async (query: string, variables: object) => {
    const body = JSON.stringify({ query, variables });
    const headers = { 'content-type': 'application/json' };
    const response = await gateway.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }));
    const { data, errors } = (await response.json()) as { data: Record<string, never>; errors?: unknown };
    expect(errors).toBeUndefined();
    return data;
  };
}

const pageFields = 'pageInfo { hasNextPage endCursor } totalCount';
const monitorsQuery = `query ($provider: Provider!, $first: Int!, $after: String) {
  monitorList(provider: $provider, first: $first, after: $after) { nodes { monitorId name enabled createdAt } ${pageFields} }
}`;
const runsQuery = `query ($key: MonitorKey!, $first: Int!, $after: String, $from: DateTime, $to: DateTime) {
  monitor(key: $key) {
    runs(first: $first, after: $after, startedAfter: $from, startedBefore: $to) { nodes { runId startedAt } ${pageFields} }
  }
}`;

/** All nodes, page by page. */
async function readAll<Node>(readPage: (after: string | null) => Promise<Page<Node>>): Promise<Node[]> {
  const nodes: Node[] = [];
  for (let after: string | null = null; ; ) {
    const page: Page<Node> = await readPage(after);
    nodes.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return nodes;
    after = page.pageInfo.endCursor;
  }
}

type Execute = Awaited<ReturnType<typeof createSandboxGateway>>;

const readMonitors = (execute: Execute, provider: Provider, first: number) =>
  readAll(async (after) => {
    const { monitorList } = await execute(monitorsQuery, { provider, first, after });
    return monitorList as unknown as Page<{ readonly monitorId: string }>;
  });

const readRuns = (execute: Execute, key: object, first: number, window: object = {}) =>
  readAll(async (after) => {
    const { monitor } = await execute(runsQuery, { key, first, after, ...window });
    return (monitor as unknown as { readonly runs: Page<Run> }).runs;
  });

it.each(providerNames)('pagination: pages of %s of any size have the same monitors', async (provider) => {
  const execute = await createSandboxGateway();

  const all = await readMonitors(execute, provider, 100);
  expect(all.length).toBeGreaterThan(2);
  expect(await readMonitors(execute, provider, 2)).toEqual(all);
});

it.each(providerNames)('pagination: pages of %s of any size have the same runs, newest first', async (provider) => {
  const execute = await createSandboxGateway();

  for (const { monitorId } of (await readMonitors(execute, provider, 100)).slice(0, 3)) {
    const key = { provider, monitorId };
    const all = await readRuns(execute, key, 100);
    expect(new Set(all.map(({ runId }) => runId)).size).toBe(all.length);
    expect(await readRuns(execute, key, 7)).toEqual(all);
    const times = all.flatMap(({ startedAt }) => startedAt ?? []);
    expect(times.length).toBeGreaterThan(2);
    expect(times).toEqual(times.toSorted().reverse());
  }
});

it.each(providerNames)('pagination: the run feed has the newest runs of %s', async (provider) => {
  const execute = await createSandboxGateway();
  const query = `query ($provider: Provider!) {
    runs(first: 20, providers: [$provider]) { nodes { id startedAt } gaps { code } }
  }`;

  const { runs } = (await execute(query, { provider })) as unknown as {
    readonly runs: { readonly nodes: readonly Run[]; readonly gaps: readonly unknown[] };
  };
  expect(runs.nodes.length).toBe(20);
  expect(runs.gaps).toEqual([]);
});
