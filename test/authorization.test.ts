/** Who may ask: whoever has a token, when tokens are configured. */
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DoorConfig } from '../src/http/server.ts';
import { holdClock, until } from './clock.ts';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';
import { sendLines } from './raw-http.ts';
import { createWorld, type World } from './world.ts';

const token = 'canary-token-number-one';
const other = 'canary-token-number-two';
const body = '{"query":"{ __typename }"}';

const askAs = (world: World, authorization?: string) =>
  world.post(body, { headers: { 'content-type': 'application/json', ...(authorization && { authorization }) } });

async function expectRefusal(world: World, response: Response | null) {
  const text = (await response?.text()) ?? '';
  expect(response?.status).toBe(401);
  expect(response?.headers.get('www-authenticate')).toBe('Bearer');
  expect(JSON.parse(text)).toEqual({
    errors: [
      {
        message: 'Expected the header Authorization: Bearer, with a token that this service accepts.',
        extensions: { code: 'UNAUTHENTICATED', requestId: response?.headers.get('x-request-id') },
      },
    ],
  });
  expect(JSON.stringify(world.lines)).not.toContain('canary');
}

describe('With tokens', () => {
  const createClosedWorld = () => createWorld({}, { apiTokens: [token, other] });

  it.each([`Bearer ${token}`, `Bearer ${other}`, `bearer ${token}`, `Bearer   ${token}`])(
    '"%s" is let in',
    async (as) => {
      const world = await createClosedWorld();

      expect(await (await askAs(world, as)).json()).toEqual({ data: { __typename: 'Query' } });
    },
  );

  it.each([
    undefined,
    'Bearer',
    'Bearer canary',
    token,
    `Basic ${token}`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}x`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token} ${other}`,
    `Bearer ${token},${other}`,
    `Bearer ${'x'.repeat(5_000)}`,
    `Bearer e30.e30.${token}`,
  ])('"%s" is refused, and nothing of it told', async (as) => {
    const world = await createClosedWorld();

    await expectRefusal(world, await askAs(world, as));
  });

  it('two headers are refused, whichever of them is right', async () => {
    const world = await createClosedWorld();
    const { length } = body;

    for (const tokens of [
      [token, 'canary'],
      ['canary', token],
    ]) {
      const lines = tokens.map((text) => `Authorization: Bearer ${text}`);
      const head = ['POST /graphql HTTP/1.1', 'Host: graph.test', 'Content-Type: application/json'];
      await expectRefusal(world, await sendLines(world.url, [...head, `Content-Length: ${length}`, ...lines], body));
    }
  });

  it('a GET needs one as a POST does', async () => {
    const world = await createClosedWorld();
    const headers = { 'apollo-require-preflight': 'true' };

    await expectRefusal(world, await fetch(`${world.url}?query={__typename}`, { headers }));
  });

  it('GraphiQL opens without, and so do the two pages on health', async () => {
    const { url } = await createClosedWorld();

    for (const path of ['/graphql', '/health', '/ready'])
      expect((await fetch(new URL(path, url), { headers: { accept: 'text/html' } })).status).toBe(200);
  });
});

