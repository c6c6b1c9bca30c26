/** The configuration: all that is wrong with it in one message, by name, and not one value. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig, readSandboxConfig } from '../../src/config/config.ts';
import { createGateway, type GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { startService } from '../support/process.ts';

const apiKey = 'a key of 1 to 4,096 visible ASCII characters, without spaces';
const baseUrl = (apiPath: string) =>
  'one https URL with a host name (http, and addresses, only towards loopback), without user, query, fragment, comma or ' +
  `space, and without ${apiPath} at its end, as the paths of the API begin with that`;
const none = 'DATAFOLD_API_KEY, OLOSTEP_API_KEY: expected at least one of them to be set';

const badKeys = [
  ...['canary canary', 'canary\tcanary', 'canary\ncanary', 'canary\r\nX-Evil: canary', 'canary\0', 'canary\x7f'],
  ...['can\u00e4ry', 'can\u2028ary', '🐤', `canary${'x'.repeat(4_091)}`],
];
const badUrls = [
  ...['http://canary.test', 'http://169.254.169.254/canary', 'http://127.0.0.1.canary.test', 'http://canary@127.0.0.1'],
  ...['https://canary:canary@host.test', 'https://canary@host.test', 'https://:canary@host.test', 'ws://canary.test'],
  ...['https://host.test/?canary', 'https://host.test/?', 'https://host.test/#canary', 'https://host.test#', 'canary'],
  ...[
    'canary.test',
    '//canary.test',
    '/canary',
    'https://',
    'https://canary:99999',
    'https://[canary]',
    'file:///canary',
  ],
  ...['javascript:canary', 'http://[::ffff:169.254.169.254]/canary', 'http://canary.localhost.test', 'canary canary'],
  ...['https://169.254.169.254/canary', 'https://169.254.169.254./canary', 'https://2852039166/canary'],
  ...[
    'https://0xa9.0xfe.0xa9.0xfe/canary',
    'https://[::ffff:169.254.169.254]/canary',
    'https://[fd00:ec2::254]/canary',
  ],
  ...['https://canary.test,https://other.test', 'https://canary.test/a,b', 'https://canary.test/, https://other.test'],
  ...[
    'https://canary.test https://other.test',
    'https://canary.test;https://other.test',
    'https://canary.testhttps://other',
  ],
  ...['https://canary.test/http:/other.test', 'https://canary.test/https:\\\\other.test', 'https://canary.test/a b'],
  ...['https://10.0.0.1/canary', 'https://0.0.0.0/canary', 'https://[::]/canary', 'https://[::ffff:127.0.0.1]/canary'],
];

/** URLs that end in the version that the API's own paths begin with. */
const versioned = (path: string) =>
  [path, `${path}/`, `${path}//`, `/canary${path}`, `/${path}`, path.replace('v1', '/v1/'), path.toUpperCase()].map(
    (end) => `https://canary.test${end}`,
  );

