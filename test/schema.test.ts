import { getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { expect, it } from 'vitest';
import { createWorld } from './world.ts';

it('describes everything that it shows', async () => {
  const world = await createWorld();
  const query = getIntrospectionQuery({ schemaDescription: true, inputValueDeprecation: true });

  const { __schema: schema } = (await world.ask(query)).data as IntrospectionQuery;

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

it('finds the type of each member of an interface', async () => {
  const world = await createWorld();

  const answer = await world.ask(`{
    node: __type(name: "Node") { possibleTypes { name } }
    run: __type(name: "MonitorRun") { possibleTypes { name } interfaces { name } }
  }`);

  const possibleTypes = [{ name: 'DatafoldRun' }, { name: 'OlostepRun' }];
  expect(answer.data).toEqual({ node: { possibleTypes }, run: { possibleTypes, interfaces: [{ name: 'Node' }] } });
});
