/**
 * Adds the provider of `test/support/example-provider/` to a copy of the repository, as CONTRIBUTING.md says, and tests it there: it
 * is one folder, one schema file, one facts file and its line in the list of providers, and no other file knows of it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'example-provider-'));
process.once('exit', () => rmSync(copy, { recursive: true }));

for (const name of [
  ...['src', 'schema', 'scripts', 'test', 'codegen.yml', 'package.json', 'tsconfig.json'],
  ...['vitest.config.ts', 'SECURITY.md', 'CHANGELOG.md'],
])
  cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

const fixture = join(copy, 'test/support/example-provider');
cpSync(join(fixture, 'example.graphql'), join(copy, 'schema/example.graphql'));
cpSync(join(fixture, 'example'), join(copy, 'src/providers/example'), { recursive: true });
cpSync(join(fixture, 'facts.ts'), join(copy, 'test/providers/facts/example.ts'));
edit('src/providers/index.ts', (text) =>
  text
    .replace('import { olostep }', "import { example } from './example/client.ts';\nimport { olostep }")
    .replace('  OLOSTEP: olostep,\n', '  OLOSTEP: olostep,\n  EXAMPLE: example,\n'),
);

const tests = ['test/providers/provider-contract.test.ts', 'test/sandbox/lists.test.ts'];
const options = { extends: './tsconfig.json', include: ['src', 'scripts', 'test/providers/facts', ...tests] };
writeFileSync(join(copy, 'tsconfig.example.json'), JSON.stringify(options));

run('npm', 'run', 'codegen');
run(process.execPath, 'node_modules/typescript/bin/tsc', '--project', 'tsconfig.example.json');
run(process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...tests, ...process.argv.slice(2));

function edit(path: string, change: (text: string) => string): void {
  const text = readFileSync(join(copy, path), 'utf8');
  const changed = change(text);
  if (changed.split('example').length !== text.split('example').length + 3) throw new Error(`${path} has changed`);
  writeFileSync(join(copy, path), changed);
}

function run(command: string, ...parameters: readonly string[]): void {
  const { status } = spawnSync(command, parameters, { cwd: copy, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
