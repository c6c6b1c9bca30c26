import { GraphQLClient } from 'graphql-request';
import { expect, expectTypeOf, it } from 'vitest';
import {
  BothProvidersDocument,
  type BothProvidersQuery,
  DatafoldRunDocument,
  type DatafoldRunState,
  RunLogDocument,
} from '../src/generated/operations.ts';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from './bodies.ts';
import { createWorld } from './world.ts';

it('answers a typed document with its type', async () => {
  const { client, world } = await createClient();
  world.datafold.on(datafoldPath, { body: datafoldBody });

  const { datafoldRun } = await client.request(DatafoldRunDocument, { monitorId: '7', runId: '42' });

  expectTypeOf(datafoldRun?.state).toEqualTypeOf<DatafoldRunState | undefined>();
  expect(datafoldRun).toEqual({
    id: 'DATAFOLD:7:42',
    monitorId: '7',
    runId: '42',
    phase: 'FINISHED',
    outcome: 'PASSED',
    startedAt: '2026-11-20T08:00:00.000Z',
    state: 'OK',
    rawState: 'ok',
    diffId: '2262836',
    error: null,
    warnings: ['Sampled 10 % of the rows.'],
  });
});

it('answers both providers in one typed list, which narrows by what is selected', async () => {
  const { client, world } = await createClient();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });

  const { monitorRuns } = await client.request(BothProvidersDocument, { keys: [datafoldKey, olostepKey] });

  const toNews = (run: BothProvidersQuery['monitorRuns'][number]) => {
    if (run === null) return 'no such run';
    return 'state' in run ? run.state : run.snapshot;
  };
  expect(monitorRuns.map(toNews)).toEqual(['OK', { price: '19.90', currency: 'EUR' }]);
});

it('pages through a log with the cursors it was given', async () => {
  const { client, world } = await createClient();
  world.olostep.on(olostepPath, { body: olostepBody });
  const { monitorId, runId } = olostepKey;

  const kinds: unknown[] = [];
  let after: string | null = null;
  do {
    const variables: object = { monitorId, runId, first: 2, ...(after && { after }) };
    const { olostepRun } = await client.request(RunLogDocument, variables);
    kinds.push(...(olostepRun?.events?.nodes ?? []).map((node) => node?.kind));
    const page = olostepRun?.events?.pageInfo;
    after = page?.hasNextPage ? page.endCursor : null;
  } while (after !== null);

  expect(kinds).toEqual(['work_received', 'node_start', 'run_complete']);
});

async function createClient() {
  const world = await createWorld();
  return { world, client: new GraphQLClient(world.url) };
}
