import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { type AccountWorld, accountKeys, createAccountWorld } from '../support/account-world.ts';
import {
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldMonitorPath,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepPath,
} from '../support/bodies.ts';
import { createWorld } from '../support/world.ts';

const pathOf = (id: string) => (id.startsWith('DATAFOLD') ? datafoldPath : olostepPath);
const bodyOf = (id: string) =>
  id.startsWith('DATAFOLD') ? { ...datafoldBody, error: `of ${id}` } : { ...olostepBody, log_group: `of ${id}` };

/** Each account has a run of the same ids, which says whose it is. */
function serveEach({ upstreams }: AccountWorld): void {
  for (const [id, upstream] of Object.entries(upstreams)) upstream.on(pathOf(id), { body: bodyOf(id) });
}

const toKey = (id: string) => {
  const [provider, account] = id.split('@');
  return { ...(provider === 'DATAFOLD' ? datafoldKey : olostepKey), ...(account && { account }) };
};

const all = `query ($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) {
    id account ... on DatafoldRun { error } ... on OlostepRun { logGroup }
  }
}`;

const toRun = (id: string) => {
  const { provider, monitorId, runId } = id.startsWith('DATAFOLD') ? datafoldKey : olostepKey;
  return {
    id: `${id}:${monitorId}:${runId}`,
    account: id.split('@')[1] ?? 'default',
    ...(provider === 'DATAFOLD' ? { error: `of ${id}` } : { logGroup: `of ${id}` }),
  };
};

const ids = Object.keys(accountKeys);

/** Another one of each account. */
const finishedAt = (id: string) => `2026-11-20T08:00:0${ids.indexOf(id)}.000Z`;
const eu = { ...datafoldKey, account: 'eu' };
const one = `query ($key: MonitorRunKey!) { monitorRun(key: $key) { id account phase } }`;

describe('accounts: a run', () => {
  it('is the one of its account, with the account in its id', async () => {
    const world = await createAccountWorld();
    serveEach(world);

    expect(await world.execute(all, { keys: ids.map(toKey) })).toEqual({
      data: { monitorRuns: ids.map(toRun) },
    });
    for (const id of ids) {
      const word = id.startsWith('DATAFOLD') ? 'Key' : 'Bearer';
      expect(world.upstreams[id]?.requests.map(({ headers }) => headers.authorization)).toEqual([
        `${word} ${accountKeys[id]}`,
      ]);
    }
  });

  it('is found again by its id, alone and among many, and as an entity', async () => {
    const world = await createAccountWorld();
    serveEach(world);
    const runIds = ids.map((id) => toRun(id).id);
    const fields = '{ ... on MonitorRun { id account } }';
    const expected = ids.map((id) => ({ id: toRun(id).id, account: toRun(id).account }));

    const answer = await world.execute(
      `query ($id: ID!, $ids: [ID!]!, $representations: [_Any!]!) {
        node(id: $id) ${fields} nodes(ids: $ids) ${fields} _entities(representations: $representations) ${fields}
      }`,
      {
        id: runIds[1],
        ids: runIds,
        representations: ids.map((id) => ({
          __typename: id.startsWith('DATAFOLD') ? 'DatafoldRun' : 'OlostepRun',
          id: toRun(id).id,
        })),
      },
    );

    expect(answer).toEqual({ data: { node: expected[1], nodes: expected, _entities: expected } });
  });

  it("is reached by its provider's root field, and leads to the monitor of its account", async () => {
    const world = await createAccountWorld();
    serveEach(world);

    const answer = await world.execute(
      `{ datafoldRun(monitorId: "7", runId: "42", account: "us") { id monitor { id account } }
         olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}", account: null) { id account } }`,
    );

    expect(answer).toEqual({
      data: {
        datafoldRun: { id: 'DATAFOLD@us:7:42', monitor: { id: 'DATAFOLD@us:monitor:7', account: 'us' } },
        olostepRun: { id: `OLOSTEP:${olostepKey.monitorId}:${olostepKey.runId}`, account: 'default' },
      },
    });
  });

  it('stays apart in the run cache, in reused responses and in coalesced calls', async () => {
    const world = await createAccountWorld({
      runCache: true,
      coalesceCalls: true,
      limits: { freshMs: defaultLimits.freshMs },
    });
    serveEach(world);
    const keys = ids.map(toKey);
    const answers = await Promise.all([0, 1].map(() => world.execute(all, { keys })));
    answers.push(await world.execute(all, { keys }));

    for (const answer of answers) expect(answer).toEqual({ data: { monitorRuns: ids.map(toRun) } });
    for (const id of ids) expect(world.upstreams[id]?.paths).toHaveLength(1);
  });
});

