/** What `monitor-graph/client` gives to Apollo Client: typed documents, and the types behind each interface for its cache. */
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { parse } from 'graphql';
import { expect, expectTypeOf, it, onTestFinished } from 'vitest';
import {
  BothProvidersDocument,
  DatafoldRunDocument,
  type DatafoldRunState,
  LogTailDocument,
  MonitorListDocument,
  type MonitorListQuery,
  NodeDocument,
  possibleTypes,
  RunLogDocument,
} from '../../src/client.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey } from '../support/bodies.ts';
import { holdDate } from '../support/clock.ts';
import { createWorld } from '../support/world.ts';
import { createWorldWithRuns, datafoldIds, olostepIds } from '../support/world-with-runs.ts';

it('Apollo Client: answers typed documents with their types', async () => {
  const { client } = await createClient();

  const datafold = await client.query({ query: DatafoldRunDocument, variables: datafoldIds });
  const both = await client.query({ query: BothProvidersDocument, variables: { keys: [datafoldKey, olostepKey] } });
  const log = await client.query({ query: RunLogDocument, variables: { ...olostepIds, first: 2 } });

  expectTypeOf(datafold.data?.datafoldRun?.state).toEqualTypeOf<DatafoldRunState | undefined>();
  expect(datafold.data?.datafoldRun).toMatchObject({ __typename: 'DatafoldRun', state: 'OK' });
  expect(both.data?.monitorRuns.map((run) => run?.id)).toEqual([
    'DATAFOLD:7:42',
    'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd',
  ]);
  expect(log.data?.olostepRun?.events?.edges?.map((edge) => edge?.node?.kind)).toEqual(['work_received', 'node_start']);
});

it('Apollo Client: fails to compile when a field is not selected, or a variable has a wrong type', async () => {
  const { client } = await createClient();

  const { data } = await client.query({ query: DatafoldRunDocument, variables: datafoldIds });
  // @ts-expect-error: the operation doesn't select it.
  expect(data?.datafoldRun?.provider).toBeUndefined();
  // @ts-expect-error: it is a whole number.
  const wrong = client.query({ query: RunLogDocument, variables: { ...olostepIds, first: 'two' } });
  await expect(wrong).rejects.toThrow('Int');
});

it('Apollo Client: caches a run once, whichever operation fetched it', async () => {
  const { client, world } = await createClient();
  await client.query({ query: BothProvidersDocument, variables: { keys: [datafoldKey] } });

  world.datafold.on(datafoldPath, { body: { ...datafoldBody, state: 'alert' } });
  await client.query({ query: DatafoldRunDocument, variables: datafoldIds });

  const stored = client.readQuery({ query: BothProvidersDocument, variables: { keys: [datafoldKey] } });
  expect(stored?.monitorRuns).toMatchObject([{ state: 'ALERT', outcome: 'FINDING' }]);
});

it('Apollo Client: finds what is selected of an interface in its cache, for runs of each provider', async () => {
  const { client, world } = await createClient();
  const fragment = gql`
    fragment Progress on MonitorRun {
      id
      phase
      outcome
    }
  `;

  await client.query({ query: BothProvidersDocument, variables: { keys: [datafoldKey, olostepKey] } });

  const from = (id: string) => client.readFragment({ id, fragment });
  expect(from('DatafoldRun:DATAFOLD:7:42')).toMatchObject({ phase: 'FINISHED', outcome: 'PASSED' });
  expect(from('OlostepRun:OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd')).toMatchObject({ outcome: 'UNKNOWN' });
  expect(world.datafold.paths).toHaveLength(1);
});

