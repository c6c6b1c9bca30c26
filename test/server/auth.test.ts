/** Authentication: clients need a token, when tokens are configured. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultLimits, type Limits } from '../../src/core/limits.ts';
import type { HttpServerConfig } from '../../src/server/server.ts';
import { holdClock, until } from '../support/clock.ts';
import { type FakeUpstream, type Handler, type Reply, silence, startFakeUpstream } from '../support/fake-upstream.ts';
import { sendLines } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const token = 'canary-token-number-one';
const other = 'canary-token-number-two';
const body = '{"query":"{ __typename }"}';

const requestAs = (world: World, authorization?: string) =>
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

describe('authentication: with tokens', () => {
  const createClosedWorld = () => createWorld({}, { apiTokens: [token, other] });

  it.each([`Bearer ${token}`, `Bearer ${other}`, `bearer ${token}`, `Bearer   ${token}`])(
    '"%s" is admitted',
    async (as) => {
      const world = await createClosedWorld();

      expect(await (await requestAs(world, as)).json()).toEqual({ data: { __typename: 'Query' } });
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

    await expectRefusal(world, await requestAs(world, as));
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

describe('authentication: with an issuer of JWTs', async () => {
  const mine = await generateKeyPair('ES256', { extractable: true });
  const theirs = await generateKeyPair('ES256');
  const issuer = 'https://issuer.test';
  const audience = 'monitor-graph';
  const keySet = { keys: [{ ...(await exportJWK(mine.publicKey)), kid: 'mine', alg: 'ES256' }] };

  async function createClosedWorld(config: Partial<HttpServerConfig> = {}, limits: Partial<Limits> = {}) {
    const keys: FakeUpstream = await startFakeUpstream();
    onTestFinished(() => keys.close());
    keys.on('/keys', { body: keySet });
    const jwt = { jwksUrl: `${keys.baseUrl}/keys`, issuer, audience };
    return { keys, world: await createWorld({ limits }, { jwt, ...config }) };
  }

  const createJwt = (header = { alg: 'ES256', kid: 'mine' }) =>
    new SignJWT().setProtectedHeader(header).setIssuer(issuer).setAudience(audience).setExpirationTime('5m');

  it('a good one is admitted, and the keys are fetched once', async () => {
    const { keys, world } = await createClosedWorld();

    for (let time = 0; time < 3; time++) {
      const response = await requestAs(world, `Bearer ${await createJwt().sign(mine.privateKey)}`);
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    }
    expect(keys.paths).toEqual(['/keys']);
  });

  it.each<[name: string, jwt: () => Promise<string> | string]>([
    ['signed by another issuer', () => createJwt().sign(theirs.privateKey)],
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

    await expectRefusal(world, await requestAs(world, `Bearer ${await jwt()}`));
  });

  it('tokens do as well, where there are some, and need no key', async () => {
    const { keys, world } = await createClosedWorld({ apiTokens: [token] });

    expect((await requestAs(world, `Bearer ${token}`)).status).toBe(200);
    expect(keys.paths).toEqual([]);
  });

  it.each(['POST', 'GET'])(
    'who waits for the keys has so much less of the deadline of the operation, by %s',
    async (method) => {
      const keys = await startFakeUpstream();
      onTestFinished(() => keys.close());
      const answers: (() => void)[] = [];
      keys.on('/keys', (_request, response) => {
        answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(keySet)));
      });
      const jwt = { jwksUrl: `${keys.baseUrl}/keys`, issuer, audience };
      const world = await createWorld({ limits: { upstreamAttemptTimeoutMs: 60_000 } }, { jwt });
      world.datafold.onAny(silence);
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${await createJwt().sign(mine.privateKey)}`,
      };
      const query = '{ datafoldRun(monitorId: 7, runId: 42) { state } }';
      const clock = holdClock();

      const requested =
        method === 'POST'
          ? world.post(JSON.stringify({ query }), { headers })
          : fetch(`${world.url}?query=${encodeURIComponent(query)}`, { headers });
      await keys.arrived(1);
      await clock.pass(2_000);
      for (const answer of answers) answer();
      await world.datafold.arrived(1);
      await clock.pass(12_999);
      expect(world.lines).toEqual([]);
      await clock.pass(1);

      expect(await (await requested).json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] });
    },
  );

  it('a client that leaves while the keys are fetched takes no place and makes no call', async () => {
    const keys = await startFakeUpstream();
    onTestFinished(() => keys.close());
    const answers: (() => void)[] = [];
    keys.on('/keys', (_request, response) => {
      answers.push(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(keySet)));
    });
    const jwt = { jwksUrl: `${keys.baseUrl}/keys`, issuer, audience };
    const world = await createWorld({ limits: { maxConcurrentOperations: 1 } }, { jwt });
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await createJwt().sign(mine.privateKey)}`,
    };
    const disconnect = new AbortController();
    const query = '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { state } }"}';
    const left = world.post(query, { headers, signal: disconnect.signal }).catch(() => 'left');
    await keys.arrived(1);

    disconnect.abort();
    expect(await left).toBe('left');
    await until(() => world.lines.some(({ status }) => status === 499));
    for (const answer of answers) answer();

    expect((await world.post(body, { headers })).status).toBe(200);
    expect((await world.post(body, { headers })).status).toBe(200);
    expect(world.datafold.paths).toEqual([]);
  });

  it('whose keys are unavailable, no client is admitted, or gets an error that its token is bad', async () => {
    const { keys, world } = await createClosedWorld();
    const clock = holdClock();
    const jwt = await createJwt().sign(mine.privateKey);

    for (const reply of [{ status: 500 }, { body: 'canary' }, { status: 302, headers: { location: '/keys' } }]) {
      keys.on('/keys', reply);
      const response = await requestAs(world, `Bearer ${jwt}`);

      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });

      // Nor are they looked for again at once, however many tokens come.
      const requested = keys.paths.length;
      for (let time = 0; time < 10; time++) expect((await requestAs(world, `Bearer ${jwt}`)).status).toBe(503);
      expect(keys.paths).toHaveLength(requested);
      await clock.pass(1_000);
    }
    keys.on('/keys', { body: keySet });
    expect((await requestAs(world, `Bearer ${jwt}`)).status).toBe(200);
    expect(world.lines.filter(({ level }) => level === 'error')).toHaveLength(3);
    expect(JSON.stringify(world.lines)).not.toContain(jwt.slice(-20));
  });

  describe('whose keys change from one moment to the next', async () => {
    const next = await generateKeyPair('ES256', { extractable: true });
    const nextJwk = await exportJWK(next.publicKey);

    it.each([
      ['under a new kid', 'mine', 'next'],
      ['under the old kid', 'mine', 'mine'],
      ['without any kid', undefined, undefined],
    ])('the next key is found at once, %s, and the old one is good no more', async (_name, oldKid, newKid) => {
      const { keys, world } = await createClosedWorld();
      const requestWith = async (key: CryptoKey, kid: string | undefined) =>
        (await requestAs(world, `Bearer ${await createJwt({ alg: 'ES256', kid } as never).sign(key)}`)).status;
      const toSet = (jwk: JWK, kid: string | undefined) => ({ body: { keys: [{ ...jwk, kid, alg: 'ES256' }] } });
      keys.on('/keys', toSet(await exportJWK(mine.publicKey), oldKid));
      expect(await requestWith(mine.privateKey, oldKid)).toBe(200);

      keys.on('/keys', toSet(nextJwk, newKid));

      expect(await requestWith(next.privateKey, newKid)).toBe(200);
      expect(await requestWith(mine.privateKey, oldKid)).toBe(401);
      expect(keys.paths).toHaveLength(2);
    });

    it('one look at the issuer serves all tokens that need a later key, and the next comes when it may', async () => {
      const { keys, world } = await createClosedWorld();
      const clock = holdClock();
      const forged = await createJwt().sign(theirs.privateKey);
      const good = await createJwt().sign(mine.privateKey);
      const rotated = await createJwt({ alg: 'ES256', kid: 'next' }).sign(next.privateKey);
      expect((await requestAs(world, `Bearer ${good}`)).status).toBe(200);

      for (let time = 0; time < 10; time++) expect((await requestAs(world, `Bearer ${forged}`)).status).toBe(401);
      expect(keys.paths).toHaveLength(2);

      keys.on('/keys', { body: { keys: [{ ...nextJwk, kid: 'next', alg: 'ES256' }] } });
      expect((await requestAs(world, `Bearer ${rotated}`)).status).toBe(401);
      expect(keys.paths).toHaveLength(2);
      await clock.pass(1_000);

      expect((await requestAs(world, `Bearer ${rotated}`)).status).toBe(200);
      expect(keys.paths).toHaveLength(3);
    });

    it('and which then are not to be had: a token with an unknown key is not called bad, one with a known key is', async () => {
      const { keys, world } = await createClosedWorld();
      expect((await requestAs(world, `Bearer ${await createJwt().sign(mine.privateKey)}`)).status).toBe(200);

      keys.on('/keys', { status: 500 });

      const unknown = await createJwt({ alg: 'ES256', kid: 'next' }).sign(next.privateKey);
      expect((await requestAs(world, `Bearer ${unknown}`)).status).toBe(503);
      await expectRefusal(world, await requestAs(world, `Bearer ${await createJwt().sign(theirs.privateKey)}`));
      expect((await requestAs(world, `Bearer ${await createJwt().sign(mine.privateKey)}`)).status).toBe(200);
    });
  });

  describe('one of whose keys is of no use', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const signed = (kid: string, alg: string, key: KeyObject) => {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const exp = Math.floor(Date.now() / 1_000) + 300;
      const text = `${encode({ alg, kid })}.${encode({ iss: issuer, aud: audience, exp })}`;
      return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
    };

    it.each<[name: string, alg: string, jwk: object]>([
      ['weak', 'RS256', weak.publicKey.export({ format: 'jwk' })],
      ['private', 'RS256', weak.privateKey.export({ format: 'jwk' })],
      ['without its number', 'RS256', { kty: 'RSA', e: 'AQAB' }],
      ['of a number that is none', 'RS256', { kty: 'RSA', n: '!', e: 'AQAB' }],
      ['of an empty number', 'RS256', { kty: 'RSA', n: '', e: '' }],
      ['of a list', 'RS256', { kty: 'RSA', n: [1], e: { a: 1 } }],
      ['off its curve', 'ES256', { kty: 'EC', crv: 'P-256', x: 'AQ', y: 'AQ' }],
      ['without its curve', 'ES256', { kty: 'EC', x: 'AQ', y: 'AQ' }],
      ['too short', 'EdDSA', { kty: 'OKP', crv: 'Ed25519', x: 'AQ' }],
      ['a secret', 'RS256', { kty: 'oct', k: 'AQAB' }],
      ['of no kind', 'RS256', {}],
    ])('a token of it is refused, and others are admitted as before: %s', async (_name, alg, jwk) => {
      const { keys, world } = await createClosedWorld();
      keys.on('/keys', { body: { keys: [{ ...jwk, kid: 'odd' }, ...keySet.keys] } });
      const odd = signed('odd', alg, weak.privateKey);

      for (let time = 0; time < 3; time++) {
        await expectRefusal(world, await requestAs(world, `Bearer ${odd}`));
        expect((await requestAs(world, `Bearer ${await createJwt().sign(mine.privateKey)}`)).status).toBe(200);
      }
      expect(keys.paths).toHaveLength(2);
      expect(world.lines.filter(({ level }) => level === 'error')).toEqual([]);
    });
  });

  describe('that answers a request for its keys with', () => {
    const { maxJwksBytes } = defaultLimits;
    const json = { 'content-type': 'application/json' };
    const padded = (bytes: number) => {
      const text = JSON.stringify({ ...keySet, padding: '' });
      return JSON.stringify({ ...keySet, padding: 'x'.repeat(bytes - text.length) });
    };
    const endless: Handler = (_request, response) => {
      response.writeHead(200, json);
      response.write('{"keys":[');
      const send = () => {
        while (response.write(`{"padding":"${'x'.repeat(10_000)}"},`));
      };
      response.on('drain', send);
      send();
    };
    const bomb = gzipSync(padded(100 * maxJwksBytes));
    const drips: Handler = (_request, response) => {
      response.writeHead(200, json);
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(timer));
    };

    it.each<[name: string, answer: Reply | Handler, reason: string]>([
      ['an endless body', endless, 'too_large'],
      ['a byte too many', { body: padded(maxJwksBytes + 1) }, 'too_large'],
      ['a length too large', { headers: { 'content-length': `${2 ** 40}` }, body: keySet }, 'too_large'],
      [
        'a bomb',
        (_request, response) => void response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(bomb),
        'too_large',
      ],
      ['a body that drips', drips, 'timeout'],
      ['nothing', () => {}, 'timeout'],
      ['HTML', { headers: { 'content-type': 'text/html' }, body: keySet }, 'content_type'],
      ['no type', (_request, response) => void response.end(JSON.stringify(keySet)), 'content_type'],
      ['nearly JSON', { headers: { 'content-type': 'application/jsonp' }, body: keySet }, 'content_type'],
      ['a way elsewhere', { status: 302, headers: { location: '/other' } }, 'status'],
      ['a part', { status: 206, body: keySet }, 'status'],
      ['a text', { body: 'canary' }, 'invalid_json'],
      ['a list', { body: '[]' }, 'no_key_set'],
      ['keys that are none', { body: { keys: [1] } }, 'no_key_set'],
      ['lists in lists', { body: `{"keys":${'['.repeat(100_000)}${']'.repeat(100_000)}}` }, 'no_key_set'],
      ['an end too early', (_request, response) => response.socket?.destroy() as never, 'network'],
    ])('%s: no client is admitted, and it is read no further', async (_name, answer, reason) => {
      const { keys, world } = await createClosedWorld({}, { jwksTimeoutMs: 300 });
      keys.on('/keys', answer);

      const response = await requestAs(world, `Bearer ${await createJwt().sign(mine.privateKey)}`);

      expect(response.status).toBe(503);
      expect(world.lines).toContainEqual({ level: 'error', message: 'jwks unavailable', reason });
      expect(keys.paths).toEqual(['/keys']);
      if (answer === endless || answer === drips) await keys.deserted(1);
    });

    it.each<[name: string, answer: Reply]>([
      ['as many bytes as may be', { body: padded(maxJwksBytes) }],
      ['its own type', { headers: { 'content-type': 'application/jwk-set+json' }, body: keySet }],
      ['a charset', { headers: { 'content-type': 'Application/JSON; charset=utf-8' }, body: keySet }],
    ])('%s: those with a good token are admitted', async (_name, answer) => {
      const { keys, world } = await createClosedWorld();
      keys.on('/keys', answer);

      expect((await requestAs(world, `Bearer ${await createJwt().sign(mine.privateKey)}`)).status).toBe(200);
    });
  });
});
