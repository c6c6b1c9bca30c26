/**
 * The service as one file, for production: `dist/main.mjs`. It starts in less than half the time, as hundreds of files needn't
 * be found and read. What is rarely used stays outside, and is loaded on first use.
 */
import { cpSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  // Nine megabytes for a page that a backend never asks for, lines of the log that nobody collects, and a store that most
  // don't have.
  external: ['@graphql-yoga/render-graphiql', 'pino-pretty', 'ioredis'],
  // CommonJS packages in it ask for modules of Node.js by `require`, which an ES module lacks.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

// Read when it starts, from beside it.
cpSync('src/operations', 'dist/operations', { recursive: true });
cpSync('src/generated/persisted-documents.json', 'dist/generated/persisted-documents.json');
