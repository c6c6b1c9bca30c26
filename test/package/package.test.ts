import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readBlocks } from '../support/documentation.ts';
import { findFreePort } from '../support/free-port.ts';
import { startService } from '../support/process.ts';
import { createProject, type Published, publish, typeCheck } from '../support/published.ts';
import { allAnswers, graphAnswer, readRecipe, requestGraph, untilListening } from '../support/recipes.ts';

// npm and the compiler take their time, most of all on a machine that runs other tests beside these.
vi.setConfig({ hookTimeout: 180_000, testTimeout: 120_000 });

const secret = 'canary-in-the-environment';
let published: Published;
beforeAll(() => {
  published = publish({ '.env': `DATAFOLD_API_KEY=${secret}` });
});
afterAll(() => published.remove());

/** The code of docs/library.md. */
const [client = ''] = readBlocks('ts').filter((block) => block.includes("'monitor-graph/client'"));
const [backend = ''] = readBlocks('ts').filter((block) => block.includes("'monitor-graph'"));

/** All that a server needs beside the package. */
const ofServer = () => [...Object.keys(published.manifest.dependencies), 'graphql'];

/** All that a client needs beside the package. */
const ofClient = ['graphql', 'graphql-request', '@graphql-typed-document-node/core'];

it('holds what its exports name, the schema, and nothing that is not for its users', () => {
  const { folder, manifest } = published;
  const paths = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? entry : Object.values(entry),
  );
  expect(paths.filter((path) => !existsSync(join(folder, path)))).toEqual([]);

  expect(readdirSync(folder).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'bin',
    'dist',
    'docs',
    'package.json',
    'schema',
    'schema.graphql',
    'subgraph.graphql',
  ]);
  expect(readdirSync(join(folder, 'schema'))).toEqual(readdirSync('schema'));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  expect(files).toContain(join(folder, 'dist/main.mjs'));
  expect(files).toContain(join(folder, 'dist/service.mjs'));
  expect(files.filter((file) => /\.test\.|\.env|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  expect(files.filter((file) => readFileSync(file).includes(secret))).toEqual([]);
});

