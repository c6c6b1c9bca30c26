import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain, type Need, needOf, planFetches, type Want } from '../../src/loaders/planner.ts';

const listed = { fields: new Set(['state', 'changed']), only: new Set(['changed']) };

describe('fetch planner: what is needed of a run', () => {
  it.each<[selected: string[], need: Need]>([
    [[], 'light'],
    [['id', 'provider', 'monitorId', 'runId', 'readAt', 'isStale', 'monitor', 'runs'], 'light'],
    [['id', 'state'], 'light'],
    [['error'], 'full'],
    [['state', 'error'], 'full'],
    [['changed'], 'row'],
    [['id', 'state', 'changed'], 'row'],
    [['changed', 'error'], 'both'],
  ])('with %j selected is: %s', (selected, need) => {
    expect(needOf(new Set(selected), listed)).toBe(need);
  });
});

const light = (list: string): Want => ({ list, need: 'light' });
const full = (list: string): Want => ({ list, need: 'full' });

describe('fetch planner: the plan of fetches', () => {
  it.each<[what: string, wants: Want[], listFetchThreshold: number | undefined, singly: number, lists: string[]]>([
    ['nothing', [], 3, 0, []],
    ['two light runs of a list', [light('a'), light('a')], 3, 2, []],
    ['three light runs of a list', [light('a'), light('a'), light('a')], 3, 0, ['a']],
    ['three light runs of three lists', [light('a'), light('b'), light('c')], 3, 3, []],
    ['three full runs of a list', [full('a'), full('a'), full('a')], 3, 3, []],
    ['two light ones and a full one', [light('a'), full('a'), light('a')], 3, 3, []],
    ['three light ones and a full one', [light('a'), full('a'), light('a'), light('a')], 3, 1, ['a']],
    ['three of one list and one of another', [light('a'), light('b'), light('a'), light('a')], 3, 1, ['a']],
    ['many, where lists are never read first', [light('a'), light('a'), light('a')], undefined, 3, []],
  ])('for %s', (_what, wants, listFetchThreshold, singly, lists) => {
    const plan = planFetches(wants, listFetchThreshold);

    expect(plan.singly).toHaveLength(singly);
    expect([...plan.listed.keys()]).toEqual(lists);
  });

  it('leaves nothing out and nothing twice, and its words add up', () => {
    const wants = fc.array(
      fc.record({ list: fc.constantFrom('a', 'b', 'c'), need: fc.constantFrom<Need>('light', 'full') }),
    );
    fc.assert(
      fc.property(wants, fc.integer({ min: 1, max: 5 }), (all, listFetchThreshold) => {
        const plan = planFetches(all, listFetchThreshold);
        const steps = explain(plan);

        expect(new Set([...plan.singly, ...[...plan.listed.values()].flat()])).toEqual(new Set(all));
        expect(plan.singly.length + [...plan.listed.values()].flat().length).toBe(all.length);
        expect(steps.reduce((sum, { count }) => sum + count, 0)).toBe(all.length);
        // A list is read only where it is fewer calls.
        if (listFetchThreshold > 1)
          for (const { source, count, calls } of steps) if (source === 'LIST') expect(calls).toBeLessThan(count);
      }),
    );
  });
});
