import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/core/limits.ts';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdClock, holdDice } from '../support/clock.ts';
import type { Handler } from '../support/fake-upstream.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { createWorld, keys, type World } from '../support/world.ts';

const query = `query ($datafold: MonitorRunKey!, $olostep: MonitorRunKey!) {
  datafold: monitorRun(key: $datafold) { ... on DatafoldRun { error } }
  olostep: monitorRun(key: $olostep) { ... on OlostepRun { logGroup } }
}`;

const execute = (world: World, headers: Readonly<Record<string, string>>, init: RequestInit = {}) =>
  world.execute(
    query,
    { datafold: datafoldKey, olostep: olostepKey },
    { headers: { 'content-type': 'application/json', ...headers }, ...init },
  );

const datafoldHeader = 'X-Datafold-Api-Key';
const olostepHeader = 'X-Olostep-Api-Key';
const both = { [datafoldHeader]: 'canary-d', [olostepHeader]: 'canary-o' };

const unauthenticated = (provider: string, place: string, sentence: string, facts: object = {}) =>
  expect.objectContaining({
    message: `${provider} ${sentence}`,
    path: [place],
    extensions: {
      code: 'UNAUTHENTICATED',
      provider,
      account: 'default',
      retryable: false,
      requestId: expect.any(String),
      ...facts,
    },
  });
/** The error of a caller without a key, or with one that can't be sent. */
const withoutKey = (provider: string, place: string) =>
  unauthenticated(
    provider,
    place,
    `expects a key of 1 to 4,096 visible ASCII characters, without spaces, in the header x-${place}-api-key.`,
  );

const authorizations = ({ datafold, olostep }: World) =>
  [datafold, olostep].map(({ requests }) => requests.map(({ headers }) => headers.authorization));

async function createForwardingWorld(limits: Partial<Limits> = {}): Promise<World> {
  const world = await createWorld({ credentials: 'forwarded', limits });
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });
  return world;
}

const found = { data: { datafold: { error: null }, olostep: { logGroup: olostepBody.log_group } } };

