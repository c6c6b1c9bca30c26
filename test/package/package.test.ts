import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { readBlocks } from '../support/documentation.ts';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { startService } from '../support/process.ts';
import { createProject, type Published, publish, typeCheck } from '../support/published.ts';

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

/** All that a client needs beside the package. */
const ofClient = ['graphql', 'graphql-request', '@graphql-typed-document-node/core'];

it('holds what its exports name, the schema, and nothing that is not for its users', () => {
  const { folder, manifest } = published;
  const paths = Object.values(manifest.exports).flatMap((conditions) => Object.values(conditions));
  expect(paths.filter((path) => !existsSync(join(folder, path)))).toEqual([]);

  expect(readdirSync(folder).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dist',
    'docs',
    'package.json',
    'schema',
    'schema.graphql',
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
  const project = createProject(published, [...Object.keys(published.manifest.dependencies), '@types/node'], {
    'backend.ts': backend,
  });

  expect(typeCheck(project, { module: 'nodenext', types: ['node'] })).toBe('');
});

it("answers the README's client from the README's backend", async () => {
  const upstream = await startFakeUpstream();
  upstream.on(datafoldPath, { body: datafoldBody });
  const project = createProject(published, Object.keys(published.manifest.dependencies), {
    'backend.ts': replaced(backend, {
      "{ apiKey: 'your key' }": JSON.stringify({ apiKey: 'key', baseUrl: upstream.baseUrl }),
      '.listen(3000)': ".listen(0, '127.0.0.1', function () { console.log(JSON.stringify(this.address())); })",
    }),
  });
  const service = startService({}, [], join(project, 'backend.ts'));
  const { port } = await service.nextLine();

  const url = `http://127.0.0.1:${port}/graph`;
  const clientProject = createProject(published, ofClient, {
    'client.ts': replaced(client, { 'http://localhost:4000/graphql': url }),
  });
  const { stdout } = await promisify(execFile)(process.execPath, ['client.ts'], { cwd: clientProject });

  expect(stdout).toBe('DATAFOLD:7:42 PASSED OK\n');
  upstream.close();
});

/** The text with each of these replaced, which it must have. */
function replaced(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((before, [part, by]) => {
    expect(before).toContain(part);
    return before.replace(part, by);
  }, text);
}
