/**
 * The recipes of docs/library.md that need packages which the project doesn't have: `npm run test:recipes` installs them, beside the
 * packed package. Those that need none are in `package.test.ts`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePort } from '../support/free-port.ts';
import { startService } from '../support/process.ts';
import { installProject, type Published, publish, typeCheck } from '../support/published.ts';
import { allAnswers, readRecipe, requestGraph, untilListening } from '../support/recipes.ts';

vi.setConfig({ hookTimeout: 300_000, testTimeout: 300_000 });

describe.runIf(process.env.RECIPES === 'all')('A recipe of docs/library.md', () => {
  let published: Published;
  beforeAll(() => {
    published = publish({});
  });
  afterAll(() => published.remove());

  const graphql = 'graphql@16.15.0';

  it.each([
    ['Express 4 and 5', ['express@4']],
    ['Express 4 and 5', ['express@5']],
    ['Hono', ['hono', '@hono/node-server']],
    ['h3 and Nitro', ['h3@2.0.8']],
  ])('%s answers with %s', async (heading, packages) => {
    const { code, origin } = await readRecipe(heading);
    const project = installProject(published, [graphql, ...packages], { 'server.ts': code });
    const { ended } = startService({}, [], join(project, 'server.ts'));
    await untilListening(origin, ended);

    expect(await requestGraph(`${origin}/graph`)).toEqual(allAnswers);
  });

  it.each(['4', '5'])('Express compiles with the types of version %s, in strict mode', async (major) => {
    const { code } = await readRecipe('Express 4 and 5');
    const packages = [graphql, `express@${major}`, `@types/express@${major}`, '@types/node@24'];
    const project = installProject(published, packages, { 'server.ts': code });

    expect(typeCheck(project, { module: 'nodenext', types: ['node'], skipLibCheck: true })).toBe('');
  });

  it.each([
    ['16, Yoga and Apollo Client', ['graphql@16.15.0', 'graphql-yoga', '@apollo/client', 'rxjs']],
    ['16 and Apollo Server', ['graphql@16.15.0', '@apollo/server']],
    ['17, Yoga and Apollo Client', ['graphql@17.1.0', 'graphql-yoga', '@apollo/client', 'rxjs']],
  ])('node:http answers beside graphql %s', async (_beside, packages) => {
    const { code, origin } = await readRecipe('node:http');
    const names = packages.slice(1).filter((name) => name !== 'rxjs');
    const imports = names.map((name) => `import '${name === '@apollo/client' ? '@apollo/client/core' : name}';\n`);
    const project = installProject(published, packages, { 'server.ts': `${imports.join('')}${code}` });
    const { ended } = startService({}, [], join(project, 'server.ts'));
    await untilListening(origin, ended);

    expect(await requestGraph(`${origin}/graph`)).toEqual(allAnswers);
  });

  it.each([
    [
      'rollup',
      ['rollup@4.68.8', '@rollup/plugin-node-resolve', '@rollup/plugin-commonjs', '@rollup/plugin-json'],
      rollupConfig(),
    ],
    ['Vite', ['vite@8.4.0'], viteConfig()],
  ])('node:http is bundled by %s', async (name, packages, [file = '', config = '', ...command]) => {
    const { code, origin } = await readRecipe('node:http');
    const server = code.replaceAll(/ as [A-Z]\w*/g, '');
    const project = installProject(published, [graphql, ...packages], { 'server.js': server, [file]: config });

    const built = run(project, command);

    expect(built.status, built.stderr).toBe(0);
    const { ended } = startService({}, [], join(project, 'out/server.mjs'));
    await untilListening(origin, ended);
    expect(await requestGraph(`${origin}/graph`), name).toEqual(allAnswers);
  });

  it.each(['--turbopack', '--webpack'])('Next.js answers, built by %s', async (bundler) => {
    const { code } = await readRecipe('Next.js');
    const project = installProject(published, [graphql, 'next@16.4.6', 'react', 'react-dom'], {
      'app/graph/route.js': code.replaceAll('(request: Request)', '(request)'),
      'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;',
      'app/page.js': 'export default () => <p>the rest of your site</p>;',
    });
    const port = String(await findFreePort());

    const built = run(project, ['next/dist/bin/next', 'build', bundler]);

    expect(built.status, built.stderr).toBe(0);
    const next = join(project, 'node_modules/next/dist/bin/next');
    const { ended } = startService({ NODE_ENV: 'production' }, ['start', project, '--port', port], next);
    await untilListening(`http://127.0.0.1:${port}`, ended);
    expect(await requestGraph(`http://127.0.0.1:${port}/graph`)).toEqual(allAnswers);
  });

  it('SvelteKit answers', async () => {
    const { code } = await readRecipe('SvelteKit');
    const packages = [
      '@sveltejs/kit@3.2.0',
      '@sveltejs/adapter-node',
      '@sveltejs/vite-plugin-svelte',
      'svelte',
      'vite',
    ];
    const project = installProject(published, [graphql, ...packages], {
      'src/routes/graph/+server.ts': code,
      'src/app.html':
        '<!doctype html><html lang="en"><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>',
      'vite.config.js': `import adapter from '@sveltejs/adapter-node';
        import { sveltekit } from '@sveltejs/kit/vite';
        export default { plugins: [sveltekit({ adapter: adapter() })] };`,
    });
    const port = String(await findFreePort());

    const built = run(project, ['vite/bin/vite.js', 'build']);

    expect(built.status, built.stderr).toBe(0);
    const { ended } = startService({ PORT: port, HOST: '127.0.0.1' }, [], join(project, 'build/index.js'));
    await untilListening(`http://127.0.0.1:${port}`, ended);
    expect(await requestGraph(`http://127.0.0.1:${port}/graph`)).toEqual(allAnswers);
  });
});

/** Runs a program of the project's packages. */
const run = (cwd: string, [program = '', ...args]: readonly string[]) =>
  spawnSync(process.execPath, [join(cwd, 'node_modules', program), ...args], { cwd, encoding: 'utf8' });

function rollupConfig(): string[] {
  const config = `import resolve from '@rollup/plugin-node-resolve';
    import commonjs from '@rollup/plugin-commonjs';
    import json from '@rollup/plugin-json';
    export default {
      input: 'server.js',
      output: { file: 'out/server.mjs', format: 'es', inlineDynamicImports: true },
      plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()],
    };`;
  return ['rollup.config.mjs', config, 'rollup/dist/bin/rollup', '--config', 'rollup.config.mjs'];
}

function viteConfig(): string[] {
  const config = `export default {
      ssr: { noExternal: true, target: 'node' },
      build: { ssr: 'server.js', outDir: 'out', rollupOptions: { output: { entryFileNames: 'server.mjs' } } },
    };`;
  return ['vite.config.mjs', config, 'vite/bin/vite.js', 'build'];
}
