import { makeExecutableSchema } from '@graphql-tools/schema';
import { assertValidSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { expect, it } from 'vitest';
import { sdl } from '../../src/generated/sdl.ts';
import { createWorld } from '../support/world.ts';

it('schema: is valid, which no start checks again', () => {
  const make = (typeDefs: readonly string[]) => makeExecutableSchema({ typeDefs: [...typeDefs] });

  expect(() => assertValidSchema(make(sdl))).not.toThrow();
  expect(() => make([...sdl, 'type Query { datafoldRun: NoSuchType }'])).toThrow('NoSuchType');
});

it('schema: describes everything that it shows', async () => {
  const world = await createWorld();
  const query = getIntrospectionQuery({ schemaDescription: true, inputValueDeprecation: true });

  const { __schema: schema } = (await world.execute(query)).data as IntrospectionQuery;

  const types = schema.types.filter(({ name }) => !name.startsWith('__'));
  expect(types.map(({ name }) => name)).toContain('MonitorRun');
  expect(undescribed(types)).toEqual([]);
  expect(schema.description).toBeTruthy();
});

/** The names of what has no description, in a part of the introspection. */
function undescribed(part: unknown): unknown[] {
  if (typeof part !== 'object' || part === null) return [];
  const own = 'description' in part && 'name' in part && !part.description ? [part.name] : [];
  return [...own, ...Object.values(part).flatMap(undescribed)];
}

it('schema: finds the type of each member of an interface', async () => {
  const world = await createWorld();

  const answer = await world.execute(`{
    node: __type(name: "Node") { possibleTypes { name } }
    run: __type(name: "MonitorRun") { possibleTypes { name } interfaces { name } }
    monitor: __type(name: "Monitor") { possibleTypes { name } interfaces { name } }
  }`);

  const runs = [{ name: 'DatafoldRun' }, { name: 'OlostepRun' }];
  const monitors = [{ name: 'DatafoldMonitor' }, { name: 'OlostepMonitor' }];
  const interfaces = [{ name: 'Node' }];
  expect(answer.data).toEqual({
    node: { possibleTypes: expect.arrayContaining([...runs, ...monitors]) },
    run: { possibleTypes: runs, interfaces },
    monitor: { possibleTypes: monitors, interfaces },
  });
  // The data diff is the fifth.
  expect(answer.data.node.possibleTypes).toHaveLength(5);
});
