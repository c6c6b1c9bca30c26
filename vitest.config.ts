import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Each file of tests loads the dependencies, and many tests start the service: compiled once, they load in half the time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url));

export default defineConfig({
  // graphql has a CommonJS and an ES entry; without the alias tests load both: "another module or realm". The entry that Node.js
  // takes is the right one for graphql 16 and 17.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
  // The machines are shared and noisy: what is slow isn't wrong yet.
  // Two workers on two cores take half the time of one, which is the default there.
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    maxWorkers: 2,
    tags: [{ name: 'fuzz', description: 'A property test with many cases: all of them with `npm run test:fuzz`.' }],
  },
});