describe('With an issuer of JWTs', async () => {
  const mine = await generateKeyPair('ES256', { extractable: true });
  const theirs = await generateKeyPair('ES256');
  const issuer = 'https://issuer.test';
  const audience = 'monitor-graph';
  const keySet = { keys: [{ ...(await exportJWK(mine.publicKey)), kid: 'mine', alg: 'ES256' }] };

  async function createClosedWorld(config: Partial<DoorConfig> = {}) {
    const keys: FakeUpstream = await startFakeUpstream();
    onTestFinished(() => keys.close());
    keys.on('/keys', { body: keySet });
    const jwt = { jwksUrl: `${keys.baseUrl}/keys`, issuer, audience };
    return { keys, world: await createWorld({}, { jwt, ...config }) };
  }

  const createJwt = (header = { alg: 'ES256', kid: 'mine' }) =>
    new SignJWT().setProtectedHeader(header).setIssuer(issuer).setAudience(audience).setExpirationTime('5m');

  it('a good one is let in, and the keys are fetched once', async () => {
    const { keys, world } = await createClosedWorld();

    for (let time = 0; time < 3; time++) {
      const response = await askAs(world, `Bearer ${await createJwt().sign(mine.privateKey)}`);
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    }
    expect(keys.paths).toEqual(['/keys']);
  });

  it.each<[name: string, jwt: () => Promise<string> | string]>([
    ['signed by somebody else', () => createJwt().sign(theirs.privateKey)],
    ['of another issuer', () => createJwt().setIssuer('https://evil.test').sign(mine.privateKey)],
    ['for another audience', () => createJwt().setAudience('another').sign(mine.privateKey)],
    ['that is over', () => createJwt().setExpirationTime('-1m').sign(mine.privateKey)],
    [
      'that never ends',
      () =>
        new SignJWT({ iss: issuer, aud: audience })
          .setProtectedHeader({ alg: 'ES256', kid: 'mine' })
          .sign(mine.privateKey),
    ],
    ['that is not valid yet', () => createJwt().setNotBefore('1m').sign(mine.privateKey)],
    ['with an unknown key', () => createJwt({ alg: 'ES256', kid: 'new' }).sign(mine.privateKey)],
    ['without signature', () => new UnsecuredJWT({ iss: issuer, aud: audience }).setExpirationTime('5m').encode()],
    [
      'signed with the public key as a secret',
      () => createJwt({ alg: 'HS256', kid: 'mine' }).sign(Buffer.from(JSON.stringify(keySet.keys[0]))),
    ],
    ['that is none', () => 'canary.canary.canary'],
  ])('one %s is refused', async (_name, jwt) => {
    const { world } = await createClosedWorld();

    await expectRefusal(world, await askAs(world, `Bearer ${await jwt()}`));
  });

  it('tokens do as well, where there are some, and need no key', async () => {
    const { keys, world } = await createClosedWorld({ apiTokens: [token] });

    expect((await askAs(world, `Bearer ${token}`)).status).toBe(200);
    expect(keys.paths).toEqual([]);
  });

  it('a client that leaves while the keys are fetched takes no place and makes no call', async () => {
    const keys = await startFakeUpstream();
    onTestFinished(() => keys.close());
    const answers: (() => void)[] = [];
    keys.on('/keys', (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(keySet)));
    });
    const jwt = { jwksUrl: `${keys.baseUrl}/keys`, issuer, audience };
    const world = await createWorld({ limits: { maxOperations: 1 } }, { jwt });
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await createJwt().sign(mine.privateKey)}`,
    };
    const departure = new AbortController();
    const query = '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { state } }"}';
    const left = world.post(query, { headers, signal: departure.signal }).catch(() => 'left');
    await keys.arrived(1);

    departure.abort();
    expect(await left).toBe('left');
    await until(() => world.lines.some(({ status }) => status === 499));
    for (const answer of answers) answer();

    expect((await world.post(body, { headers })).status).toBe(200);
    expect((await world.post(body, { headers })).status).toBe(200);
    expect(world.datafold.paths).toEqual([]);
  });

  it('whose keys are not to be had, nobody is let in, or told that the token is bad', async () => {
    const { keys, world } = await createClosedWorld();
    const clock = holdClock();
    const jwt = await createJwt().sign(mine.privateKey);

    for (const reply of [{ status: 500 }, { body: 'canary' }, { status: 302, headers: { location: '/keys' } }]) {
      keys.on('/keys', reply);
      const response = await askAs(world, `Bearer ${jwt}`);

      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });

      // Nor are they looked for again at once, however many tokens come.
      const asked = keys.paths.length;
      for (let time = 0; time < 10; time++) expect((await askAs(world, `Bearer ${jwt}`)).status).toBe(503);
      expect(keys.paths).toHaveLength(asked);
      await clock.pass(1_000);
    }
    keys.on('/keys', { body: keySet });
    expect((await askAs(world, `Bearer ${jwt}`)).status).toBe(200);
    expect(world.lines.filter(({ level }) => level === 'error')).toHaveLength(3);
    expect(JSON.stringify(world.lines)).not.toContain(jwt.slice(-20));
  });
});