describe('configuration: the environment', () => {
  const good = { DATAFOLD_API_KEY: 'key' };
  const toMessage = (env: Record<string, string>) => {
    try {
      readConfig(env);
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing is wrong with it';
  };

  it.each([
    ['DATAFOLD_API_KEY', apiKey, [...badKeys, ' ']],
    ['OLOSTEP_API_KEY', apiKey, [...badKeys, ' ']],
    ['DATAFOLD_UPSTREAM_RATE', 'a whole number from 1 to 2147483647', ['0', '-1', '1.5', 'ten']],
    ['DATAFOLD_BASE_URL', baseUrl('/api/v1'), [...badUrls, ...versioned('/api/v1')]],
    ['OLOSTEP_BASE_URL', baseUrl('/v1'), [...badUrls, ...versioned('/v1'), ...versioned('/api/v1')]],
    [
      'PORT',
      'a port number from 0 to 65535',
      ['canary', '-1', '65536', '80.5', '0x50', '1e3', '80 canary', '８０', ' '],
    ],
    [
      'HOST',
      'a host name or an IP address',
      ['canary canary', 'canary/', 'http://canary', 'canary:80', '[::1]', 'cänary'],
    ],
    ['LOG_LEVEL', 'one of debug, info, warn, error, silent', ['canary', 'INFO', 'trace', 'verbose']],
  ])('is refused for a bad %s, by name and without its value', (name, expected, values) => {
    const messages = values.map((value) => toMessage({ ...good, [name]: value }));

    expect(messages).toEqual(values.map(() => `The configuration is not usable:\n  ${name}: expected ${expected}`));
  });

  it('needs no more than the key of one provider', () => {
    const rest = { host: '127.0.0.1', port: 4000, logLevel: 'info', logFormat: 'json', limits: {} };

    const datafold = readConfig({ DATAFOLD_API_KEY: 'a' });
    expect(datafold).toMatchObject(rest);
    expect(datafold.gateway.providers).toEqual({ DATAFOLD: { apiKey: 'a' } });
    expect(readConfig({ OLOSTEP_API_KEY: 'b' }).gateway.providers).toEqual({ OLOSTEP: { apiKey: 'b' } });
  });

  it('takes what is empty for not set, and leaves out the space around the rest', () => {
    const empty = { OLOSTEP_API_KEY: '', OLOSTEP_BASE_URL: '', HOST: '', PORT: '', LOG_LEVEL: '' };

    const config = readConfig({ ...empty, DATAFOLD_API_KEY: ' key\n', DATAFOLD_BASE_URL: ' https://host.test/path ' });

    expect(config).toMatchObject({ host: '127.0.0.1', port: 4000, logLevel: 'info' });
    expect(config.gateway.providers).toEqual({ DATAFOLD: { apiKey: 'key', baseUrl: 'https://host.test/path' } });
  });

  it('takes a rate for all providers, and one for each', () => {
    const config = readConfig({ ...good, UPSTREAM_RATE: '20', DATAFOLD_UPSTREAM_RATE: '10' });

    expect(config.limits).toEqual({ upstreamRate: 20 });
    expect(config.gateway.providers?.DATAFOLD).toMatchObject({ upstreamRate: 10 });
  });

  it.each(['0.0.0.0', '::', '::1', 'localhost', 'graph.internal', 'graph_1'])('may say HOST=%s', (HOST) => {
    expect(readConfig({ ...good, HOST, ALLOW_ANONYMOUS: 'true', ALLOWED_HOSTS: 'graph.test' })).toMatchObject({
      host: HOST,
    });
  });

  it.each([
    'https://eu.datafold.test',
    'https://host.test:8443/a/b/',
    'http://127.0.0.1:4001',
    'http://localhost',
    'http://[::1]:1',
    'https://127.0.0.1:4001',
    'https://[::1]:1',
    'https://host.test/v1',
    'https://host.test/api/v1/datafold',
    'https://host.test/my-api/v1',
    'https://host.test/api/v12',
  ])('may say DATAFOLD_BASE_URL=%s', (url) => {
    expect(readConfig({ ...good, DATAFOLD_BASE_URL: url }).gateway.providers?.DATAFOLD?.baseUrl).toBe(url);
  });
});

describe('configuration: http and private networks', () => {
  const privateUrls = [
    ...['http://monitors.internal:8080/a', 'https://host.test', 'http://127.0.0.1:4001', 'http://localhost'],
    ...['http://10.1.2.3:8080', 'https://10.1.2.3', 'http://172.16.0.1', 'http://172.31.255.254', 'http://192.168.0.7'],
    ...['http://[fd12:3456::1]:8080', 'http://[fc00::1]', 'http://0x0a.1.2.3'],
  ];
  const expected =
    'one http or https URL with a host name (addresses only of loopback and of private networks), without user, query, ' +
    'fragment, comma or space, and without /api/v1 at its end, as the paths of the API begin with that';

  it.each(privateUrls)('may be used with DATAFOLD_ALLOW_HTTP=true: %s', (url) => {
    const config = readConfig({ DATAFOLD_API_KEY: 'a', DATAFOLD_BASE_URL: url, DATAFOLD_ALLOW_HTTP: 'true' });

    expect(config.gateway.providers?.DATAFOLD).toEqual({ apiKey: 'a', baseUrl: url, allowHttp: true });
    expect(() => createGateway(config.gateway)).not.toThrow();
  });

  it.each([
    ...['http://169.254.169.254', 'http://[fe80::1]', 'http://[fd00:ec2::254]', 'http://[::ffff:10.0.0.1]'],
    ...['http://8.8.8.8', 'https://100.100.100.200', 'http://172.15.0.1', 'http://172.32.0.1', 'http://192.169.0.1'],
    ...['http://0.0.0.0', 'http://[::]', 'http://[2001:db8::1]', 'http://11.0.0.1', 'http://110.0.0.1'],
    ...[
      'ftp://10.0.0.1',
      'ws://host.test',
      'http://canary@10.0.0.1',
      'http://10.0.0.1?canary',
      'http://10.0.0.1/api/v1',
    ],
  ])('may not be %s, even so', (url) => {
    const env = { DATAFOLD_API_KEY: 'a', DATAFOLD_BASE_URL: url, DATAFOLD_ALLOW_HTTP: 'true' };
    expect(() => readConfig(env)).toThrow(`\n  DATAFOLD_BASE_URL: expected ${expected}`);
    expect(() => createGateway({ providers: { DATAFOLD: { apiKey: 'a', baseUrl: url, allowHttp: true } } })).toThrow(
      `providers.DATAFOLD.baseUrl: expected ${expected}.`,
    );
  });

  it('are allowed for one provider alone', () => {
    const env = { OLOSTEP_API_KEY: 'a', OLOSTEP_BASE_URL: 'http://10.0.0.1', DATAFOLD_ALLOW_HTTP: 'true' };
    expect(() => readConfig(env)).toThrow(`\n  OLOSTEP_BASE_URL: expected ${baseUrl('/v1')}`);
  });

  it.each(['yes', '1', 'TRUE'])('are not allowed by %s', (DATAFOLD_ALLOW_HTTP) => {
    const env = { DATAFOLD_API_KEY: 'a', DATAFOLD_BASE_URL: 'http://10.0.0.1', DATAFOLD_ALLOW_HTTP };
    expect(() => readConfig(env)).toThrow('DATAFOLD_ALLOW_HTTP: expected true or false');
  });
});

describe('configuration: persisted documents', { timeout: 30_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'manifests-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
  const apolloManifest = (operations: unknown, version: unknown = 1) => ({
    format: 'apollo-persisted-query-manifest',
    version,
    operations,
  });
  const a = 'query A { __typename }';
  const b = 'query B { __typename }';

  it('are those of each manifest, and those of the example operations', async () => {
    const relay = write('relay.json', { md5: a });
    const apollo = write('apollo.json', apolloManifest([{ id: hashOf(b), name: 'B', type: 'query', body: b }]));
    const service = startService({
      PORT: '0',
      DATAFOLD_API_KEY: 'key',
      PERSISTED_DOCUMENTS: `${relay}, ${apollo}`,
      PERSISTED_DOCUMENTS_ONLY: 'true',
      MAX_DEPTH: '3',
    });
    const { url } = await service.nextLine();
    const execute = async (params: object) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(String(url), { method: 'POST', headers, body: JSON.stringify(params) })).json();
    };

    for (const id of ['md5', hashOf(b)]) expect(await execute({ id })).toEqual({ data: { __typename: 'Query' } });
    const examples = JSON.parse(readFileSync('src/generated/persisted-documents.json', 'utf8'));
    const node = Object.keys(examples).find((id) => examples[id].startsWith('query Node('));
    expect(await execute({ id: node, variables: { id: 'DATAFOLD:7:x' } })).toMatchObject({ data: { node: null } });
    expect(await execute({ query: '{ __typename }' })).toMatchObject({
      errors: [{ message: expect.stringMatching(/^Expected a listed document:/) }],
    });
    expect((await fetch(String(url), { headers: { accept: 'text/html' } })).status).toBe(403);
  });

  it('are refused at the start with all that is wrong with their files, by their places', () => {
    const paths = [write('canary.json', '{'), join(folder, 'canary-nowhere.json'), write('good.json', {})];

    expect(toProblems({ PERSISTED_DOCUMENTS: paths.join(',') })).toEqual([
      '  PERSISTED_DOCUMENTS: manifest 1: expected JSON',
      '  PERSISTED_DOCUMENTS: manifest 2: expected a file that can be read',
    ]);
    expect(toProblems({ PERSISTED_DOCUMENTS: ',' })).toEqual([
      '  PERSISTED_DOCUMENTS: expected paths of files, separated by commas',
    ]);
    expect(toProblems({ PERSISTED_DOCUMENTS_ONLY: 'canary' })).toEqual([
      '  PERSISTED_DOCUMENTS_ONLY: expected true or false',
    ]);
  });

  it('are refused at the start with all that is wrong with what is in them', async () => {
    const first = write('first.json', {
      good: a,
      [hashOf(a)]: b,
      [`sha256:${hashOf(a).toUpperCase()}`]: a,
      'sha256:md5': a,
      unsound: '{ xyzzy }',
      half: '{',
      deep: '{ node(id: 7) { id } }',
      number: 7,
      '': a,
    });
    const second = write('second.json', apolloManifest([{ id: 'good', body: b }, { id: 'no body' }, null]));
    const others = ['[]', 'null', '"x"', apolloManifest([], 2), apolloManifest({})];
    const paths = [first, second, ...others.map((content, place) => write(`${place}.json`, content))];

    const service = startService({
      DATAFOLD_API_KEY: 'canary',
      MAX_DEPTH: '1',
      PERSISTED_DOCUMENTS: paths.join(','),
    });

    const isHash = 'expected the SHA-256 of its text, in lower-case hex';
    const isManifest = 'expected an object of texts by their ids, or a manifest of Apollo, version 1';
    expect(await service.ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `The persisted documents are not usable:
  manifest 1: "${hashOf(a)}": ${isHash}
  manifest 1: "sha256:${hashOf(a).toUpperCase()}": ${isHash}
  manifest 1: "sha256:md5": ${isHash}
  manifest 1: "number": expected an id and a text
  manifest 1: "": expected an id and a text
  manifest 1: "unsound": Cannot query field "xyzzy" on type "Query".
  manifest 1: "half": Syntax Error: Expected Name, found <EOF>.
  manifest 1: "deep": Expected at most 1 levels of fields, with fragments expanded.
  manifest 2: "no body": expected an id and a text
  manifest 2: operation 3: expected an id and a text
  manifest 2: "good": expected one text for an id
${others.map((_, place) => `  manifest ${place + 3}: ${isManifest}`).join('\n')}
`,
    });
  });

  it('leave nothing for GraphiQL to do, when they are all that is executed', () => {
    expect(readConfig({ DATAFOLD_API_KEY: 'a', PERSISTED_DOCUMENTS_ONLY: 'true' }).httpServer.graphiql).toBe(false);
    expect(toProblems({ PERSISTED_DOCUMENTS_ONLY: 'true', GRAPHIQL: 'true' })).toEqual([
      '  GRAPHIQL: expected not to be true with PERSISTED_DOCUMENTS_ONLY=true, as what is written there is on no list',
    ]);
  });

  function toProblems(env: Record<string, string>): string[] {
    try {
      readConfig({ DATAFOLD_API_KEY: 'canary', ...env });
    } catch (error) {
      expect((error as Error).message).not.toContain('canary');
      return (error as Error).message.split('\n').slice(1);
    }
    return [];
  }
});

