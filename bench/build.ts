/** Makes what a run needs. */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { build as bundle } from 'esbuild';
import { bench, binary, built, root } from './paths.ts';
import { upstreamUrl } from './upstream/upstream.ts';

export async function build(): Promise<void> {
  mkdirSync(built(''), { recursive: true });
  const options: ExecFileSyncOptions = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] };
  if (!existsSync(`${bench}node_modules`)) execFileSync('npm', ['ci', '--prefix', bench], options);
  execFileSync('npm', ['run', 'build'], options);
  // As plain JavaScript, since ours starts as that too.
  await bundle({
    entryPoints: ['bare', 'rest', 'rest-dispatch', 'yoga', 'apollo', 'mercurius'].map(
      (name) => `${bench}contenders/${name}.ts`,
    ),
    outdir: built('contenders/'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const env = { ...process.env, UPSTREAM_URL: upstreamUrl };
  execFileSync(process.execPath, [`${bench}contenders/hive-supergraph.ts`], { ...options, env });
  for (const source of ['upstream/upstream.c', 'measure/cputime.c']) {
    const name = source.replace(/^.*\/|\.c$/g, '');
    execFileSync('gcc', ['-O2', '-Wall', '-Wextra', `${bench}${source}`, '-o', binary(name)], options);
  }
}
