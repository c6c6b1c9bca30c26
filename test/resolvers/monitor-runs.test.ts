import { expect, it } from 'vitest';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { createWorld } from '../support/world.ts';

it('pagination: answers runs of both providers in one request, in the order of keys', async () => {
  const world = await createWorld();
  world.datafold.on(datafoldPath, { body: datafoldBody });
  world.olostep.on(olostepPath, { body: olostepBody });

  const query = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { __typename id phase } }';
  const answer = await world.execute(query, { keys: [olostepKey, datafoldKey, olostepKey] });

  expect(answer).toEqual({
    data: {
      monitorRuns: [
        { __typename: 'OlostepRun', id: 'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd', phase: 'FINISHED' },
        { __typename: 'DatafoldRun', id: 'DATAFOLD:7:42', phase: 'FINISHED' },
        { __typename: 'OlostepRun', id: 'OLOSTEP:monitor_n8q2x4m1ak:run_k3v9c1p7zd', phase: 'FINISHED' },
      ],
    },
  });
  expect(world.olostep.paths).toEqual([olostepPath]);
});