describe('configuration: where the run cache is', () => {
  const problemsOf = (env: Record<string, string>) => {
    try {
      readConfig({ DATAFOLD_API_KEY: 'canary', ...env });
    } catch (error) {
      return (error as Error).message.split('\n').slice(1);
    }
    return [];
  };

  it.each([
    'redis://localhost',
    'redis://127.0.0.1:6380/',
    'redis://[::1]:6379/3',
    'redis://cache.internal/15',
    'rediss://:p%40ss@redis_1.test',
    'rediss://user:pass@10.0.0.1:6379',
  ])('may be %s', (REDIS_URL) => {
    expect(readConfig({ DATAFOLD_API_KEY: 'key', REDIS_URL })).toMatchObject({ redisUrl: REDIS_URL });
  });

  it.each([
    ...['canary', 'canary:6379', '//canary', 'http://canary', 'redis:', 'redis://', 'redis:canary', 'redis:/canary'],
    ...['redis://canary:0', 'redis://canary:65536', 'redis://canary:x', 'redis://can%20ary', 'redis://canary canary'],
    ...[
      'redis://canary/x',
      'redis://canary/1/2',
      'redis://canary/-1',
      'redis://canary?db=1',
      'redis://canary#',
      'unix:///canary',
    ],
    ...['redis://canary@canary', 'redis://:%zz@canary', 'redis://u:%@canary', 'redis://[canary]', 'redis://a,b'],
  ])('may not be %s, which the message does not show', (REDIS_URL) => {
    expect(problemsOf({ REDIS_URL })).toEqual([
      '  REDIS_URL: expected a redis or rediss URL with a host, and behind it no more than a port and the number of a database',
    ]);
  });

  it('are in memory, unless it is said', () => {
    expect(readConfig({ DATAFOLD_API_KEY: 'key' })).not.toHaveProperty('redisUrl');
    const off = readConfig({ DATAFOLD_API_KEY: 'key', RUN_CACHE: 'false', COALESCE_CALLS: 'false' });
    expect(off.gateway).toMatchObject({ runCache: false, coalesceCalls: false });
  });

  it('must go with the rest', () => {
    expect(problemsOf({ RUN_CACHE: 'no', COALESCE_CALLS: '1' })).toEqual([
      '  RUN_CACHE: expected true or false',
      '  COALESCE_CALLS: expected true or false',
    ]);
    expect(problemsOf({ RUN_CACHE: 'false', REDIS_URL: 'redis://canary' })).toEqual([
      '  REDIS_URL: expected not to be set with RUN_CACHE=false, as nothing is cached then',
    ]);
    expect(problemsOf({ RUN_CACHE_TTL_MS: '10', RUN_CACHE_STALE_IF_ERROR_MS: '9' })).toEqual([
      '  RUN_CACHE_TTL_MS: expected not to be more than RUN_CACHE_STALE_IF_ERROR_MS',
    ]);
  });
});

