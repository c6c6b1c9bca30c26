/** A world in which both providers have a run that is over, for clients to ask for. */
import { datafoldBody, datafoldPath, olostepBody, olostepPath } from './bodies.ts';
import { createWorld } from './world.ts';

export async function createWorldWithRuns() {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });
  return world;
}

/** What an operation asks for, when it asks for one of these runs by its ids alone. */
export const datafoldIds = { monitorId: '7', runId: '42' };
export const olostepIds = { monitorId: olostepBody.monitor_id, runId: olostepBody.run_id };