it('Apollo Client: shows what a list has of a run while that run is opened', async () => {
  const { client, world } = await createClient();
  const { monitorId, runId } = olostepKey;
  const row = { id: 'event_1', run_id: runId, created: 1763625609, changed: true, summary: null, snapshot_url: null };
  world.olostep.onAny(({ url = '' }, response) => {
    const isPage = url.startsWith(`/v1/monitors/${monitorId}/events`);
    response.writeHead(isPage || url.startsWith(`/v1/monitors/${monitorId}?`) ? 200 : 404, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(isPage ? { data: [row], has_more: false } : { id: monitorId }));
  });
  const list = client.watchQuery({
    query: gql`
      query List($key: MonitorKey!) {
        monitor(key: $key) {
          id
          runs {
            nodes {
              id
              phase
              outcome
            }
          }
        }
      }
    `,
    variables: { key: { provider: 'OLOSTEP', monitorId } },
  });
  const shown: unknown[] = [];
  await new Promise<void>((resolve) => {
    const subscription = list.subscribe(({ data }) => {
      const { monitor } = (data ?? {}) as { monitor?: { runs: { nodes: { outcome: string }[] } } };
      if (monitor === undefined) return;
      shown.push(monitor.runs.nodes.map(({ outcome }) => outcome));
      resolve();
    });
    onTestFinished(() => subscription.unsubscribe());
  });

  for (const fields of ['outcome', 'phase outcome snapshot', 'phase startedAt logGroup'])
    await client.query({
      query: gql(`query Run($monitorId: ID!, $runId: ID!) {
        olostepRun(monitorId: $monitorId, runId: $runId) { id ${fields} }
      }`),
      variables: olostepIds,
    });

  expect(shown).toEqual(shown.map(() => ['FINDING']));
  const run = client.readFragment({
    id: `OlostepRun:OLOSTEP:${monitorId}:${runId}`,
    fragment: gql`
      fragment Opened on OlostepRun {
        outcome
        logGroup
      }
    `,
  });
  expect(run).toMatchObject({ outcome: 'FINDING', logGroup: olostepBody.log_group });
});

it('Apollo Client: answers a node again out of its cache, interface within interface', async () => {
  const { client, world } = await createClient();
  const variables = { id: 'DATAFOLD:7:42' };
  await client.query({ query: NodeDocument, variables });

  const { data } = await client.query({ query: NodeDocument, variables, fetchPolicy: 'cache-only' });

  expect(data?.node).toMatchObject({ id: 'DATAFOLD:7:42', provider: 'DATAFOLD', phase: 'FINISHED', outcome: 'PASSED' });
  expect(world.datafold.paths).toHaveLength(1);
});

async function createClient() {
  const world = await createWorldWithRuns();
  const client = new ApolloClient({
    link: new HttpLink({ uri: world.url }),
    cache: new InMemoryCache({ possibleTypes }),
  });
  onTestFinished(() => client.stop());
  return { client, world };
}

it('Apollo Client: merges pages of the example operations by relayStylePagination, as docs/library.md has it', async () => {
  const sandbox = await startSandbox({ seed: 1 });
  const { url } = await createWorld({ providers: sandbox.providers });
  const cache = new InMemoryCache({
    possibleTypes,
    typePolicies: { Query: { fields: { monitorList: relayStylePagination(['provider', 'accounts', 'tags']) } } },
  });
  const client = new ApolloClient({ link: new HttpLink({ uri: url }), cache });
  onTestFinished(() => {
    client.stop();
    sandbox.close();
  });
  const variables = { provider: 'DATAFOLD', first: 3 } as const;
  const list = client.watchQuery({ query: MonitorListDocument, variables });
  const idsOf = (data: unknown) =>
    (data as { monitorList: { edges: { node: { monitorId: string } }[] } }).monitorList.edges.map(
      ({ node }) => node.monitorId,
    );
  const first = await new Promise<MonitorListQuery>((resolve) => {
    const subscription = list.subscribe(({ data, dataState }) => {
      if (dataState === 'complete') resolve(data as MonitorListQuery);
    });
    onTestFinished(() => subscription.unsubscribe());
  });

  await list.fetchMore({ variables: { after: first.monitorList?.pageInfo.endCursor ?? null } });
  const data = client.readQuery({ query: MonitorListDocument, variables });

  expect(idsOf(first)).toHaveLength(3);
  expect(new Set(idsOf(data)).size).toBe(6);
  expect(idsOf(data).slice(0, 3)).toEqual(idsOf(first));
});