describe('configuration: metrics', () => {
  const good = { DATAFOLD_API_KEY: 'key', API_TOKENS: 'a-token-of-16-chars' };
  const everyone = { ...good, HOST: '0.0.0.0' };
  const METRICS_TOKEN = 'token-of-metrics';

  it('are off by default, and on in the sandbox', () => {
    expect(readConfig(good).metrics).toBeUndefined();
    expect(readConfig(everyone).metrics).toBeUndefined();
    expect(readSandboxConfig({}).metrics).toEqual({});
    expect(readSandboxConfig({ METRICS: 'false' }).metrics).toBeUndefined();
    expect(readSandboxConfig({ HOST: '0.0.0.0' }).metrics).toBeUndefined();
  });

  it('need no more than METRICS on loopback, and a port or a token beyond', () => {
    expect(readConfig({ ...good, METRICS: 'true' }).metrics).toEqual({});
    expect(() => readConfig({ ...everyone, METRICS: 'true' })).toThrow(
      'METRICS_PORT, METRICS_TOKEN: expected one of them to be set, as HOST lets others read the metrics',
    );
    expect(readConfig({ ...everyone, METRICS_PORT: '9464' }).metrics).toEqual({ port: 9464 });
    expect(readConfig({ ...everyone, METRICS_TOKEN }).metrics).toEqual({ tokens: [METRICS_TOKEN] });
  });

  it('must go with the rest', () => {
    expect(() => readConfig({ ...good, METRICS: 'false', METRICS_TOKEN })).toThrow(
      'METRICS: expected not to be false with METRICS_PORT or METRICS_TOKEN',
    );
    expect(() => readConfig({ ...good, METRICS_TOKEN: 'canary' })).toThrow('METRICS_TOKEN: expected a token of 16 to');
    expect(() => readConfig({ ...good, METRICS_PORT: '65536' })).toThrow('METRICS_PORT: expected a port number');
  });

  it('of monitors need metrics to be served, and keys of the service', () => {
    expect(readConfig({ ...good, METRICS: 'true', MONITOR_METRICS: 'true' }).metrics).toEqual({ ofMonitors: true });
    expect(() => readConfig({ ...good, MONITOR_METRICS: 'true' })).toThrow(
      'METRICS, METRICS_PORT, METRICS_TOKEN: expected one of them to be set with MONITOR_METRICS=true',
    );
    expect(() => readConfig({ CREDENTIALS: 'forwarded', METRICS: 'true', MONITOR_METRICS: 'true' })).toThrow(
      'MONITOR_METRICS: expected not to be true with CREDENTIALS=forwarded',
    );
  });
});

