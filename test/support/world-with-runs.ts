/** A world in which both providers have a run that is over, for clients to request. */
import { datafoldBody, datafoldPath, olostepBody, olostepPath } from './bodies.ts';
import { createWorld } from './world.ts';

export async function createWorldWithRuns() {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });
  return world;
}

/** What an operation requests, when it selects only the ids of one of these runs. */
export const datafoldIds = { monitorId: '7', runId: '42' };
export const olostepIds = { monitorId: olostepBody.monitor_id, runId: olostepBody.run_id };
