/** Rows of Olostep's events page, as the types of Olostep's clients let them be. */
import { expect, it } from 'vitest';
import { anySnapshot, olostepKey } from '../support/bodies.ts';
import { type Answer, createListingWorld } from '../support/world.ts';

const { monitorId } = olostepKey;

/** A page of the monitor's runs, of which Olostep has this page. */
async function readRuns(page: object, args = ''): Promise<Answer> {
  const world = await createListingWorld();
  world.olostep.onAny({ body: page });
  world.olostep.on(`/v1/monitors/${monitorId}?include_total_count=false`, { body: { id: monitorId } });
  return world.execute(`{
    monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) {
      runs${args} { totalCount nodes { runId ... on OlostepRun { changed summary snapshotUrl snapshotAt } } }
    }
  }`);
}

it('Olostep events page: may not be counted', async () => {
  for (const total_count of [null, undefined]) {
    const { data, errors } = await readRuns({ data: [anySnapshot('run_0', 1763625609)], has_more: false, total_count });

    expect(errors).toBeUndefined();
    expect(data.monitor.runs).toMatchObject({ totalCount: null, nodes: [{ runId: 'run_0' }] });
  }
});

it('Olostep events page: may say nothing but which run they are of', async () => {
  const nothing = { created: null, changed: null, summary: null, snapshot_url: null };

  const { data, errors } = await readRuns({
    data: [
      { id: 'run_0', run_id: null, ...nothing },
      { id: 'event_1', run_id: 'run_1', ...nothing, ran_at: null },
    ],
    has_more: false,
  });

  expect(errors).toBeUndefined();
  expect(data.monitor.runs.nodes).toEqual(
    ['run_0', 'run_1'].map((runId) => ({ runId, changed: null, summary: null, snapshotUrl: null, snapshotAt: null })),
  );
});
