/** `monitorList(tags:)`: only what can be a list of tags reaches Datafold. */
import { expect, it } from 'vitest';
import { createWorld } from '../support/world.ts';

const query = 'query ($tags: [String!]) { monitorList(provider: DATAFOLD, tags: $tags) { totalCount } }';
const page = { body: { count: 0, page: 1, page_size: 20, total_pages: 1, monitors: [] } };
const manyTags = (count: number) => Array.from({ length: count }, (_, index) => `tag-${index}`);

it.each([
  ['a tag of 101 characters', ['x'.repeat(101)], 'Expected `tags` of at most 100 characters each.'],
  ['21 tags', manyTags(21), 'Expected at most 20 `tags`.'],
  ['an empty tag', [''], 'Expected `tags` that are not empty and have no comma.'],
  ['a tag with a comma', ['a,b'], 'Expected `tags` that are not empty and have no comma.'],
  ['a tag with half a surrogate pair', ['a\ud800'], 'Expected `tags` of well-formed Unicode.'],
])('tags: tags are refused before any call: %s', async (_name, tags, message) => {
  const world = await createWorld();
  world.datafold.onAny(page);

  expect((await world.execute(query, { tags })).errors).toMatchObject([
    { message, path: ['monitorList'], extensions: { code: 'BAD_USER_INPUT', provider: 'DATAFOLD' } },
  ]);
  expect(world.datafold.paths).toEqual([]);
});

it('tags: tags may be 20, of 100 characters each', async () => {
  const world = await createWorld();
  world.datafold.onAny(page);
  const tags = manyTags(20).map((tag) => tag.padEnd(100, 'x'));

  expect(await world.execute(query, { tags })).toEqual({ data: { monitorList: { totalCount: 0 } } });
  expect(new URLSearchParams(world.datafold.paths[0]?.split('?')[1]).get('tags')).toBe(tags.join(','));
});
