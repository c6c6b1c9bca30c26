/** Clients as they are used, which receive an incremental response. */
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { Client, fetchExchange } from '@urql/core';
import { expect, it, onTestFinished } from 'vitest';
import { datafoldBody, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { createWorld } from '../support/world.ts';

const query = `query BothProviders {
  datafoldRun(monitorId: "7", runId: "42") { __typename id state }
  ... @defer { olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") { __typename id } }
}`;
const datafoldRun = { __typename: 'DatafoldRun', id: 'DATAFOLD:7:42', state: 'OK' };
const olostepRun = { __typename: 'OlostepRun', id: `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}` };

/** A world in which Olostep answers when it is let. */
async function createSlowWorld() {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  const released = Promise.withResolvers<void>();
  world.olostep.on(olostepPath, async (_request, response) => {
    await released.promise;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(olostepBody));
  });
  return { world, release: released.resolve };
}

/** Lets the slow provider answer once the first part has been shown, and returns all that was shown. */
function collect(release: () => void) {
  const shown: unknown[] = [];
  const whole = Promise.withResolvers<void>();
  return {
    shown,
    whole: whole.promise,
    show(data: unknown): void {
      if (data === undefined) return;
      shown.push(structuredClone(data));
      if (shown.length === 1) release();
      else whole.resolve();
    },
  };
}

it('incremental delivery: Apollo Client shows what is there, and then the rest, with its handler of the format of 2022-08-24', async () => {
  const { world, release } = await createSlowWorld();
  const client = new ApolloClient({
    link: new HttpLink({ uri: world.url }),
    cache: new InMemoryCache(),
    incrementalHandler: new Defer20220824Handler(),
  });
  onTestFinished(() => client.stop());
  const { shown, whole, show } = collect(release);

  client.watchQuery({ query: gql(query) }).subscribe(({ data }) => show(data));
  await whole;

  const __typename = 'Query';
  expect(shown).toEqual([
    { __typename, datafoldRun },
    { __typename, datafoldRun, olostepRun },
  ]);
  expect(world.olostep.paths).toEqual([olostepPath]);
});

it('incremental delivery: urql shows what is there, and then the rest', async () => {
  const { world, release } = await createSlowWorld();
  const client = new Client({ url: world.url, exchanges: [fetchExchange], preferGetMethod: false });
  const { shown, whole, show } = collect(release);

  client.query(query, {}).subscribe(({ data }) => show(data));
  await whole;

  expect(shown).toEqual([{ datafoldRun }, { datafoldRun, olostepRun }]);
  expect(world.olostep.paths).toEqual([olostepPath]);
});
