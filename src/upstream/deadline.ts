/**
 * Runs `task` with a signal that aborts after `ms`, with `fault()` as its reason, or when `parent` aborts, with its
 * reason. The task has to give up when its signal says so; the timer ends with the task.
 */
export async function withDeadline<Result>(
  ms: number,
  fault: () => Error,
  parent: AbortSignal,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (parent.aborted) throw parent.reason;
  const controller = new AbortController();
  const leave = () => controller.abort(parent.reason);
  const timer = setTimeout(() => controller.abort(fault()), ms);
  parent.addEventListener('abort', leave);
  try {
    return await task(controller.signal);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', leave);
  }
}
