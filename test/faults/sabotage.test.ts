import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { guards } from './sabotage/guards.ts';

it.each(guards)('knows where to switch off: $name', ({ file, from, tests }) => {
  expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
  // A file that has moved would be no witness.
  const missing = tests.filter((test) => !existsSync(test.endsWith('.ts') ? test : `test/faults/blocks/${test}.ts`));
  expect(missing).toEqual([]);
});
