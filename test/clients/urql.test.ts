/** What `monitor-graph/client` gives to urql: typed documents. */
import { Client, type ClientOptions, cacheExchange, fetchExchange } from '@urql/core';
import { expect, expectTypeOf, it } from 'vitest';
import { BothProvidersDocument, DatafoldRunDocument, type DatafoldRunState, RunLogDocument } from '../../src/client.ts';
import { datafoldKey, olostepKey } from '../support/bodies.ts';
import { createWorldWithRuns, datafoldIds, olostepIds } from '../support/world-with-runs.ts';

it('urql: answers typed documents with their types', async () => {
  const client = await createClient();

  const datafold = await client.query(DatafoldRunDocument, datafoldIds);
  const both = await client.query(BothProvidersDocument, { keys: [datafoldKey, olostepKey] });
  const log = await client.query(RunLogDocument, { ...olostepIds, first: 2 });

  expectTypeOf(datafold.data?.datafoldRun?.state).toEqualTypeOf<DatafoldRunState | undefined>();
  expect(datafold.data?.datafoldRun).toMatchObject({ __typename: 'DatafoldRun', state: 'OK' });
  expect(both.data?.monitorRuns.map((run) => run?.id)).toEqual([
    'DATAFOLD:7:42',
    'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd',
  ]);
  expect(log.data?.olostepRun?.events?.edges?.map((edge) => edge?.node?.kind)).toEqual(['work_received', 'node_start']);
});

it('urql: fails to compile when a field is not selected, or a variable has a wrong type', async () => {
  const client = await createClient();

  const { data } = await client.query(DatafoldRunDocument, datafoldIds);
  // @ts-expect-error: the operation doesn't select it.
  expect(data?.datafoldRun?.provider).toBeUndefined();
  // @ts-expect-error: it is a whole number.
  const wrong = await client.query(RunLogDocument, { ...olostepIds, first: 'two' });
  expect(wrong.error?.graphQLErrors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

it('urql: is refused by GET, its default: a page of another site could send the same', async () => {
  const client = await createClient({ preferGetMethod: 'within-url-limit' });

  const { error } = await client.query(DatafoldRunDocument, datafoldIds);

  expect(error?.graphQLErrors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});

async function createClient({ preferGetMethod = false }: Pick<ClientOptions, 'preferGetMethod'> = {}) {
  const { url } = await createWorldWithRuns();
  return new Client({ url, exchanges: [cacheExchange, fetchExchange], preferGetMethod });
}