describe('accounts: a monitor, and a data diff', () => {
  it('are those of their account, and stay apart in the run cache', async () => {
    const world = await createAccountWorld({ runCache: true, coalesceCalls: true, limits: { freshMs: 60_000 } });
    serveEach(world);
    const datafoldIds = ids.filter((id) => id.startsWith('DATAFOLD'));
    for (const id of datafoldIds) {
      world.upstreams[id]?.on(datafoldMonitorPath, { body: { ...datafoldMonitorBody, description: `of ${id}` } });
      const diff = { id: datafoldBody.diff_id, status: 'done', result: 'identical' };
      world.upstreams[id]?.on(`/api/v1/datadiffs/${datafoldBody.diff_id}`, {
        body: { ...diff, finished_at: finishedAt(id) },
      });
    }
    const query = `query ($keys: [MonitorRunKey!]!, $monitors: [MonitorKey!]!) {
      monitors(keys: $monitors) { id ... on DatafoldMonitor { description } }
      monitorRuns(keys: $keys) { ... on DatafoldRun { diff { id finishedAt } } }
    }`;
    const keys = datafoldIds.map(toKey);
    const variables = { keys, monitors: keys.map(({ runId: _, ...key }) => key) };
    const expected = {
      data: {
        monitors: datafoldIds.map((id) => ({ id: `${id}:monitor:7`, description: `of ${id}` })),
        monitorRuns: datafoldIds.map((id) => ({
          diff: { id: `${id}:diff:${datafoldBody.diff_id}`, finishedAt: finishedAt(id) },
        })),
      },
    };

    for (let time = 0; time < 2; time++) expect(await world.execute(query, variables)).toEqual(expected);
    for (const id of datafoldIds) expect(world.upstreams[id]?.paths).toHaveLength(3);
    const { data } = await world.execute('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: datafoldIds.map((id) => `${id}:diff:${datafoldBody.diff_id}`),
    });
    expect(data.nodes).toEqual(expected.data.monitorRuns.map(({ diff: { id } }) => ({ id })));
  });
});

it('accounts: share nothing where they have the same key and address', async () => {
  const world = await createWorld({ runCache: true, coalesceCalls: true, limits: { freshMs: defaultLimits.freshMs } });
  const same = { apiKey: 'canary-same-key', baseUrl: world.datafold.baseUrl };
  const twins = await createWorld(
    {
      ...{ runCache: true, coalesceCalls: true, limits: { freshMs: defaultLimits.freshMs } },
      providers: { DATAFOLD: { ...same, accounts: { eu: same } } },
    },
    {},
    world,
  );
  twins.datafold.on(datafoldPath, { body: datafoldBody });

  // One after the other: the second could be answered with what was cached for the first.
  for (const key of [datafoldKey, eu]) {
    const { data } = await twins.execute(one, { key });
    expect(data.monitorRun.id).toBe(key === eu ? 'DATAFOLD@eu:7:42' : 'DATAFOLD:7:42');
  }

  expect(twins.datafold.paths).toEqual([datafoldPath, datafoldPath]);
});

