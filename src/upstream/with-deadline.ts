/** Time for a piece of work. */
import { type Ending, OwnEnding } from './ending.ts';

/**
 * Runs `task`, to be ended after `ms` with the reason `fault()`, or when `parent` ends, with its reason. The task has to
 * give up when it is told to; the timer ends with the task.
 */
export async function withDeadline<Result>(
  ms: number,
  fault: () => Error,
  parent: Ending,
  task: (ending: Ending) => Promise<Result>,
): Promise<Result> {
  if (parent.reason !== undefined) throw parent.reason;
  const ending = new OwnEnding();
  const listener = { handleEvent: () => ending.end(parent.reason) };
  const timer = setTimeout(() => ending.end(fault()), ms);
  parent.add(listener);
  try {
    return await task(ending);
  } finally {
    clearTimeout(timer);
    parent.delete(listener);
  }
}
