/**
 * The service for production, without any package beside it. `dist/main.mjs` is what is started: a few lines that listen for signals,
 * and load the rest. That is `dist/service.mjs`, one file: it starts in less than half the time, as hundreds of files needn't be
 * found and read. What is rarely used is in a separate file, which is loaded on first use.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { pageFiles, renderPage } from '../../src/server/graphiql.ts';

const outdir = 'dist';

/** Packages that most services never load, and what is used of each. */
const rarePackages = {
  ioredis: 'AbstractConnector, Redis',
  'pino-pretty': 'prettyFactory',
  'prom-client': 'Counter, Gauge, Histogram, Registry',
} as const;

/** Modules of Node.js by `require`: to import one looks at all that it has, and `node:http` has a whole other HTTP client. */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup({ onResolve, onLoad }) {
    const namespace = 'builtin';
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path, namespace },
    );
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: `module.exports = require('${path}');` }));
  },
};

/** Of undici what `upstream/` uses: all of it is twice as much, and runs when it is loaded. */
const partsOfUndici: Plugin = {
  name: 'parts-of-undici',
  setup({ onResolve, onLoad }) {
    const namespace = 'undici';
    onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /.*/, namespace }, () => ({
      contents: `
        exports.Client = require('undici/lib/dispatcher/client.js');
        exports.buildConnector = require('undici/lib/core/connect.js');`,
      resolveDir: process.cwd(),
    }));
  },
};

/** What is to be loaded once signals are listened for. */
const serviceBesides: Plugin = {
  name: 'service-besides',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/service\/start-service\.ts$/ }, () => ({ path: './service.mjs', external: true }));
  },
};

/** The SDK of OpenTelemetry, which is several packages: they share one file. */
const telemetrySdk = 'open-telemetry-sdk';

const telemetryBesides: Plugin = {
  name: 'telemetry-besides',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`/${telemetrySdk}\\.ts$`) }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${telemetrySdk}.mjs`, external: true },
    );
  },
};

/** The packages that are in separate files. */
const packagesBesides: Plugin = {
  name: 'packages-besides',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(rarePackages).join('|')})$`) }, ({ path }) => ({
      path: `./${path}.mjs`,
      external: true,
    }));
  },
};

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  // GraphQL and others as ES modules where they have such, of which only what is used is taken. Of a CommonJS module each file
  // that imports it gets an object with getters for all that it exports: 21,000 of them for GraphQL's.
  mainFields: ['module', 'main'],
  // Beside the text, which a name in one of them would turn into one of two bytes a sign.
  legalComments: 'linked',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
};

/** An ES module lacks `require`. */
const withRequire: BuildOptions = {
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
};

await build({ ...common, entryPoints: ['src/main.ts'], outfile: join(outdir, 'main.mjs'), plugins: [serviceBesides] });
await build({
  ...common,
  ...withRequire,
  entryPoints: ['src/service/start-service.ts'],
  outfile: join(outdir, 'service.mjs'),
  // Its page is rendered below.
  external: ['@graphql-yoga/render-graphiql'],
  plugins: [requireBuiltins, partsOfUndici, packagesBesides, telemetryBesides],
});
for (const [name, names] of Object.entries(rarePackages)) {
  await build({
    ...common,
    ...withRequire,
    stdin: { contents: `export { ${names} } from '${name}';`, resolveDir: process.cwd() },
    outfile: join(outdir, `${name}.mjs`),
    plugins: [requireBuiltins],
  });
}

await build({
  ...common,
  ...withRequire,
  entryPoints: [`src/service/${telemetrySdk}.ts`],
  outfile: join(outdir, `${telemetrySdk}.mjs`),
  plugins: [requireBuiltins],
});

const { packed, policy } = await renderPage(exampleOperations);
writeFileSync(join(outdir, pageFiles.page), packed);
writeFileSync(join(outdir, pageFiles.policy), policy);
