/** The environment decides whom the HTTP server admits, and what it shows. */
import { describe, expect, it } from 'vitest';
import { readConfig, readSandboxConfig } from '../../src/config/config.ts';
import { defaultLimits } from '../../src/core/limits.ts';

const key = { DATAFOLD_API_KEY: 'key' };
const token = '0123456789abcdef';
const jwt = { JWKS_URL: 'https://issuer.test/keys', JWT_ISSUER: 'https://issuer.test', JWT_AUDIENCE: 'graph' };

function problemsOf(env: Record<string, string>, read = readConfig): string[] {
  try {
    read(env);
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
  return [];
}

describe('server configuration: the HTTP server', () => {
  it('is as its variables say', () => {
    const { httpServer } = readConfig({
      ...key,
      ...jwt,
      ALLOWED_HOSTS: 'graph.test, [::1]:4000',
      CORS_ORIGINS: 'https://app.test,http://localhost:3000',
      API_TOKENS: ` ${token} ,${token}-2`,
      GRAPHIQL: 'false',
    });

    expect(httpServer).toEqual({
      allowedHosts: ['graph.test', '[::1]:4000'],
      corsOrigins: ['https://app.test', 'http://localhost:3000'],
      apiTokens: [token, `${token}-2`],
      jwt: { jwksUrl: jwt.JWKS_URL, issuer: jwt.JWT_ISSUER, audience: jwt.JWT_AUDIENCE },
      graphiql: false,
    });
  });

  it.each([
    [
      'ALLOWED_HOSTS',
      'host names, each with a port or without, separated by commas',
      ['a,,b', 'a b', '*', 'http://a', 'a:65536'],
    ],
    [
      'CORS_ORIGINS',
      'origins like https://app.example, separated by commas',
      [
        '*',
        'null',
        'https://a.test/',
        'https://a.test,null',
        'a.test',
        'https://*.a.test',
        'HTTPS://A.test',
        'file:///a',
      ],
    ],
    [
      'API_TOKENS',
      '16 to 4,096 visible ASCII characters each, without spaces, separated by commas',
      ['canary', `${token},`, `${token},canary`, `${token} canary`, `canary-canary-cän`],
    ],
    ['GRAPHIQL', 'true or false', ['yes', '1', 'TRUE', ' ']],
    ['INTROSPECTION', 'true or false', ['no', '0']],
    ['ALLOW_ANONYMOUS', 'true or false', ['yes']],
    ['CREDENTIALS', 'one of service, forwarded', ['both', 'SERVICE']],
  ])('is refused for a bad %s, by name and without its value', (name, expected, values) => {
    for (const value of values)
      expect(problemsOf({ ...key, [name]: value })).toEqual([`  ${name}: expected ${expected}`]);
  });

  it.each([
    'http://issuer.test/keys',
    'https://canary@issuer.test/keys',
    'https://issuer.test/#canary',
    'file:///canary',
    'canary',
  ])('is refused for keys of an issuer at %s', (url) => {
    expect(problemsOf({ ...key, ...jwt, JWKS_URL: url })).toEqual([
      '  JWKS_URL: expected an https URL (http only towards loopback) without user or fragment',
    ]);
  });

  it.each(['http://127.0.0.1:1/keys', 'http://localhost/keys', 'https://issuer.test/keys?p=a'])(
    'takes keys of an issuer at %s',
    (url) => {
      expect(problemsOf({ ...key, ...jwt, JWKS_URL: url })).toEqual([]);
    },
  );

  it.each(['JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'])('is refused for an issuer without %s', (name) => {
    expect(problemsOf({ ...key, ...jwt, [name]: '' })).toEqual([
      '  JWKS_URL, JWT_ISSUER, JWT_AUDIENCE: expected all of them to be set, or none',
    ]);
  });
});

describe('server configuration: keys of the service', () => {
  const expected =
    '  API_TOKENS, JWKS_URL: expected one of them to be set, or ALLOW_ANONYMOUS=true, as HOST lets others use the ' +
    'keys of the service';
  const unnamed =
    '  ALLOWED_HOSTS: expected to be set with ALLOW_ANONYMOUS=true, as otherwise any web page that a user on the network ' +
    'opens can read responses by DNS rebinding, with the keys of the service';

  it.each(['0.0.0.0', '::', '10.0.0.1', 'graph.internal', '127.0.0.1.evil.test'])(
    'are not available to all clients that reach %s',
    (HOST) => {
      expect(problemsOf({ ...key, HOST })).toEqual([expected]);
      expect(problemsOf({ ...key, HOST, ALLOW_ANONYMOUS: 'false' })).toEqual([expected]);
      expect(problemsOf({ ...key, HOST, ALLOW_ANONYMOUS: 'true' })).toEqual([unnamed]);
      expect(problemsOf({ ...key, HOST, ALLOW_ANONYMOUS: 'true', ALLOWED_HOSTS: 'graph.test' })).toEqual([]);
      expect(problemsOf({ ...key, HOST, ALLOW_ANONYMOUS: 'true', API_TOKENS: token })).toEqual([]);
      expect(problemsOf({ ...key, HOST, API_TOKENS: token })).toEqual([]);
      expect(problemsOf({ ...key, HOST, ...jwt })).toEqual([]);
      expect(problemsOf({ HOST, CREDENTIALS: 'forwarded' })).toEqual([]);
    },
  );

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('are there for who is on this machine, at %s', (HOST) => {
    expect(problemsOf({ ...key, HOST })).toEqual([]);
  });

  it('contradict CREDENTIALS=forwarded, which needs none', () => {
    expect(readConfig({ CREDENTIALS: 'forwarded', OLOSTEP_BASE_URL: 'https://o.test' }).gateway).toEqual({
      credentials: 'forwarded',
      introspection: true,
      providers: { DATAFOLD: {}, OLOSTEP: { baseUrl: 'https://o.test' } },
    });
    expect(problemsOf({ ...key, CREDENTIALS: 'forwarded' })).toEqual([
      '  DATAFOLD_API_KEY: expected not to be set with CREDENTIALS=forwarded',
    ]);
  });
});

describe('server configuration: DNS rebinding', () => {
  const hostsOf = (env: Record<string, string>, read = readConfig) => read({ ...key, ...env }).httpServer.allowedHosts;

  it.each(['', '127.0.0.1', '127.8.8.8', '::1', 'localhost', 'LOCALHOST'])(
    'finds names of this machine alone where the service is bound to loopback: HOST=%s',
    (HOST) => {
      expect(hostsOf({ HOST })).toBe('loopback');
      expect(hostsOf({ HOST, ALLOW_ANONYMOUS: 'true' })).toBe('loopback');
      expect(hostsOf({ HOST }, readSandboxConfig)).toBe('loopback');
      expect(hostsOf({ HOST, ALLOWED_HOSTS: 'graph.test' })).toEqual(['graph.test']);
    },
  );

  it.each(['0.0.0.0', '::', '10.0.0.1', 'graph.internal'])('reads nothing without a token at HOST=%s', (HOST) => {
    expect(hostsOf({ HOST, API_TOKENS: token })).toBe(undefined);
    expect(hostsOf({ HOST, ...jwt })).toBe(undefined);
  });
});

describe('server configuration: GraphiQL and introspection', () => {
  const shown = (env: Record<string, string>) => {
    const { httpServer, gateway } = readConfig({ ...key, API_TOKENS: token, ...env });
    return [httpServer.graphiql, gateway.introspection];
  };

  it('are there on this machine alone, unless it is said otherwise', () => {
    expect(shown({})).toEqual([true, true]);
    expect(shown({ HOST: '0.0.0.0' })).toEqual([false, false]);
    expect(shown({ HOST: '0.0.0.0', INTROSPECTION: 'true', GRAPHIQL: 'true' })).toEqual([true, true]);
    expect(shown({ INTROSPECTION: 'false', GRAPHIQL: 'false' })).toEqual([false, false]);
  });
});

describe('server configuration: limits', () => {
  const names = Object.keys(defaultLimits).map((limit) => limit.replace(/[A-Z]/g, '_$&').toUpperCase());
  const wanted = (limit: string) => (Number.isInteger(defaultLimits[limit as keyof typeof defaultLimits]) ? 7 : 0.25);

  it('can all be set by a variable of their name', () => {
    const given = Object.fromEntries(Object.keys(defaultLimits).map((limit) => [limit, wanted(limit)]));
    const env = Object.fromEntries(names.map((name, index) => [name, String(Object.values(given)[index])]));

    expect(env).toMatchObject({ OPERATION_TIMEOUT_MS: '7', BREAKER_THRESHOLD: '0.25', MAX_BODY_BYTES: '7' });
    expect(readConfig({ ...key, ...env }).limits).toEqual(given);
    expect(readConfig(key).limits).toEqual({});
  });

  it('leave a request no less time than its head', () => {
    expect(problemsOf({ ...key, HEADERS_TIMEOUT_MS: '15001' })).toEqual([
      '  HEADERS_TIMEOUT_MS: expected not to be more than REQUEST_TIMEOUT_MS',
    ]);
    expect(problemsOf({ ...key, HEADERS_TIMEOUT_MS: '15001', REQUEST_TIMEOUT_MS: '15001' })).toEqual([]);
  });

  it('have room for the largest response of an operation', () => {
    const limits = 'MAX_RESPONSE_BYTES, MAX_PENDING_RESPONSE_BYTES_PER_CALLER, MAX_PENDING_RESPONSE_BYTES';
    const problem = [`  ${limits}: expected none to be more than the next`];

    expect(problemsOf({ ...key, MAX_RESPONSE_BYTES: '33554433' })).toEqual(problem);
    expect(problemsOf({ ...key, MAX_PENDING_RESPONSE_BYTES: '33554431' })).toEqual(problem);
    expect(problemsOf({ ...key, MAX_RESPONSE_BYTES: '33554432', MAX_PENDING_RESPONSE_BYTES: '33554432' })).toEqual([]);
  });

  it.each(['0', '-1', '1.5', '1e3', '0x10', 'canary', ' ', '2147483648', '99999999999'])('are never %o', (value) => {
    expect(problemsOf({ ...key, OPERATION_TIMEOUT_MS: value, MAX_HEADERS: value })).toEqual([
      '  MAX_HEADERS: expected a whole number from 1 to 2147483647',
      '  OPERATION_TIMEOUT_MS: expected a whole number from 1 to 2147483647',
    ]);
  });

  it('may be 0 where that switches something off', () => {
    expect(readConfig({ ...key, FRESH_MS: '0' }).limits).toEqual({ freshMs: 0 });
  });

  it.each(['0', '-0.5', '1.1', '2', '.', 'canary', '0.0'])('that are a share are never %o', (value) => {
    expect(problemsOf({ ...key, BREAKER_THRESHOLD: value })).toEqual([
      '  BREAKER_THRESHOLD: expected a number above 0, and at most 1',
    ]);
  });

  it.each(['1', '0.5', '.5', '0.001'])('that are a share may be %s', (value) => {
    expect(readConfig({ ...key, BREAKER_THRESHOLD: value }).limits).toEqual({ breakerThreshold: Number(value) });
  });
});

describe('server configuration: the sandbox', () => {
  it('reads where to listen, the HTTP server and the limits, and never the variables of the providers', () => {
    const providers = { DATAFOLD_API_KEY: 'a b', OLOSTEP_BASE_URL: 'http://evil.test', CREDENTIALS: 'canary' };

    expect(
      readSandboxConfig({ ...providers, PORT: '1', LOG_LEVEL: 'error', MAX_DEPTH: '3', API_TOKENS: token }),
    ).toEqual({
      host: '127.0.0.1',
      port: 1,
      logLevel: 'error',
      logFormat: 'json',
      limits: { maxDepth: 3 },
      gateway: { introspection: true },
      httpServer: { allowedHosts: 'loopback', apiTokens: [token], corsOrigins: 'loopback', graphiql: true },
      metrics: {},
      warnings: [],
    });
  });

  it('hides nothing, wherever it is bound', () => {
    expect(readSandboxConfig({ HOST: '0.0.0.0' })).toMatchObject({
      gateway: { introspection: true },
      httpServer: { graphiql: true },
    });
  });

  it('calls no issuer outside for keys', () => {
    expect(problemsOf(jwt, readSandboxConfig)).toEqual([
      '  JWKS_URL: expected not to be set in the sandbox, which calls nothing outside',
    ]);
  });

  it('stores nothing outside', () => {
    expect(problemsOf({ REDIS_URL: 'redis://canary' }, readSandboxConfig)).toEqual([
      '  REDIS_URL: expected not to be set in the sandbox, which calls nothing outside',
    ]);
  });
});
