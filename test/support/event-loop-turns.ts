/** Counts turns of the event loop while something is done in steps. */
import { onTestFinished, vi } from 'vitest';

/** The clock by which each step takes so many milliseconds: longer than all steps of a turn may, so that each has its own turn. */
const stepMs = 5;

/** Holds the clock, and counts the turns of the event loop until `end` is called, which returns their number. */
export function countTurns(): { readonly end: () => number } {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += stepMs));
  onTestFinished(() => clock.mockRestore());
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  return {
    end() {
      isOver = true;
      return turns;
    },
  };
}
