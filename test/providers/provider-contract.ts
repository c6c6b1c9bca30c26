/** What every provider promises, whatever its API looks like: one suite, called with the provider's facts. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { providerNames } from '../../src/providers/index.ts';
import { holdClock, holdDate, holdDice } from '../support/clock.ts';
import { type FakeUpstream, type Handler, type Reply, silence, startFakeUpstream } from '../support/fake-upstream.ts';
import { type Answer, createWorld, keyOf, type LogLine, verifyCredentials, type World } from '../support/world.ts';
import type { ProviderFacts } from './provider-facts.ts';

/** What a client learns of a failure, beyond the provider and the id of the request. */
interface Failure {
  readonly code: string;
  readonly retryable: boolean;
  readonly upstreamStatus?: number;
  readonly retryAfterMs?: number;
}

/** All that a client gets to see. */
interface Seen {
  readonly status: number;
  readonly requestId: string | null;
  readonly headers: string;
  readonly text: string;
  readonly answer: Answer;
}

type Attempts = number | 'until the deadline';

/** What the fault table says of each status: the code, whether the same request may succeed later, and how often it is made. */
const statuses: readonly (readonly [status: number, code: string, retryable: boolean, attempts: Attempts])[] = [
  [204, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [206, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [300, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [301, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [302, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [303, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [304, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [307, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [308, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [400, 'BAD_USER_INPUT', false, 1],
  [401, 'UPSTREAM_AUTH_FAILED', false, 1],
  [403, 'FORBIDDEN', false, 1],
  [405, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [408, 'UPSTREAM_TIMEOUT', true, 3],
  [409, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [418, 'UPSTREAM_BAD_RESPONSE', false, 1],
  [422, 'BAD_USER_INPUT', false, 1],
  [425, 'UPSTREAM_UNAVAILABLE', true, 3],
  [429, 'RATE_LIMITED', true, 'until the deadline'],
  [500, 'UPSTREAM_UNAVAILABLE', true, 3],
  [501, 'UPSTREAM_UNAVAILABLE', true, 3],
  [502, 'UPSTREAM_UNAVAILABLE', true, 3],
  [503, 'UPSTREAM_UNAVAILABLE', true, 3],
  [504, 'UPSTREAM_TIMEOUT', true, 3],
  ...[505, 506, 507, 508, 509, 510, 511].map((status) => [status, 'UPSTREAM_UNAVAILABLE', true, 1] as const),
  ...[512, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 598, 599].map(
    (status) => [status, 'UPSTREAM_UNAVAILABLE', true, 3] as const,
  ),
  // RFC 9110, 15: a status that is none is read as 5xx.
  [600, 'UPSTREAM_UNAVAILABLE', true, 3],
  [999, 'UPSTREAM_UNAVAILABLE', true, 3],
];

const noon = '2026-11-20T12:00:00Z';
const retryAfters: readonly [means: string, header: string, retryAfterMs: number | undefined, attempts: number][] = [
  ['seconds', '120', 120_000, 1],
  ['no seconds', '0', 0, 2],
  ['a date', 'Fri, 20 Nov 2026 12:01:30 GMT', 90_000, 1],
  ['a date that has passed', 'Fri, 20 Nov 2026 11:00:00 GMT', 0, 2],
  ['a negative number', '-1', undefined, 1],
  ['a fraction', '1.5', undefined, 1],
  ['nothing', 'soon', undefined, 1],
];

/** A 429 is retried until the deadline, or as soon as its `Retry-After` leaves no time for that. */
const withShortDeadline = { limits: { operationTimeoutMs: 800 } };

const unreadable = { code: 'UPSTREAM_BAD_RESPONSE', retryable: true };
const unavailable = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
const tooSlow = { code: 'UPSTREAM_TIMEOUT', retryable: true };

const query = `query ($key: MonitorRunKey!) {
  monitorRun(key: $key) { id provider monitorId runId phase startedAt }
}`;

export function itIsARunProvider(facts: ProviderFacts): void {
  const { key, path, body, strangers, impossibleIds, expectedKey, paymentRequired, refusesKeyWith = [401] } = facts;
  const { provider } = key;
  const headers = facts.headers(keyOf(provider));
  const others = providerNames.filter((name) => name !== provider);
  const [other = provider] = others;
  const upstreamOf = ({ upstreams }: Pick<World, 'upstreams'>) => upstreams[provider];
  const expectOthersUntouched = ({ upstreams }: World) =>
    expect(others.flatMap((name) => upstreams[name].paths)).toEqual([]);
  /** What each status means to this provider. */
  const ownStatuses = [...statuses, [402, paymentRequired, false, 1] as const].map(
    ([status, code, ...rest]): (typeof statuses)[number] => {
      if (refusesKeyWith.includes(status)) return [status, 'UPSTREAM_AUTH_FAILED', ...rest];
      return [status, code === 'UPSTREAM_AUTH_FAILED' && status === 401 ? 'UPSTREAM_BAD_RESPONSE' : code, ...rest];
    },
  );
  const found = { data: { monitorRun: expect.objectContaining({ id: `${provider}:${key.monitorId}:${key.runId}` }) } };

  /** A world whose fake upstream has one response to everything, with retries that don't wait. */
  const createAnswering = async (answer: Reply | Handler, config?: Partial<GatewayConfig>) => {
    holdDice(0);
    const world = await createWorld(config);
    upstreamOf(world).onAny(answer);
    return world;
  };

  /** @param attempts how many times the service called, each of them at its endpoint */
  const expectFailure = (world: World, seen: Seen, failure: Failure, attempts: Attempts) => {
    const { status, answer, requestId } = seen;
    expect(status).toBe(200);
    expect(requestId).toMatch(/^[\w-]{36}$/);
    expect(answer).toEqual({
      data: { monitorRun: null },
      errors: [
        {
          message: expect.stringMatching(new RegExp(`^${provider} [a-z' ]+\\.$`)),
          locations: expect.any(Array),
          path: ['monitorRun'],
          extensions: { provider, account: 'default', ...failure, requestId },
        },
      ],
    });
    expectNoLeak(seen, world);

    const { code, upstreamStatus } = failure;
    expect(failures(world)).toEqual([
      expect.objectContaining({ level: 'warn', message: 'upstream call failed', requestId, provider, code }),
    ]);
    // The log has the status of whatever came back, even if clients don't see a 200.
    const [line] = failures(world);
    if (attempts === 'until the deadline') expect(line?.attempts).toBeGreaterThan(0);
    else expect(line?.attempts).toBe(attempts);
    expect(line?.upstreamStatus).toBe(upstreamStatus ?? (line?.contentType === undefined ? undefined : 200));
    expect(JSON.stringify(world.lines)).not.toContain('canary');
    expectOthersUntouched(world);
  };

  const expectAttempts = (world: World, attempts: Attempts) => {
    const { paths } = upstreamOf(world);
    const count = attempts === 'until the deadline' ? paths.length : attempts;
    expect(paths).toEqual(Array(count).fill(path));
    expect(count).toBeGreaterThan(0);
  };

  describe(`${provider}, when all is well,`, () => {
    it('is called once, at its endpoint, with its credentials', async () => {
      const world = await createAnswering({ body });

      const { status, answer } = await requestFor(world, key);

      expect(status).toBe(200);
      expect(answer).toEqual({
        data: {
          monitorRun: {
            ...key,
            id: `${provider}:${key.monitorId}:${key.runId}`,
            phase: expect.any(String),
            startedAt: expect.stringMatching(/Z$/),
          },
        },
      });
      expect(upstreamOf(world).paths).toEqual([path]);
      const [request] = upstreamOf(world).requests;
      expect(request?.method).toBe('GET');
      for (const [name, value] of Object.entries(headers))
        expect(headerValues(request?.rawHeaders, name)).toEqual([value]);
      expect(headerValues(request?.rawHeaders, 'host')).toEqual([new URL(upstreamOf(world).baseUrl).host]);
      for (const name of others) expect(request?.rawHeaders.join('\n')).not.toContain(keyOf(name));
      expectOthersUntouched(world);
      expect(failures(world)).toEqual([]);
    });

    it.each(['/behind/a/proxy', '/behind/a/proxy/', '//twice/'])('has the path %s of its base URL', async (base) => {
      const far = await startUpstream();
      const world = await createWorld({
        providers: { [provider]: { apiKey: 'some-key', baseUrl: far.baseUrl + base } },
      });
      far.onAny({ body });

      expect((await requestFor(world, key)).answer).toEqual(found);
      expect(far.paths).toEqual([base.replace(/\/$/, '') + path]);
    });

    const jsonTypes: readonly [type: string | string[] | undefined][] = [
      ['application/json; charset=utf-8'],
      ['Application/JSON'],
      ['application/problem+json'],
      ['application/json; profile="a, b"'],
      ['application/json, application/json'],
      ['application/json;charset=utf-8,application/vnd.api+json'],
      [['application/json', 'application/json; charset=utf-8']],
      [undefined],
    ];
    it.each(jsonTypes)('takes an answer of the content type %s', async (type) => {
      const world = await createAnswering((_request, response) => {
        if (type !== undefined) response.setHeader('content-type', type);
        response.end(JSON.stringify(body));
      });

      expect((await requestFor(world, key)).answer).toEqual(found);
    });

    it.each([404, 410])('says null, and nothing else, when it answers %i', async (status) => {
      const world = await createAnswering({ status, body: { detail: 'canary-upstream' } });
      await verifyCredentials(world);

      const seen = await requestFor(world, key);

      expect(seen.answer).toEqual({ data: { monitorRun: null } });
      expectNoLeak(seen, world);
      expect(failures(world)).toEqual([]);
    });
  });

  describe(`${provider}, when what answers 404 is not it,`, () => {
    const strangers: Readonly<Record<string, Reply>> = {
      'a page of HTML': { headers: { 'content-type': 'text/html' }, body: '<h1>canary-page</h1>' },
      'a page of HTML that says it is JSON': { body: '<h1>canary-page</h1>' },
      'JSON that says it is HTML': { headers: { 'content-type': 'text/html' }, body: { detail: 'canary' } },
      nothing: { body: '' },
      'a list': { body: '["canary"]' },
      'a text': { body: '"canary"' },
      null: { body: 'null' },
      'a page that is too large to be looked at': { body: { detail: 'canary'.repeat(3_000) } },
    };

    it.each(
      Object.entries(strangers).flatMap(([name, reply]) => [404, 410].map((status) => [name, status, reply] as const)),
    )('%s is no absence: %i', async (_name, status, reply) => {
      const world = await createAnswering({ ...reply, status });

      const failure = { code: 'UPSTREAM_BAD_RESPONSE', retryable: false, upstreamStatus: status };
      expectFailure(world, await requestFor(world, key), failure, 1);
    });
  });

  describe(`${provider}, with ids that it can't have,`, () => {
    const badKeys = impossibleIds.flatMap((id) => [{ monitorId: id }, { runId: id }]);

    it.each(badKeys)('is spared the call for %j', async (badId) => {
      const badKey = { ...key, ...badId };
      const world = await createAnswering({ body });

      const { answer, requestId } = await requestFor(world, badKey);

      expect(answer).toEqual({
        data: { monitorRun: null },
        errors: [
          {
            message: expectedKey,
            locations: expect.any(Array),
            path: ['monitorRun'],
            extensions: { code: 'BAD_USER_INPUT', provider, account: 'default', retryable: false, requestId },
          },
        ],
      });
      expect(providerNames.flatMap((name) => world.upstreams[name].paths)).toEqual([]);
    });
  });

  describe(`${provider}, when it answers with another status,`, () => {
    it.each(ownStatuses)('%i is %s', async (status, code, retryable, attempts) => {
      const answer: Handler = (_request, response) => {
        response.writeHead(status, 'canary-reason', {
          'content-type': 'application/json',
          'set-cookie': 'session=canary-cookie',
          'x-detail': 'canary-header',
        });
        response.end(JSON.stringify({ ...body, detail: [{ msg: 'canary-text', input: Object.values(headers)[0] }] }));
      };
      const world = await createAnswering(answer, status === 429 ? withShortDeadline : undefined);

      expectFailure(world, await requestFor(world, key), { code, retryable, upstreamStatus: status }, attempts);
      expectAttempts(world, attempts);
    });

    it.each([301, 302, 303, 307, 308])(
      "doesn't follow the redirect of a %i, neither to itself nor elsewhere",
      async (status) => {
        for (const target of [provider, other]) {
          const world = await createWorld();
          world.upstreams[target].onAny({ body });
          upstreamOf(world).on(path, {
            status,
            headers: { location: `${world.upstreams[target].baseUrl}/canary-elsewhere` },
            body,
          });

          const failure = { code: 'UPSTREAM_BAD_RESPONSE', retryable: false, upstreamStatus: status };
          expectFailure(world, await requestFor(world, key), failure, 1);
          expect(upstreamOf(world).paths).toEqual([path]);
        }
      },
    );

    describe.each([
      [429, 'RATE_LIMITED'],
      [503, 'UPSTREAM_UNAVAILABLE'],
    ])('%i', (status, code) => {
      it.each(retryAfters)(
        'hands on the wait of a Retry-After that says %s',
        async (_means, header, retryAfterMs, attemptsOf503) => {
          holdDate(noon);
          const isPaced = status === 429 && !retryAfterMs;
          const attempts = isPaced ? 'until the deadline' : attemptsOf503;
          const config = isPaced ? withShortDeadline : undefined;
          const world = await createAnswering({ status, headers: { 'retry-after': header } }, config);

          const failure = { code, retryable: true, upstreamStatus: status };
          const wait = retryAfterMs !== undefined && { retryAfterMs };
          expectFailure(world, await requestFor(world, key), { ...failure, ...wait }, attempts);
          expectAttempts(world, attempts);
        },
      );
    });
  });

  describe(`${provider}, when its answer can't be read,`, () => {
    const whole = JSON.stringify(body);
    const replies: Readonly<Record<string, Reply>> = {
      'a page of HTML': { headers: { 'content-type': 'text/html' }, body: '<h1>canary-page</h1>' },
      'a page of HTML that says it is JSON': { body: '<h1>canary-page</h1>' },
      'JSON that says it is HTML': { headers: { 'content-type': 'text/html' }, body },
      'JSON that says it is text': { headers: { 'content-type': 'text/plain' }, body },
      'JSON that says it is HTML as well': { headers: { 'content-type': ['application/json', 'text/html'] }, body },
      'JSON that says it is JSON or nothing': { headers: { 'content-type': 'application/json,' }, body },
      'JSON that says it is nearly JSON': { headers: { 'content-type': 'application/jsonp' }, body },
      nothing: { body: '' },
      null: { body: 'null' },
      'a list': { body: '[]' },
      'a list of the run': { body: [body] },
      'a text': { body: '"canary-text"' },
      'a number': { body: '42' },
      'a number of 20 digits': { body: ' 12345678901234567890' },
      'a boolean': { body: 'true' },
      'JSON cut short': { body: whole.slice(0, -1) },
      'JSON and more': { body: `${whole}canary` },
      'a number that JSON lacks': { body: `${whole.slice(0, -1)},"canary":NaN}` },
    };

    it.each(Object.entries(replies))('%s is a bad response', async (_name, reply) => {
      const world = await createAnswering(reply);

      expectFailure(world, await requestFor(world, key), unreadable, 2);
      expect(upstreamOf(world).paths).toEqual([path, path]);
    });

    it('an answer compressed against our wish is a bad response', async () => {
      const world = await createAnswering((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        response.end(gzipSync(whole));
      });

      expectFailure(world, await requestFor(world, key), unreadable, 2);
      expect(upstreamOf(world).paths).toEqual([path, path]);
      expect(upstreamOf(world).requests[0]?.headers['accept-encoding']).toBe('identity');
    });

    it("an answer that ends before its end, as HTTP can't tell, is a bad response", async () => {
      const world = await createAnswering(({ socket }) => {
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${whole.slice(0, 20)}`,
        );
      });

      expectFailure(world, await requestFor(world, key), unreadable, 2);
      expect(upstreamOf(world).paths).toEqual([path, path]);
    });

    it.each(Object.entries(strangers))('an answer with %s is a bad response, whole', async (_name, stranger) => {
      const world = await createAnswering({ body: stranger });

      expectFailure(world, await requestFor(world, key), { code: 'UPSTREAM_BAD_RESPONSE', retryable: false }, 1);
      expect(upstreamOf(world).paths).toEqual([path]);
    });

    it.each([
      ['with a stated length', (response: Parameters<Handler>[1], text: string) => void response.end(text)],
      [
        'without a stated length',
        (response: Parameters<Handler>[1], text: string) => {
          response.write(text.slice(0, 10));
          response.end(text.slice(10));
        },
      ],
    ])('an answer beyond the limit, %s, is too large, and one at the limit is not', async (_name, send) => {
      const answer: Handler = (_request, response) => {
        response.setHeader('content-type', 'application/json');
        send(response, whole);
      };
      const bytes = Buffer.byteLength(whole);

      const atLimit = await createAnswering(answer, { limits: { maxUpstreamResponseBytes: bytes } });
      expect((await requestFor(atLimit, key)).answer).toEqual(found);

      const beyond = await createAnswering(answer, { limits: { maxUpstreamResponseBytes: bytes - 1 } });
      expectFailure(
        beyond,
        await requestFor(beyond, key),
        { code: 'UPSTREAM_RESPONSE_TOO_LARGE', retryable: false },
        1,
      );
      expect(upstreamOf(beyond).paths).toEqual([path]);
    });

    it('an answer without end is too large after 10 MiB, and left there', async () => {
      const megabyte = Buffer.alloc(1024 * 1024, 'canary ');
      let sent = 0;
      const world = await createAnswering((_request, response) => {
        response.setHeader('content-type', 'application/json');
        const more = () =>
          void response.write(megabyte, (error) => {
            if (error) return;
            sent++;
            more();
          });
        more();
      });

      expectFailure(world, await requestFor(world, key), { code: 'UPSTREAM_RESPONSE_TOO_LARGE', retryable: false }, 1);
      expect(upstreamOf(world).paths).toEqual([path]);
      await upstreamOf(world).deserted(1);
      expect(sent).toBeGreaterThanOrEqual(10);
      // A few are in flight between the two.
      expect(sent).toBeLessThan(30);
    });
  });

  describe(`${provider}, when the connection breaks,`, () => {
    it('a refused connection is no availability', async () => {
      // Nothing listens on port 1.
      const providers = { [provider]: { apiKey: 'canary-key', baseUrl: 'http://127.0.0.1:1' } };
      holdDice(0);
      const world = await createWorld({ providers });

      expectFailure(world, await requestFor(world, key), unavailable, 3);
    });

    it('an upstream without TLS, where TLS was expected, is no availability, and sees no credentials', async () => {
      const far = await startUpstream();
      const baseUrl = far.baseUrl.replace('http:', 'https:');
      const world = await createWorld({ providers: { [provider]: { apiKey: 'canary-key', baseUrl } } });

      expectFailure(world, await requestFor(world, key), { ...unavailable, retryable: false }, 1);
      expect(far.requests).toEqual([]);
    });

    const breaks: Readonly<Record<string, Handler>> = {
      'reset before the answer': ({ socket }) => void socket.resetAndDestroy(),
      'closed before the answer': ({ socket }) => void socket.end(),
      'reset in the middle of the answer': ({ socket }, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"error":"canary', () => socket.resetAndDestroy());
      },
      'closed in the middle of the answer': ({ socket }, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"error":"canary', () => socket.end());
      },
      'closed before the stated length': ({ socket }, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5_000 });
        response.write('{"error":"canary', () => socket.end());
      },
    };

    it.each(Object.entries(breaks))('a connection %s is no availability', async (_name, answer) => {
      const world = await createAnswering(answer);

      expectFailure(world, await requestFor(world, key), unavailable, 3);
      expect(upstreamOf(world).paths).toEqual([path, path, path]);
    });

    it.each(Object.entries(breaks))('a connection %s is no harm to the next request', async (_name, answer) => {
      const world = await createAnswering(answer);
      await requestFor(world, key);
      upstreamOf(world).onAny({ body });

      expect((await requestFor(world, key)).answer).toEqual(found);
    });

    it.each([
      ['not HTTP', 'canary canary canary\r\n\r\n'],
      ['HTTP, but for a header', 'HTTP/1.1 200 OK\r\ncanary\r\n\r\n'],
      ['HTTP, but for a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ncanary\r\n'],
      ['HTTP of two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}'],
      ['a header too many', `HTTP/1.1 200 OK\r\nx-canary: ${'x'.repeat(40_000)}\r\n\r\n{}`],
    ])('bytes that are %s are a bad response', async (_name, bytes) => {
      const world = await createAnswering(({ socket }) => void socket.end(bytes));

      expectFailure(world, await requestFor(world, key), unreadable, 2);
      expect(upstreamOf(world).paths).toEqual([path, path]);
    });
  });

  describe(`${provider}, when it is silent,`, () => {
    const silences: Readonly<Record<string, Handler>> = {
      'before its answer': silence,
      'in the middle of its answer': (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"error":"canary');
      },
    };

    it.each(Object.entries(silences))('%s, each of two attempts times out after 3 seconds', async (_name, answer) => {
      const world = await createAnswering(answer);
      const clock = holdClock();

      const requested = requestFor(world, key);
      await upstreamOf(world).arrived(1);
      await clock.pass(2_999);
      expect(upstreamOf(world).paths).toEqual([path]);
      await clock.pass(1);
      await Promise.all([upstreamOf(world).deserted(1), upstreamOf(world).arrived(2)]);
      await clock.pass(2_999);
      expect(failures(world)).toEqual([]);
      await clock.pass(1);
      expect(failures(world)).toHaveLength(1);

      expectFailure(world, await requested, tooSlow, 2);
      await upstreamOf(world).deserted(2);
      expect(upstreamOf(world).paths).toEqual([path, path]);
    });

    it('a slow answer is no failure, as long as it is there in time', async () => {
      const world = await createAnswering((_request, response) => {
        response.setHeader('content-type', 'application/json');
        setTimeout(() => response.end(JSON.stringify(body)), 2_999);
      });
      const clock = holdClock();

      const requested = requestFor(world, key);
      await upstreamOf(world).arrived(1);
      await clock.pass(2_999);

      expect((await requested).answer).toEqual(found);
    });
  });

  it(`${provider}, when it isn't configured, is not called`, async () => {
    const world = await createWorld({
      providers: { [other]: { apiKey: 'canary-key', baseUrl: 'http://127.0.0.1:1' } },
    });

    const seen = await requestFor(world, key);

    expect(seen.answer).toEqual({
      data: { monitorRun: null },
      errors: [
        {
          message: `${provider} is not configured in this service.`,
          locations: expect.any(Array),
          path: ['monitorRun'],
          extensions: {
            code: 'PROVIDER_NOT_CONFIGURED',
            provider,
            account: 'default',
            retryable: false,
            requestId: seen.requestId,
          },
        },
      ],
    });
    expectNoLeak(seen, world);
    expect(failures(world)).toEqual([]);
  });

  /** Nothing that an upstream wrote, nor where it is, nor what opens it. */
  function expectNoLeak(seen: Seen, { upstreams }: World): void {
    const urls = Object.values(upstreams).flatMap(({ baseUrl }) => [baseUrl, new URL(baseUrl).host]);
    for (const text of [seen.text, seen.headers]) {
      for (const secret of ['canary', path, ...urls]) {
        expect(text).not.toContain(secret);
      }
    }
  }
}

async function requestFor(world: World, key: MonitorRunKey): Promise<Seen> {
  const response = await world.post(JSON.stringify({ query, variables: { key } }));
  const text = await response.text();
  return {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    headers: JSON.stringify([...response.headers]),
    text,
    answer: JSON.parse(text) as Answer,
  };
}

/** What the log has beyond its line a request. */
const failures = ({ lines }: World): LogLine[] =>
  lines.filter(({ message }) => message !== 'request' && message !== 'upstream rate reduced');

const headerValues = (rawHeaders: readonly string[] = [], name: string): string[] =>
  rawHeaders.filter((_value, index) => rawHeaders[index - 1]?.toLowerCase() === name && index % 2 === 1);

async function startUpstream(): Promise<FakeUpstream> {
  const far = await startFakeUpstream();
  onTestFinished(() => far.close());
  return far;
}
