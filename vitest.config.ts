import { defineConfig } from 'vitest/config';

export default defineConfig({
  // graphql 16 has a CommonJS and an ES entry; without the alias tests load both: "another module or realm".
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  // The machines are shared and noisy: what is slow isn't wrong yet.
  // Two workers on two cores take half the time of one, which is the default there.
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, maxWorkers: 2 },
});
