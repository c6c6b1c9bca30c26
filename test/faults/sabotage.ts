/**
 * Switches off each guard in turn, in a copy of the repository, and demands that a test fails: a guard that no test
 * misses is a promise without proof. `npm run test:sabotage`, or `-- WORD …` for the guards with such a word in their
 * names. Before that, the same tests must be green without sabotage, or being red would say nothing.
 */
import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runConcurrently } from './concurrency.ts';
import type { Guard } from './sabotage/guard.ts';
import { guards as all } from './sabotage/guards.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { positionals: words } = parseArgs({ allowPositionals: true });
const guards = all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

/** Tests that wait rather than compute leave room for others. */
const atATime = 2;

for (const { name, file, from } of all) {
  const times = readFileSync(join(root, file), 'utf8').split(from).length - 1;
  if (times !== 1)
    throw new Error(`${name}: expected ${file} to have this once, and it has it ${times} times: ${from}`);
}

const work = mkdtempSync(join(tmpdir(), 'sabotage-'));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));

const tests = [...new Set(guards.flatMap((guard) => guard.tests))];
const untouched = copy('untouched', root);
const red: string[] = [];
await runConcurrently(atATime, tests, async (test) => {
  // Once more, if need be: a machine that is busy fails tests of time without a fault.
  const failure = (await runTest(untouched, test)) && (await runTest(untouched, test));
  if (failure !== undefined) red.push(failure);
});
if (red.length > 0) throw new Error(`Expected these to be green without sabotage:\n${red.join('\n')}`);

let noticed = 0;
await runConcurrently(atATime, guards, async (guard) => {
  const folder = copy(`${guards.indexOf(guard)}`, untouched);
  const by = await findWitness(guard, folder);
  rmSync(folder, { recursive: true });
  if (by !== undefined) noticed++;
  console.log(by === undefined ? `NOT NOTICED: ${guard.name}` : `noticed: ${guard.name}, by ${by}`);
});
console.log(`${noticed} of ${guards.length} sabotaged guards were noticed`);
process.exit(noticed === guards.length ? 0 : 1);

/** The first failure of its tests without the guard. */
async function findWitness({ file, from, to, tests }: Guard, folder: string): Promise<string | undefined> {
  const path = join(folder, file);
  // A function, so that a `$` in the text isn't a pattern.
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(from, () => to),
  );
  // One that doesn't load would be noticed by every test, and prove nothing. `main.ts` would start the service.
  const isModule = file.endsWith('.ts') && file !== 'src/main.ts';
  const loads =
    isModule && (await start(folder, process.execPath, ['--input-type=module', '-e', `await import('./${file}')`]));
  if (loads && loads.code !== 0) throw new Error(`${file} doesn't load without this guard: ${loads.output}`);
  for (const test of tests) {
    const failure = await runTest(folder, test);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** A copy with all that tests need. Those of the guards come from the first one: the repository may change meanwhile. */
function copy(name: string, from: string): string {
  const folder = join(work, name);
  for (const path of [
    'src',
    'test',
    'schema',
    ...globSync('*.{json,ts,yml,md,graphql}', { cwd: from }),
    '.env.example',
  ])
    cpSync(join(from, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/**
 * Runs a file of tests, or a block; returns what failed first, if anything did.
 * @throws {Error} when it didn't get as far as to fail
 */
async function runTest(folder: string, test: string): Promise<string | undefined> {
  const isFile = test.endsWith('.test.ts');
  const { code, output } = isFile
    ? await start(folder, process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--no-color', '--bail=3', test])
    : await start(folder, process.execPath, ['test/faults/main.ts', test]);
  if (code === 0) return undefined;
  const failure = (isFile ? /^ *FAIL +(.+ > .+)$/m : /^(.+): did not survive/m).exec(output)?.[1];
  if (failure === undefined) throw new Error(`${test} broke off:\n${output}`);
  return failure;
}

async function start(cwd: string, command: string, args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CI: '1', FUZZ: 'true' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}
