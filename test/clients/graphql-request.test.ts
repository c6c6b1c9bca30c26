/** What `monitor-graph/client` gives to graphql-request: typed documents. */
import { GraphQLClient } from 'graphql-request';
import { expect, expectTypeOf, it } from 'vitest';
import {
  BothProvidersDocument,
  type BothProvidersQuery,
  DatafoldRunDocument,
  type DatafoldRunState,
  RunLogDocument,
} from '../../src/client.ts';
import { datafoldKey, olostepKey } from '../support/bodies.ts';
import { createWorldWithRuns, datafoldIds, olostepIds } from '../support/world-with-runs.ts';

it('graphql-request: answers a typed document with its type', async () => {
  const client = await createClient();

  const { datafoldRun } = await client.request(DatafoldRunDocument, datafoldIds);

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

it('graphql-request: answers both providers in one typed list, which narrows by what is selected', async () => {
  const client = await createClient();

  const { monitorRuns } = await client.request(BothProvidersDocument, { keys: [datafoldKey, olostepKey] });

  const toNews = (run: BothProvidersQuery['monitorRuns'][number]) => {
    if (run === null) return 'no such run';
    return 'state' in run ? run.state : run.snapshot;
  };
  expect(monitorRuns.map(toNews)).toEqual(['OK', { price: '19.90', currency: 'EUR' }]);
});

it('graphql-request: pages through a log with the cursors it was given', async () => {
  const client = await createClient();

  const kinds: unknown[] = [];
  let after: string | null = null;
  do {
    const variables: object = { ...olostepIds, first: 2, ...(after && { after }) };
    const { olostepRun } = await client.request(RunLogDocument, variables);
    kinds.push(...(olostepRun?.events?.edges ?? []).map((edge) => edge?.node?.kind));
    const page = olostepRun?.events?.pageInfo;
    after = page?.hasNextPage ? page.endCursor : null;
  } while (after !== null);

  expect(kinds).toEqual(['work_received', 'node_start', 'run_complete']);
});

it('graphql-request: fails to compile when a field is not selected, or a variable has a wrong type', async () => {
  const client = await createClient();

  const { datafoldRun } = await client.request(DatafoldRunDocument, datafoldIds);
  // @ts-expect-error: the operation doesn't select it.
  expect(datafoldRun?.provider).toBeUndefined();
  // @ts-expect-error: it is a whole number.
  await expect(client.request(RunLogDocument, { ...olostepIds, first: 'two' })).rejects.toThrow('BAD_USER_INPUT');
  // @ts-expect-error: ids are text, as a number could lose digits.
  await expect(client.request(DatafoldRunDocument, { monitorId: 2 ** 60, runId: '42' })).rejects.toThrow(
    'BAD_USER_INPUT',
  );
});

const createClient = async () => new GraphQLClient((await createWorldWithRuns()).url);
