import { beforeEach, describe, expect, it } from 'vitest';
import { holdDate } from './clock.ts';
import { now } from './feed-far-ends.ts';
import { createFeedWorld, selection } from './run-feed-world.ts';

beforeEach(() => holdDate(now));

describe('Several run feeds of an operation', () => {
  it('each deliver all runs, though one of them leaves no calls for the other', async () => {
    const ids = [1, 2, 3, 4, 5];
    const runs = (toId: (id: number) => string) =>
      Object.fromEntries(ids.map((id) => [toId(id), ['07:50 queued', '07:40']]));
    const world = await createFeedWorld(
      { limits: { maxFeedCalls: 4 } },
      { datafold: runs(String), olostep: runs((id) => `monitor_${id}`) },
    );
    // None says when it ran last.
    const olostepMonitors = ids.map((id) => ({ id: `monitor_${id}` }));
    world.olostep.on('/v1/monitors', { body: { monitors: olostepMonitors, count: ids.length } });
    const query = `query ($a: String, $b: String) {
      a: runs(providers: [DATAFOLD] first: 20 after: $a) { ${selection} }
      b: runs(providers: [OLOSTEP] first: 20 after: $b) { ${selection} }
    }`;
    const found = { a: 0, b: 0 };
    const after: { a?: string; b?: string } = {};
    let hasNextPage = true;
    for (let pages = 0; hasNextPage && pages < 60; pages++) {
      const { data } = await world.ask(query, after);
      for (const name of ['a', 'b'] as const) {
        expect(data[name].gaps).toEqual([]);
        found[name] += data[name].nodes.length;
        after[name] = data[name].pageInfo.endCursor ?? after[name];
      }
      hasNextPage = data.a.pageInfo.hasNextPage || data.b.pageInfo.hasNextPage;
    }

    expect({ hasNextPage, found }).toEqual({ hasNextPage: false, found: { a: 10, b: 10 } });
  });
});