describe('accounts: an account that is not configured', () => {
  const expected = 'Expected `account` of DATAFOLD to be one of "default", "eu", "us".';

  it.each([
    [
      'monitorRun',
      `{ field: monitorRun(key: { provider: DATAFOLD, account: "xx", monitorId: "7", runId: "42" }) { id } }`,
    ],
    ['monitor', `{ field: monitor(key: { provider: DATAFOLD, account: "xx", monitorId: "7" }) { id } }`],
    ['datafoldRun', `{ field: datafoldRun(account: "xx", monitorId: "7", runId: "42") { id } }`],
    ['node', `{ field: node(id: "DATAFOLD@xx:7:42") { id } }`],
    ['node of a monitor', `{ field: node(id: "DATAFOLD@xx:monitor:7") { id } }`],
    [
      'monitorRun of a name that none can have',
      `{ field: monitorRun(key: { provider: DATAFOLD, account: "E U", monitorId: "7", runId: "42" }) { id } }`,
    ],
  ])('is bad input for %s, at no call, and the error names those that are', async (_name, query) => {
    const world = await createAccountWorld();

    expect(await world.execute(query)).toEqual({
      data: { field: null },
      errors: [
        expect.objectContaining({
          message: expected,
          path: ['field'],
          extensions: { code: 'BAD_USER_INPUT', retryable: false, requestId: expect.any(String) },
        }),
      ],
    });
    for (const id of ids) expect(world.upstreams[id]?.paths).toEqual([]);
  });

  it('fails alone among many keys', async () => {
    const world = await createAccountWorld();
    serveEach(world);

    const { data, errors } = await world.execute(all, { keys: [eu, { ...eu, account: 'xx' }, datafoldKey] });

    expect(data.monitorRuns).toEqual([toRun('DATAFOLD@eu'), null, toRun('DATAFOLD')]);
    expect(errors).toEqual([expect.objectContaining({ message: expected, path: ['monitorRuns', 1] })]);
  });

  it.each(['DATAFOLD@default:7:42', 'DATAFOLD@:7:42', 'DATAFOLD@EU:7:42', 'DATAFOLD@eu@us:7:42', '@eu:7:42'])(
    'is in no id of another form: %s',
    async (id) => {
      const world = await createAccountWorld();

      const { data, errors } = await world.execute('query ($id: ID!) { node(id: $id) { id } }', { id });

      expect(data).toEqual({ node: null });
      expect(errors).toMatchObject([
        {
          message: 'Expected the `id` of a run or a monitor that this service gave.',
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ]);
    },
  );
});

describe('accounts: an error', () => {
  const failing = (answer: Awaited<ReturnType<AccountWorld['execute']>>) =>
    answer.errors?.map(({ extensions: { code, provider, account } }) => ({ code, provider, account }));

  it('says whose it is, when a call fails', async () => {
    const world = await createAccountWorld();
    serveEach(world);
    world.upstreams['DATAFOLD@eu']?.on(datafoldPath, { status: 403 });
    world.upstreams.OLOSTEP?.on(olostepPath, { status: 403 });

    const answer = await world.execute(all, { keys: ids.map(toKey) });

    const refused = ['eu', 'default'].map((account, place) => ({
      code: 'FORBIDDEN',
      provider: place === 0 ? 'DATAFOLD' : 'OLOSTEP',
      account,
    }));
    expect(failing(answer)).toHaveLength(2);
    expect(failing(answer)).toEqual(expect.arrayContaining(refused));
    expect(world.lines.map(({ message, provider, account }) => ({ message, provider, account }))).toEqual(
      expect.arrayContaining([
        { message: 'upstream call failed', provider: 'DATAFOLD', account: 'eu' },
        { message: 'upstream call failed', provider: 'OLOSTEP', account: 'default' },
      ]),
    );
  });

  it('says whose it is, when a part of a response is not as documented', async () => {
    const world = await createAccountWorld();
    for (const id of ['DATAFOLD@eu', 'DATAFOLD']) {
      world.upstreams[id]?.on(datafoldPath, { body: { ...datafoldBody, warnings: [1], error: 1 } });
    }

    const answer = await world.execute(
      'query ($eu: MonitorRunKey!, $key: MonitorRunKey!) { eu: monitorRun(key: $eu) { ...F } other: monitorRun(key: $key) { ...F } } fragment F on DatafoldRun { error warnings }',
      { eu, key: datafoldKey },
    );

    const bad = (account: string) => ({ code: 'UPSTREAM_BAD_RESPONSE', provider: 'DATAFOLD', account });
    expect(failing(answer)).toEqual([bad('eu'), bad('eu'), bad('default'), bad('default')]);
    expect(world.lines.filter(({ message }) => message.startsWith('part of')).map(({ account }) => account)).toEqual(
      expect.arrayContaining(['eu', 'default']),
    );
  });
});

describe('accounts: the list of accounts', () => {
  const query = '{ accounts { provider name isConfigured } }';

  it('has the default ones and the others, at no call', async () => {
    const world = await createAccountWorld();

    expect(await world.execute(query)).toEqual({
      data: {
        accounts: ids.map((id) => {
          const [provider, name = 'default'] = id.split('@');
          return { provider, name, isConfigured: true };
        }),
      },
    });
    for (const id of ids) expect(world.upstreams[id]?.paths).toEqual([]);
  });

  it('says which of them have a key, where the default account is absent', async () => {
    const world = await createWorld({ providers: { DATAFOLD: { accounts: { eu: { apiKey: 'canary-eu' } } } } });

    expect(await world.execute(query)).toEqual({
      data: {
        accounts: [
          { provider: 'DATAFOLD', name: 'default', isConfigured: false },
          { provider: 'DATAFOLD', name: 'eu', isConfigured: true },
          { provider: 'OLOSTEP', name: 'default', isConfigured: false },
        ],
      },
    });
    const { errors } = await world.execute(one, { key: datafoldKey });
    expect(errors).toMatchObject([{ extensions: { code: 'PROVIDER_NOT_CONFIGURED', account: 'default' } }]);
  });
});

describe('accounts: a forwarded key', () => {
  const headers = (values: Readonly<Record<string, string>>) => ({
    headers: { 'content-type': 'application/json', ...values },
  });

  it('is the one of the header of its account', async () => {
    const world = await createAccountWorld({ credentials: 'forwarded' });
    serveEach(world);
    const sent = {
      'X-Datafold-Api-Key': 'canary-default',
      'X-Datafold-Eu-Api-Key': 'canary-eu',
      'X-Olostep-Eu-Api-Key': 'canary-o-eu',
    };

    const answer = await world.execute(all, { keys: ids.map(toKey) }, headers(sent));

    expect(answer.data.monitorRuns).toEqual([toRun('DATAFOLD'), toRun('DATAFOLD@eu'), null, null, toRun('OLOSTEP@eu')]);
    expect(
      answer.errors?.map(({ message, extensions: { account } }) => [message.split('in the ')[1], account]).sort(),
    ).toEqual([
      ['header x-datafold-us-api-key.', 'us'],
      ['header x-olostep-api-key.', 'default'],
    ]);
    expect(world.upstreams['DATAFOLD@eu']?.requests[0]?.headers.authorization).toBe('Key canary-eu');
    expect(world.upstreams['DATAFOLD@us']?.paths).toEqual([]);
    const { data } = await world.execute('{ accounts { isConfigured } }', {}, headers(sent));
    expect(data.accounts.map(({ isConfigured }: { isConfigured: boolean }) => isConfigured)).toEqual([
      ...[true, true, false],
      ...[false, true],
    ]);
  });
});