describe("credentials: with callers' own keys, a request", () => {
  it('is made with them, each with the word that its provider wants before it', async () => {
    const world = await createForwardingWorld();

    expect(await execute(world, both)).toEqual(found);
    expect(authorizations(world)).toEqual([['Key canary-d'], ['Bearer canary-o']]);
  });

  it('is made with the key in it, without the white space around it', async () => {
    const world = await createForwardingWorld();

    expect(await execute(world, { ...both, [datafoldHeader]: ' \tcanary-d\t ' })).toEqual(found);
    expect(authorizations(world)).toEqual([['Key canary-d'], ['Bearer canary-o']]);
  });

  it("lends its keys to no other, and never has the service's own", async () => {
    const world = await createForwardingWorld();
    expect(await execute(world, both)).toEqual(found);

    expect(await execute(world, {})).toEqual({
      data: { datafold: null, olostep: null },
      errors: expect.arrayContaining([withoutKey('DATAFOLD', 'datafold'), withoutKey('OLOSTEP', 'olostep')]),
    });
    expect(authorizations(world)).toEqual([['Key canary-d'], ['Bearer canary-o']]);
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is white space', '   '],
    ['has the word before it', 'Key canary-x'],
    ['has a space in it', 'canary x'],
    ['has a tab in it', 'canary\tx'],
    ['has another after it', 'canary-x, canary-y'],
    ['is not ASCII', 'canary-é'],
    ['is too long', `canary-${'x'.repeat(4_090)}`],
  ])('whose key %s is refused by that provider alone, without a call', async (_name, key) => {
    for (const [header, other, provider] of [
      [datafoldHeader, 'olostep', 'DATAFOLD'],
      [olostepHeader, 'datafold', 'OLOSTEP'],
    ] as const) {
      const world = await createForwardingWorld();
      const { [header]: _key, ...headers } = both;

      const answer = await execute(world, key === undefined ? headers : { ...headers, [header]: key });

      const place = provider.toLowerCase();
      expect(answer).toEqual({
        data: { ...found.data, [place]: null },
        errors: [withoutKey(provider, place)],
      });
      expect(world[place as 'datafold' | 'olostep'].paths).toEqual([]);
      expect(world[other].paths).toHaveLength(1);
      expect(JSON.stringify([answer, world.lines])).not.toContain('canary');
    }
  });

  it('takes a key of 4,096 characters', async () => {
    const world = await createForwardingWorld();
    const key = 'x'.repeat(4_096);

    expect(await execute(world, { ...both, [datafoldHeader]: key })).toEqual(found);
    expect(authorizations(world)[0]).toEqual([`Key ${key}`]);
  });

  it('has an error that the key is not accepted, when the provider says so', async () => {
    const world = await createForwardingWorld();
    world.datafold.on(datafoldPath, { status: 401, body: { detail: 'canary-d is unknown' } });

    const answer = await execute(world, both);

    expect(answer).toEqual({
      data: { ...found.data, datafold: null },
      errors: [unauthenticated('DATAFOLD', 'datafold', "didn't accept your credentials.", { upstreamStatus: 401 })],
    });
    expect(JSON.stringify([answer, world.lines])).not.toContain('canary');
  });

  it.each([403, 429, 500])(
    'has its keys in no answer and no line of the log, when the provider says %i',
    async (status) => {
      holdDice(0);
      // A 429 is retried until the deadline.
      const world = await createForwardingWorld({ operationTimeoutMs: status === 429 ? 1_000 : 15_000 });
      world.datafold.on(datafoldPath, (request, response) => {
        response.writeHead(status, request.headers.authorization, { 'x-echo': `${request.headers.authorization}` });
        response.end(`${request.headers.authorization}`);
      });

      const answer = await execute(world, both);

      expect(answer.errors).toHaveLength(1);
      expect(world.lines.map(({ message }) => message)).toContain('upstream call failed');
      expect(JSON.stringify([answer, world.lines])).not.toContain('canary');
    },
  );

  it('gets nothing of another caller: 50 callers, all mixed, with faults and disconnects', fuzz, async () => {
    holdDice(0);
    // However slow the machine is, and however many faults come together.
    const world = await createWorld({
      credentials: 'forwarded',
      limits: { maxEventLoopLagMs: 60_000, retryBudget: 1_000 },
    });
    holdClock();
    let calls = 0;
    /** Answers with the number of the caller whose key it got, sooner or later. */
    const answerAs = (scheme: string, toBody: (caller: string) => object) => {
      return async (...[request, response]: Parameters<Handler>) => {
        const call = ++calls;
        for (let turn = 0; turn < (call * 7) % 5; turn++) await setImmediate();
        const [, caller = 'none'] = new RegExp(`^${scheme}-(\\d+)$`).exec(`${request.headers.authorization}`) ?? [];
        response.writeHead(call % 10 === 0 ? 500 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(toBody(`caller ${caller}`)));
      };
    };
    const toDatafold = answerAs('Key canary-d', (error) => ({ ...datafoldBody, error }));
    const toOlostep = answerAs('Bearer canary-o', (log_group) => ({ ...olostepBody, log_group }));
    world.datafold.on(datafoldPath, (request, response) => void toDatafold(request, response));
    world.olostep.on(olostepPath, (request, response) => void toOlostep(request, response));

    const rounds = casesOf(40, 10);
    let answered = 0;
    let left = 0;
    for (let round = 0; round < rounds; round++) {
      const requested = Array.from({ length: 50 }, async (_, caller) => {
        const controller = new AbortController();
        const headers = { [datafoldHeader]: `canary-d-${caller}`, [olostepHeader]: `canary-o-${caller}` };
        const requested = execute(world, headers, { signal: controller.signal }).catch(() => undefined);
        if ((round + caller) % 10 === 0) {
          await setImmediate();
          controller.abort();
        }
        const answer = await requested;
        if (answer === undefined) return left++;
        expect(JSON.stringify(answer)).not.toContain('canary');
        const { datafold, olostep } = answer.data;
        if (datafold !== null) expect(datafold).toEqual({ error: `caller ${caller}` });
        if (olostep !== null) expect(olostep).toEqual({ logGroup: `caller ${caller}` });
        return datafold && olostep && answered++;
      });
      await Promise.all(requested);
    }

    expect(left).toBe(5 * rounds);
    expect(answered).toBeGreaterThan(44.5 * rounds);
    expect(JSON.stringify(world.lines)).not.toContain('canary');
  });
});

describe("credentials: with the service's own keys, a request", () => {
  it('is made with those, whatever keys are in its headers', async () => {
    const world = await createWorld();
    world.datafold.on(datafoldPath, { body: datafoldBody });
    world.olostep.on(olostepPath, { body: olostepBody });

    expect(await execute(world, both)).toEqual(found);
    expect(authorizations(world)).toEqual([[`Key ${keys.datafold}`], [`Bearer ${keys.olostep}`]]);
  });
});

it("credentials: A service for callers' own keys needs no key of the service", async () => {
  const world = await createWorld({ credentials: 'forwarded', providers: {} });

  expect((await execute(world, {})).errors?.map(({ extensions }) => extensions.code)).toEqual([
    'UNAUTHENTICATED',
    'UNAUTHENTICATED',
  ]);
});

it('credentials: A key that a provider repeats in its answer is passed on to no client, in whichever field', async () => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: { ...datafoldBody, warnings: [`sent with ${keys.datafold}`] } });
  world.olostep.on(olostepPath, { body: olostepBody });

  const answer = await world.execute(
    'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id ... on DatafoldRun { warnings } } }',
    {
      keys: [datafoldKey, olostepKey],
    },
  );

  expect(answer).toMatchObject({
    data: { monitorRuns: [null, { id: expect.any(String) }] },
    errors: [{ path: ['monitorRuns', 0], extensions: { code: 'UPSTREAM_BAD_RESPONSE' } }],
  });
  expect(JSON.stringify([answer, world.lines])).not.toContain(keys.datafold);
});
