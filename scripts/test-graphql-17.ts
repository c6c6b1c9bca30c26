/**
 * Runs tests on graphql 17, beside which the package works as well. The checkout is copied, as packages import `graphql` by its
 * name: an alias would leave them on version 16. Arguments go to Vitest: `npm run test:graphql17 -- test/graphql`.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'graphql-17-'));
process.once('exit', () => rmSync(copy, { recursive: true }));

const left = ['.git', 'bench', 'coverage', 'dist', 'node_modules'];
cpSync(root, copy, { recursive: true, filter: (path) => dirname(path) !== root || !left.includes(basename(path)) });
linkTree(join(root, 'node_modules'), join(copy, 'node_modules'));
rmSync(join(copy, 'node_modules/graphql'), { recursive: true });
linkTree(join(root, 'node_modules/graphql-17'), join(copy, 'node_modules/graphql'));

const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: copy,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

/** A copy that takes no room: of hundreds of megabytes, one package is another. */
function linkTree(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else link(source, target);
  }
}

function link(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // On another disk, as the folder of temporary files may be.
    copyFileSync(source, target);
  }
}