describe('configuration: npm start', { timeout: 30_000 }, () => {
  it('says which variables to set when there are none', async () => {
    expect(await startService({}).ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `The configuration is not usable:\n  ${none}\n`,
    });
  });

  it('lists all that is wrong in one message, and shows no value', async () => {
    const service = startService({
      HOST: 'canary host',
      PORT: 'canary',
      LOG_LEVEL: 'canary',
      DATAFOLD_API_KEY: 'canary key',
      DATAFOLD_BASE_URL: 'http://canary.test',
      OLOSTEP_API_KEY: 'canary\nkey',
      OLOSTEP_BASE_URL: 'https://canary:canary@host.test',
    });

    expect(await service.ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `The configuration is not usable:
  HOST: expected a host name or an IP address
  PORT: expected a port number from 0 to 65535
  LOG_LEVEL: expected one of debug, info, warn, error, silent
  DATAFOLD_API_KEY: expected ${apiKey}
  DATAFOLD_BASE_URL: expected ${baseUrl('/api/v1')}
  OLOSTEP_API_KEY: expected ${apiKey}
  OLOSTEP_BASE_URL: expected ${baseUrl('/v1')}
`,
    });
  });

  it.each([
    ['the host is not there', { HOST: 'nowhere.invalid', API_TOKENS: '0123456789abcdef' }, []],
    ['a flag is unknown', {}, ['--nonsense']],
  ])('says so in one line when %s', async (_, env, flags) => {
    const { code, stdout, stderr } = await startService({ DATAFOLD_API_KEY: 'key', ...env }, flags).ended;

    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim()).toMatch(/^.*(nowhere\.invalid|--nonsense).*$/);
  });

  it('says so in one line when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    expect(await startService({ DATAFOLD_API_KEY: 'canary', PORT: String(port) }).ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'serves one provider without the other, and ends well on %s',
    async (signal) => {
      const upstream = await startFakeUpstream();
      onTestFinished(() => upstream.close());
      upstream.on(datafoldPath, { body: datafoldBody });
      const service = startService({ PORT: '0', DATAFOLD_API_KEY: 'canary', DATAFOLD_BASE_URL: upstream.baseUrl });

      const listening = await service.nextLine();
      const response = await fetch(new URL(String(listening.url)).href, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': 'mine' },
        body: JSON.stringify({
          query:
            '{ datafoldRun(monitorId: 7, runId: 42) { id } olostepRun(monitorId: "monitor_a", runId: "run_b") { id } }',
        }),
      });
      const answer = await response.json();
      const request = await service.nextLine();
      const { code, stdout, stderr } = await service.stop(signal);

      expect(listening).toMatchObject({ level: 'info', msg: 'listening', providers: ['DATAFOLD'] });
      expect(answer).toMatchObject({
        data: { datafoldRun: { id: 'DATAFOLD:7:42' }, olostepRun: null },
        errors: [{ path: ['olostepRun'], extensions: { code: 'PROVIDER_NOT_CONFIGURED', provider: 'OLOSTEP' } }],
      });
      expect(upstream.requests[0]?.headers.authorization).toBe('Key canary');
      expect(request).toMatchObject({ msg: 'request', requestId: 'mine', path: '/graphql', status: 200 });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toContain('canary');
    },
  );
});

