/** Secrets in files, and what the configuration says of variables that it doesn't know. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig, readSandboxConfig } from '../../src/config/config.ts';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { startService } from '../support/process.ts';

const token = '0123456789abcdef';

describe('A secret in a file', () => {
  it('is read without the line break at its end', () => {
    const { write } = createFolder();

    const { gateway, httpServer, redisUrl } = readConfig({
      DATAFOLD_API_KEY_FILE: write('key', 'of-a-file\n'),
      API_TOKENS_FILE: write('tokens', `grafana:${token}\r\n`),
      REDIS_URL_FILE: write('redis', 'redis://redis.test\n'),
    });

    expect(gateway.providers).toEqual({ DATAFOLD: { apiKey: 'of-a-file' } });
    expect(httpServer.apiTokens).toEqual([`grafana:${token}`]);
    expect(redisUrl).toBe('redis://redis.test');
  });

  it.each([
    [
      'is missing',
      { OLOSTEP_API_KEY_FILE: '/nowhere/canary' },
      'OLOSTEP_API_KEY_FILE: expected a file that can be read',
    ],
    [
      'is set beside its variable',
      { OLOSTEP_API_KEY: 'canary', OLOSTEP_API_KEY_FILE: '/nowhere/canary' },
      'OLOSTEP_API_KEY, OLOSTEP_API_KEY_FILE: expected one of them to be set',
    ],
  ])('is said to be wrong when it %s, without its path', (_what, env, sentence) => {
    const read = () => readConfig({ DATAFOLD_API_KEY: 'key', ...env });

    expect(read).toThrow(sentence);
    expect(read).not.toThrow('canary');
  });

  it('is read again when it changes: by keys and by tokens; one that is wrong changes nothing', async () => {
    const { write } = createFolder();
    const upstream = await startFakeUpstream();
    onTestFinished(() => upstream.close());
    const authorizations: (string | undefined)[] = [];
    upstream.on(datafoldPath, (request, response) => {
      authorizations.push(request.headers.authorization);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(datafoldBody));
    });
    const service = startService({
      PORT: '0',
      RUN_CACHE: 'false',
      DATAFOLD_BASE_URL: upstream.baseUrl,
      DATAFOLD_API_KEY_FILE: write('key', 'first'),
      API_TOKENS_FILE: write('tokens', `grafana:${token}`),
      SECRET_FILES_POLL_MS: '20',
    });
    const { url } = await service.nextLine();
    const execute = async (sent: string) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${sent}` };
      const body = '{"query":"{ datafoldRun(monitorId: 7, runId: 42) { state } }"}';
      const { status } = await fetch(String(url), { method: 'POST', headers, body });
      return { status, ...(await untilLine('request')) };
    };
    const untilLine = async (msg: string) => {
      for (;;) {
        const line = await service.nextLine();
        if (line.msg === msg) return line;
      }
    };

    expect(await execute(token)).toMatchObject({ status: 200, caller: 'grafana' });
    write('key', 'second');
    await untilLine('secret files read again');
    expect(await execute(token)).toMatchObject({ status: 200 });
    write('tokens', 'too short');
    expect(await untilLine('secret files not usable')).not.toMatchObject({
      error: expect.stringContaining('too short'),
    });
    expect(await execute(token)).toMatchObject({ status: 200 });
    write('tokens', `ci:${token.toUpperCase()}`);
    await untilLine('secret files read again');
    expect(await execute(token)).toMatchObject({ status: 401 });
    expect(await execute(token.toUpperCase())).toMatchObject({ status: 200, caller: 'ci' });
    expect([...new Set(authorizations)]).toEqual(['Key first', 'Key second']);
    await service.stop('SIGTERM');
  });
});

describe('A variable that is unknown', () => {
  it.each([
    ['MAX_DEPHT', 'MAX_DEPTH'],
    ['DATAFOLD_APIKEY', 'DATAFOLD_API_KEY'],
    ['DATAFOLD_KEY', 'DATAFOLD_API_KEY'],
    ['OLOSTEP_TOKEN', 'OLOSTEP_API_KEY'],
    ['OPERATION_TIMEOUT', 'OPERATION_TIMEOUT_MS'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['API_TOKENS_FILES', 'API_TOKENS_FILE'],
  ])('%s is named with the one that is probably meant', (name, meant) => {
    const { warnings } = readConfig({ DATAFOLD_API_KEY: 'key', [name]: 'canary' });

    expect(warnings).toEqual([expect.stringContaining(`${name}: unknown; ${meant.slice(0, -3)}`)]);
    expect(warnings.join()).not.toContain('canary');
  });

  it('is reported with what is wrong, as it may be the cause', () => {
    expect(() => readConfig({ DATAFOLD_APIKEY: 'canary' })).toThrow(
      /expected at least one of them to be set\n {2}DATAFOLD_APIKEY: unknown; DATAFOLD_API_KEY is probably meant/,
    );
  });

  it.each([
    'HOME',
    'SORT',
    'LOGNAME',
    'PATH',
    'SSH_AUTH_SOCK',
    'XDG_DATA_DIRS',
    'REDIS_PORT',
    'NODE_OPTIONS',
    'HTTP_PROXY',
  ])('%s of another program is not', (name) => {
    expect(readConfig({ DATAFOLD_API_KEY: 'key', [name]: 'value' }).warnings).toEqual([]);
  });
});

it.each(['Key', 'Bearer', 'bearer'])('says to leave out %s in front of a key', (scheme) => {
  expect(() => readConfig({ DATAFOLD_API_KEY: `${scheme} canary` })).toThrow(
    `\n  DATAFOLD_API_KEY: expected the key alone: leave out ${scheme}`,
  );
});

it('lets pages of this machine use the sandbox, unless origins are listed', () => {
  expect(readSandboxConfig({}).httpServer.corsOrigins).toBe('loopback');
  expect(readSandboxConfig({ CORS_ORIGINS: 'https://app.test' }).httpServer.corsOrigins).toEqual(['https://app.test']);
});

function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return {
    write(name: string, text: string): string {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}
