/** Responses that several operations reuse: what is made of them, below the gateway. */
import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { ResponseCache } from '../../src/loaders/response-cache.ts';
import { createMemoryCache } from '../../src/run-cache/run-cache.ts';
import { fromBytes } from '../../src/upstream/read-response.ts';
import { ResponseBudget } from '../../src/upstream/response-budget.ts';
import { toCredential } from '../support/credential.ts';

const credential = toCredential('Key canary', 'service', 'https://datafold.test');
const request = { kind: 'runs', path: '/api/v1/monitors/7/runs?page=1', echoes: {} } as const;

function createCache() {
  const limits = defaultLimits;
  const [store, budget] = [createMemoryCache(limits), new ResponseBudget(limits)];
  const responses = new ResponseCache({ store, isShared: false, budget, ttlMs: 60_000, limits });
  const write = (content: object) => {
    const body = fromBytes(Buffer.from(JSON.stringify(content)), limits);
    responses.store(responses.open('DATAFOLD', credential, request), body, Date.now(), undefined);
  };
  return { responses, store: write, find: async () => responses.find('DATAFOLD', credential, request, 5_000) };
}

it('a response is parsed once for all operations that reuse it, and so is what is made of it', async () => {
  const { responses, store, find } = createCache();
  let count = 0;
  const makeOf = async () => {
    const body = (await find())?.body;
    return body && responses.make(body, 'runs', () => ({ runs: body.get('runs'), number: ++count }));
  };

  store({ runs: 'first' });
  expect((await find())?.body).toBe((await find())?.body);
  expect([await makeOf(), await makeOf()]).toEqual([1, 1].map((number) => ({ runs: 'first', number })));

  store({ runs: 'second' });
  expect(await makeOf()).toEqual({ runs: 'second', number: 2 });
});