describe('configuration: createGateway', () => {
  const toMessage = (config: unknown) => {
    try {
      createGateway(config as GatewayConfig);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      return (error as Error).message;
    }
    return 'nothing is wrong with it';
  };

  it.each([
    ['DATAFOLD', '/api/v1'],
    ['OLOSTEP', '/v1'],
  ])('refuses a bad key or base URL of %s, by name and without its value', (provider, apiPath) => {
    const withKey = (key: unknown) => ({ providers: { [provider]: { apiKey: key } } });
    const withUrl = (url: unknown) => ({ providers: { [provider]: { apiKey: 'canary', baseUrl: url } } });
    const keys = [...badKeys, '', ' ', 'canary ', 'canary\n', undefined, null, 7, ['canary']];

    expect(keys.map((key) => toMessage(withKey(key)))).toEqual(
      keys.map(() => `providers.${provider}.apiKey: expected ${apiKey}.`),
    );
    const urls = ['', null, 7, ['https://canary.test'], ...badUrls, ...versioned(apiPath)];
    expect(urls.map((url) => toMessage(withUrl(url)))).toEqual(
      urls.map(() => `providers.${provider}.baseUrl: expected ${baseUrl(apiPath)}.`),
    );
  });

  it('lists all that is wrong in one message', () => {
    const bad = { apiKey: 'canary canary', baseUrl: 'http://canary.test' };

    expect(toMessage({ providers: { DATAFOLD: bad, OLOSTEP: bad } })).toBe(
      [
        `providers.DATAFOLD.apiKey: expected ${apiKey}.`,
        `providers.DATAFOLD.baseUrl: expected ${baseUrl('/api/v1')}.`,
        `providers.OLOSTEP.apiKey: expected ${apiKey}.`,
        `providers.OLOSTEP.baseUrl: expected ${baseUrl('/v1')}.`,
      ].join('\n'),
    );
  });

  it.each([{}, { DATAFOLD: undefined }, { GITHUB: { apiKey: 'canary' } }])(
    'refuses to start without a provider that it knows',
    (providers) => {
      expect(toMessage({ providers })).toBe('providers: expected at least one of DATAFOLD, OLOSTEP.');
    },
  );
});
