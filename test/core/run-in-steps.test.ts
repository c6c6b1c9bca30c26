import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runInSteps } from '../../src/core/run-in-steps.ts';
import { holdClock } from '../support/clock.ts';

/** Work of so many steps, each of which takes so many milliseconds, and is noted. */
function createWork() {
  const clock = holdClock();
  const steps: string[] = [];
  const work = (owner: string, name: string, count: number, ms: number) => {
    let left = count;
    return runInSteps(owner, () => {
      steps.push(name);
      void clock.pass(ms);
      return --left === 0 ? name : undefined;
    });
  };
  return { steps, work };
}

describe('Work in steps', () => {
  it('takes 4 ms of a turn of the event loop, and its last step', async () => {
    const { steps, work } = createWork();
    const done = work('owner', 'a', 5, 3);
    const counts: number[] = [];
    for (let n = 0; n < 3; n++) {
      await turn();
      counts.push(steps.length);
    }

    expect(await done).toBe('a');
    expect(counts).toEqual([2, 4, 5]);
  });

  it('leaves turns out behind a step that took too long, for as long as that', async () => {
    const { steps, work } = createWork();
    const done = work('owner', 'a', 2, 20);
    const counts: number[] = [];
    for (let n = 0; n < 6; n++) {
      await turn();
      counts.push(steps.length);
    }

    expect(await done).toBe('a');
    expect(counts).toEqual([1, 1, 1, 1, 1, 2]);
  });

  it('is done for its owners in turns, however much one of them has', async () => {
    const { steps, work } = createWork();
    const many = [1, 2, 3].map((n) => work('one', `one ${n}`, 2, 5));
    const few = work('other', 'other', 2, 5);

    expect(await Promise.all([...many, few])).toEqual(['one 1', 'one 2', 'one 3', 'other']);
    expect(steps.slice(0, 4)).toEqual(['one 1', 'other', 'one 2', 'other']);
  });

  it('rejects with what a step throws, and other work goes on', async () => {
    const { work } = createWork();
    const bug = new Error('a bug');
    const broken = runInSteps('owner', () => {
      throw bug;
    });
    const other = work('owner', 'a', 2, 5);

    await expect(broken).rejects.toBe(bug);
    expect(await other).toBe('a');
  });
});
