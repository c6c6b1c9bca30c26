import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { guards } from './sabotage/guards.ts';

it.each(guards)('knows where to switch off: $name', ({ file, from }) => {
  expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
});
