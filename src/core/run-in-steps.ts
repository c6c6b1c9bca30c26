/**
 * Long work of the processor, done in steps of a few milliseconds; between them the event loop serves other clients. All work that
 * is done so shares a few milliseconds of each turn of the event loop, however much there is, and none of the next turns where a
 * step has taken longer. Owners take turns, so that the work for one doesn't delay that for another.
 */

/** The longest time that all steps of a turn of the event loop take, in milliseconds, but for the last one. */
const turnMs = 4;

/** Behind a step that took too long the work leaves as many turns out as it had the time of, and no more than these. */
const maxTurnsLeftOut = 16;

/** Makes a step. @returns whether it was the last one */
type Work = () => boolean;

/** The work of each owner. The next owner is the first; each has work. */
const queues = new Map<string, Work[]>();

/**
 * Calls `step` until it returns something else than `undefined`, which is the result.
 * @param owner for whom the work is done: the digest of a credential
 * @param step takes a few milliseconds; what it throws rejects
 */
export function runInSteps<Result>(owner: string, step: () => Result | undefined): Promise<Result> {
  return new Promise((resolve, reject) => {
    add(owner, () => {
      try {
        const result = step();
        if (result === undefined) return false;
        resolve(result);
      } catch (error) {
        reject(error);
      }
      return true;
    });
  });
}

function add(owner: string, work: Work): void {
  schedule();
  const queue = queues.get(owner);
  if (queue === undefined) queues.set(owner, [work]);
  else queue.push(work);
}

let turnsLeftOut = 0;
let isScheduled = false;

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(runTurn);
}

function runTurn(): void {
  isScheduled = false;
  if (turnsLeftOut > 0) {
    turnsLeftOut--;
    schedule();
    return;
  }
  const startedAt = performance.now();
  let now = startedAt;
  // What is set again while a Map is iterated comes again, at the end.
  for (const [owner, queue] of queues) {
    queues.delete(owner);
    const work = queue.shift();
    if (work?.() === false) queue.push(work);
    if (queue.length > 0) queues.set(owner, queue);
    now = performance.now();
    if (now >= startedAt + turnMs) break;
  }
  turnsLeftOut = Math.min(Math.floor((now - startedAt) / turnMs) - 1, maxTurnsLeftOut);
  if (queues.size > 0) schedule();
}