it.each([
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
])('types a client with moduleResolution $moduleResolution', (options) => {
  const wrong = client.replace("monitorId: '7'", 'monitorId: 7').replace('run.state', 'run.snapshot');
  const project = createProject(published, ofClient, { 'client.ts': client, 'wrong.ts': wrong });

  const complaints = typeCheck(project, { ...options, lib: ['es2022', 'dom'] });

  expect(complaints.match(/^\S+: error TS\d+/gm)).toEqual([
    expect.stringMatching(/^wrong\.ts\(6,.*TS2322/),
    expect.stringMatching(/^wrong\.ts\(9,.*TS2339/),
  ]);
});

it('types a backend that has nothing but the package', () => {
  const project = createProject(published, [...ofServer(), '@types/node'], {
    'backend.ts': backend,
  });

  expect(typeCheck(project, { module: 'nodenext', types: ['node'] })).toBe('');
});

it('answers the client of docs/library.md from its node:http server', async () => {
  const { code, origin } = await readRecipe('node:http');
  const project = createProject(published, ofServer(), { 'server.ts': code });
  const { ended } = startService({}, [], join(project, 'server.ts'));
  await untilListening(origin, ended);

  const url = `${origin}/graph`;
  expect(await requestGraph(url)).toEqual(allAnswers);
  expect(await (await fetch(`${origin}/`)).text()).toBe('the rest of your site');
  const clientProject = createProject(published, ofClient, {
    'client.ts': replaced(client, { 'http://localhost:4000/graphql': url }),
  });
  const { stdout } = await promisify(execFile)(process.execPath, ['client.ts'], { cwd: clientProject });

  expect(stdout).toBe('DATAFOLD:7:42 PASSED OK\n');
});

it('is mounted in Fastify as docs/library.md has it', async () => {
  const { code, origin } = await readRecipe('Fastify 5');
  const project = createProject(published, [...ofServer(), 'fastify'], { 'server.ts': code });
  const { ended } = startService({}, [], join(project, 'server.ts'));
  await untilListening(origin, ended);

  expect(await requestGraph(`${origin}/graph`)).toEqual(allAnswers);
  const form = await fetch(`${origin}/graph`, {
    method: 'POST',
    body: new URLSearchParams({ query: '{ __typename }' }),
  });
  expect(form.status).toBe(415);
});

it('is a handler of AWS Lambda as docs/library.md has it', async () => {
  const { code } = await readRecipe('AWS Lambda');
  const event = {
    rawPath: '/graph',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', accept: '*/*' },
    requestContext: { domainName: 'graph.test', http: { method: 'POST' } },
    body: Buffer.from('{"query":"{ datafoldRun(monitorId: 7, runId: 42) { id outcome } }"}').toString('base64'),
    isBase64Encoded: true,
  };
  const call = `import { handler } from './lambda.ts';
    console.log(JSON.stringify(await handler(${JSON.stringify(event)})));
    process.exit();`;
  const project = createProject(published, ofServer(), { 'lambda.ts': code, 'call.ts': call });

  const { statusCode, body } = await startService({}, [], join(project, 'call.ts')).nextLine();

  expect(statusCode).toBe(200);
  expect(JSON.parse(String(body))).toEqual(graphAnswer);
});

it('has a sandbox for tests of backends', async () => {
  const { code } = await readRecipe('In tests of your backend');
  const project = createProject(published, ofServer(), { 'sandbox.ts': code });

  const { stdout, stderr } = await startService({}, [], join(project, 'sandbox.ts')).ended;

  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ data: { datafoldRun: { id: 'DATAFOLD:7:42', outcome: 'FINDING' } } });
});

it.each([
  ['an ES module, with the banner of docs/library.md', 'esm'],
  ['CommonJS', 'cjs'],
] as const)('is bundled by esbuild as %s, and runs without packages', async (_form, format) => {
  const { code, origin } = await readRecipe('node:http');
  const project = createProject(published, ofServer(), { 'server.ts': code });
  const alone = mkdtempSync(join(tmpdir(), 'bundle-'));
  onTestFinished(() => rmSync(alone, { recursive: true }));
  const outfile = join(alone, format === 'esm' ? 'server.mjs' : 'server.cjs');
  const [, banner = ''] = /--banner:js="(.*?)"/.exec(readFileSync('docs/library.md', 'utf8')) ?? [];
  const { warnings, metafile } = await build({
    ...{
      entryPoints: [join(project, 'server.ts')],
      outfile,
      bundle: true,
      metafile: true,
      platform: 'node',
      format,
      logLevel: 'silent',
    },
    ...(format === 'esm' && { banner: { js: banner } }),
  });
  const { ended } = startService({}, [], outfile);
  await untilListening(origin, ended);

  expect(warnings).toEqual([]);
  expect(await requestGraph(`${origin}/graph`)).toEqual(allAnswers);
  const rare = /node_modules\/(?:pino-pretty|prom-client|ioredis|jose|valibot|@graphql-yoga\/render-graphiql)\//;
  expect(Object.keys(metafile.inputs).filter((file) => rare.test(file))).toEqual([]);
});

describe('monitor-graph, from an empty folder', () => {
  /** Runs the program of the package, where no other package is. */
  function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const folder = createProject(published, [], {});
    return startService(env, args, join(folder, 'node_modules/monitor-graph/bin/monitor-graph.cjs'));
  }

  it('checks a configuration without starting', async () => {
    expect(await run(['check'], { DATAFOLD_API_KEY: 'canary' }).ended).toEqual({
      code: 0,
      stdout: 'The configuration is usable.\n',
      stderr: '',
    });
    const { code, stderr } = await run(['check'], { DATAFOLD_API_KEY: 'canary', PORT: 'canary' }).ended;
    expect(code).toBe(1);
    expect(stderr).toBe('The configuration is not usable:\n  PORT: expected a port number from 0 to 65535\n');
  });

  it('serves with an empty environment but for a key, and shows GraphiQL', async () => {
    const service = run([], { DATAFOLD_API_KEY: 'canary', PORT: '0' });
    const { url } = await service.nextLine();

    const page = await fetch(String(url), { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect((await page.text()).includes('query RunLog')).toBe(true);
    expect(await service.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['logs for people', [], { DATAFOLD_API_KEY: 'canary', LOG_FORMAT: 'pretty' }, /INFO.*listening/],
    ['serves the sandbox', ['sandbox'], {}, /^This is the sandbox/],
  ])('%s', async (_what, args, env, said) => {
    const port = String(await findFreePort());
    const service = run(args, { ...env, PORT: port });
    await untilListening(`http://127.0.0.1:${port}/health`, service.ended);

    const { code, stdout, stderr } = await service.stop('SIGTERM');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(said);
  });
});

/** The text with each of these replaced, which it must have. */
function replaced(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((before, [part, by]) => {
    expect(before).toContain(part);
    return before.replace(part, by);
  }, text);
}
