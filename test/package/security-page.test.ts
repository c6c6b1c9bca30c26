import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('backs each line of the hardening page with a test that there is', () => {
  const page = readFileSync('SECURITY.md', 'utf8');
  const tests = globSync('test/**/*.test.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

  const names = [...page.slice(page.indexOf('| set, or rely on')).matchAll(/^\|.*\| `(.+)` \|$/gm)].map(
    ([, name]) => name,
  );

  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name = '') => !tests.includes(name))).toEqual([]);
});
