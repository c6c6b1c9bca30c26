/** What a provider may be like that Datafold and Olostep aren't: Datafold's runs behind another kind of API. */
import { expect, it, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { createWorld, keys } from '../support/world.ts';

vi.mock(import('../../src/providers/datafold/client.ts'), async (importOriginal) => {
  const { defaultBaseUrl: _url, ...datafold } = (await importOriginal()).datafold;
  const other = { ...datafold, headers: (apiKey: string) => ({ 'x-api-key': apiKey }), refusesKeyWith: [403] };
  return { datafold: other };
});

const query = '{ datafoldRun(monitorId: "7", runId: "42") { rawState } }';

it('a provider definition: names the header that carries the key', async () => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });

  expect(await world.execute(query)).toEqual({ data: { datafoldRun: { rawState: datafoldBody.state } } });
  expect(world.datafold.requests.map(({ headers }) => [headers['x-api-key'], headers.authorization])).toEqual([
    [keys.datafold, undefined],
  ]);
});

it.each([
  [403, 'UPSTREAM_AUTH_FAILED'],
  [401, 'UPSTREAM_BAD_RESPONSE'],
])('a provider definition: names the statuses that refuse a key, and %i is %s', async (status, code) => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { status, body: {} });

  const { errors = [] } = await world.execute(query);
  expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
});

it('a provider definition: may have no default base URL, which then has to be configured', () => {
  expect(() => createGateway({ providers: { DATAFOLD: { apiKey: 'a' } } })).toThrow(
    /^providers\.DATAFOLD\.baseUrl: expected one https URL/,
  );
  expect(() => readConfig({ DATAFOLD_API_KEY: 'a' })).toThrow(
    'DATAFOLD_BASE_URL: expected to be set with DATAFOLD_API_KEY',
  );
});

it('a provider definition: is not configured without a base URL, where callers send their keys', async () => {
  const world = await createWorld({ credentials: 'forwarded', providers: {} });

  const headers = { 'content-type': 'application/json', 'x-datafold-api-key': 'a' };
  const { errors = [] } = await world.execute(query, {}, { headers });
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(['PROVIDER_NOT_CONFIGURED']);
});
