import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { guardsOfTheDoor } from './faults/sabotage/guards-of-the-door.ts';
import { guardsOfTheGraph } from './faults/sabotage/guards-of-the-graph.ts';
import { guardsOfTheWayOut } from './faults/sabotage/guards-of-the-way-out.ts';

const guards = [...guardsOfTheGraph, ...guardsOfTheDoor, ...guardsOfTheWayOut];

it.each(guards)('knows where to switch off: $name', ({ file, from }) => {
  expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
});
