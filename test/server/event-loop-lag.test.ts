/** How late the event loop is, wherever in a second it is held up. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createEventLoopLag } from '../../src/server/load-shedding.ts';

it.each([10, 990])(
  'event loop lag: notices what holds it up for 600 ms, %d ms into a second',
  { timeout: 60_000 },
  async (start) => {
    const delay = createEventLoopLag();
    onTestFinished(delay.close);
    await wait(start);

    const end = performance.now() + 600;
    while (performance.now() < end);

    await expect.poll(delay.ms, { timeout: 20_000, interval: 10 }).toBeGreaterThan(400);
    await expect.poll(delay.ms, { timeout: 20_000, interval: 10 }).toBeLessThan(200);
  },
);
