/** The package as it is published, and projects that have installed it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

const root = process.cwd();

export interface Published {
  /** The tarball. */
  readonly tarball: string;
  /** The folder of what was in it. */
  readonly folder: string;
  readonly manifest: {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  remove(): void;
}

/** Packs a copy of this folder that also holds `files`, by their names. Builds it first, as `prepack` says. */
export function publish(files: Readonly<Record<string, string>>): Published {
  const place = mkdtempSync(join(tmpdir(), 'published-'));
  const copy = join(place, 'copy');
  const left = ['.git', 'bench', 'coverage', 'dist', 'node_modules'];
  cpSync(root, copy, { recursive: true, filter: (path) => dirname(path) !== root || !left.includes(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFiles(copy, files);
  execFileSync('npm', ['pack', '--pack-destination', place], { cwd: copy, stdio: 'pipe' });

  const folder = join(place, 'package');
  const [tarball = ''] = globSync('*.tgz', { cwd: place });
  execFileSync('tar', ['-xzf', join(place, tarball), '-C', place]);
  return {
    tarball: join(place, tarball),
    folder,
    manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
    remove: () => rmSync(place, { recursive: true }),
  };
}

/** Makes a project of these files for the test that calls it, with the package and only these others installed. */
export function createProject(
  published: Published,
  packages: readonly string[],
  files: Readonly<Record<string, string>>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'project-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of packages) {
    const place = join(folder, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), place);
  }
  cpSync(published.folder, join(folder, 'node_modules/monitor-graph'), { recursive: true });
  writeFiles(folder, { 'package.json': '{ "type": "module" }', ...files });
  return folder;
}

/** Makes a project as a reader does: by `npm install` of the tarball, and of these packages with their versions. */
export function installProject(
  published: Published,
  packages: readonly string[],
  files: Readonly<Record<string, string>>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'project-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFiles(folder, { 'package.json': '{ "type": "module", "private": true }', ...files });
  const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags, published.tarball, ...packages], { cwd: folder, stdio: 'pipe' });
  return folder;
}

/** What the compiler says against a project's files, those of the packages included; empty when all is well. */
export function typeCheck(project: string, options: Readonly<Record<string, unknown>>): string {
  const compilerOptions = { strict: true, noEmit: true, target: 'es2022', types: [], ...options };
  writeFiles(project, { 'tsconfig.json': JSON.stringify({ compilerOptions }) });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc], { cwd: project, encoding: 'utf8' }).stdout;
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
