import { defineConfig } from 'vitest/config';

export default defineConfig({
  // graphql 16 has a CommonJS and an ES entry; without the alias tests load both: "another module or realm".
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: { include: ['test/**/*.test.ts'] },
});