it('Apollo Client: pages backwards through a log, and stores one run for it and for all other operations', async () => {
  const sandbox = await startSandbox({ seed: 1 });
  const world = await createWorld({ providers: sandbox.providers });
  const cache = new InMemoryCache({
    possibleTypes,
    typePolicies: { OlostepRun: { fields: { events: relayStylePagination(['kind']) } } },
  });
  const client = new ApolloClient({ link: new HttpLink({ uri: world.url }), cache });
  onTestFinished(() => {
    client.stop();
    sandbox.close();
  });
  const variables = { last: 20 };
  const tail = client.watchQuery({ query: LogTailDocument, variables });
  await new Promise<void>((resolve) => {
    const subscription = tail.subscribe(({ dataState }) => dataState === 'complete' && resolve());
    onTestFinished(() => subscription.unsubscribe());
  });

  let before = tail.getCurrentResult().data?.olostepRun?.events?.pageInfo?.startCursor ?? null;
  for (let pages = 1; pages < 4; pages++) {
    const page = await tail.fetchMore({ variables: { before } });
    before = page.data?.olostepRun?.events?.pageInfo.startCursor ?? null;
  }
  const { data } = await client.query({
    query: gql`
      query Whole($monitorId: ID!, $runId: ID!) {
        olostepRun(monitorId: $monitorId, runId: $runId) {
          id
          phase
        }
      }
    `,
    variables: { monitorId: 'monitor_j0bb04rd42', runId: 'run_l0ngl0gxxl' },
  });

  expect(data).toMatchObject({ olostepRun: { phase: 'FINISHED' } });
  const shown = client.readQuery({ query: LogTailDocument, variables })?.olostepRun?.events;
  const times = shown?.edges?.map((edge) => edge?.node?.timestamp as unknown as string) ?? [];
  expect(times).toHaveLength(80);
  expect(times).toEqual(times.toSorted());
  expect(shown?.pageInfo.hasPreviousPage).toBe(true);
  expect(shown?.edges?.at(-1)?.node?.kind).toBe('run_complete');
  const stored = Object.keys(cache.extract()).filter((id) => id.startsWith('OlostepRun:'));
  expect(stored).toEqual(['OlostepRun:OLOSTEP:monitor_j0bb04rd42:run_l0ngl0gxxl']);
});

it('Apollo Client: stores each run and each monitor once, across all example operations', async () => {
  const now = Date.UTC(2026, 10, 22, 9);
  holdDate(new Date(now).toISOString());
  const sandbox = await startSandbox({ now: () => now, seed: 1 });
  const world = await createWorld({ providers: sandbox.providers });
  const cache = new InMemoryCache({ possibleTypes });
  const client = new ApolloClient({ link: new HttpLink({ uri: world.url }), cache });
  onTestFinished(() => {
    client.stop();
    sandbox.close();
  });

  const first = new Map<string, unknown>();
  for (const text of exampleOperations) {
    const { data, error } = await client.query({ query: parse(text) });
    expect(error).toBeUndefined();
    first.set(text, data);
  }

  const { ROOT_QUERY, ...stored } = cache.extract() as Record<string, object>;
  expect(findUnnamed([ROOT_QUERY, ...Object.values(stored).map((fields) => Object.values(fields))])).toEqual([]);
  const ids = Object.keys(stored);
  for (const typeName of ['DatafoldRun', 'OlostepRun', 'DatafoldMonitor', 'OlostepMonitor', 'DatafoldDiff'])
    expect(ids.filter((id) => id.startsWith(`${typeName}:`)).length, typeName).toBeGreaterThan(0);
  // None has taken anything from another: what was fetched first is there still, and says the same.
  for (const text of exampleOperations) {
    const { data } = await client.query({ query: parse(text), fetchPolicy: 'cache-only' });
    expect(data).toEqual(first.get(text));
  }
});

/** The runs, monitors and diffs that are stored within others, as they have no id there. */
function findUnnamed(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const { __typename: typeName = '' } = value as { __typename?: string };
  const isNode = /^(?:Datafold|Olostep)(?:Run|Monitor|Diff)$/.test(typeName);
  return [...(isNode ? [value] : []), ...Object.values(value).flatMap(findUnnamed)];
}
