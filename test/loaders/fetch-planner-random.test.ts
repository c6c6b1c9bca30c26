import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { createMemoryCache } from '../../src/run-cache/run-cache.ts';
import { anyDatafoldRun } from '../support/bodies.ts';
import { serveDatafold } from '../support/datafold-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { createListingWorld, createWorld } from '../support/world.ts';

const states = ['ok', 'alert', 'error', 'learning', 'checking', 'created', 'skipped', 'new'];

/** The runs 1 to 40 of monitor 7, of which Datafold's list doesn't have the last ten. */
const runs = Array.from({ length: 40 }, (_, place) => {
  const runId = place + 1;
  const { body, path } = anyDatafoldRun(runId);
  const state = states[runId % states.length];
  const messages = runId % 3 === 0 ? { error: `Failed ${runId}.`, warnings: [] } : { warnings: [`Slow ${runId}.`] };
  return { path, isListed: runId <= 30, body: { ...body, state, error: null, ...messages } };
});

function serve(far: FakeUpstream): void {
  const listed = runs.filter(({ isListed }) => isListed).map(({ body }) => body);
  serveDatafold(far, { runsOf: (monitorId) => (monitorId === '7' ? listed.toReversed() : undefined), cap: 20 });
  for (const { path, isListed, body } of runs) if (!isListed) far.on(path, { body });
}

const light = ['id', 'phase', 'outcome', 'startedAt', 'state', 'rawState', 'diffId', 'isStale'];
const heavy = ['error', 'warnings'];

/** Some runs of which some fields are selected; run 41 and monitor 8 there are none of. */
const selection = fc.record({
  ids: fc.uniqueArray(fc.integer({ min: 1, max: 41 }), { minLength: 1, maxLength: 12 }),
  monitorId: fc.constantFrom('7', '7', '7', '8'),
  fields: fc.uniqueArray(fc.constantFrom(...light, ...light, ...heavy), { minLength: 1 }),
  isById: fc.boolean(),
});

const operation = fc.array(selection, { minLength: 1, maxLength: 4 }).map((selections) => {
  const fields = selections.map(({ ids, monitorId, fields, isById }, place) => {
    const keys = ids.map((id) =>
      isById ? `"DATAFOLD:${monitorId}:${id}"` : `{ provider: DATAFOLD, monitorId: ${monitorId}, runId: ${id} }`,
    );
    const field = isById ? `nodes(ids: [${keys}])` : `monitorRuns(keys: [${keys}])`;
    return `a${place}: ${field} { ... on DatafoldRun { ${fields.join(' ')} } }`;
  });
  return `{ ${fields.join('\n')} }`;
});

it(
  'fetch planner: Whatever is selected, the answers are those of a gateway that fetches every run separately, and cost no more calls',
  fuzz,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 4 }), async (operations) => {
        // Lists first, run cache and coalescing on, as by default; and all of that off.
        const sparing = await createListingWorld({ runCache: createMemoryCache(defaultLimits), coalesceCalls: true });
        const plain = await createWorld();
        serve(sparing.datafold);
        serve(plain.datafold);

        for (const text of operations) expect(await sparing.execute(text)).toEqual(await plain.execute(text));

        // A page of a list may turn out to have none of the runs, and 30 runs are two pages.
        const isList = (path: string) => path.includes('?');
        const [lists, singles] = [
          sparing.datafold.paths.filter(isList),
          sparing.datafold.paths.filter((path) => !isList(path)),
        ];
        expect(singles.length).toBeLessThanOrEqual(plain.datafold.paths.length);
        expect(lists.length).toBeLessThanOrEqual(4 * operations.length);
      }),
      { numRuns: casesOf(100, 10), seed: 20261122 },
    );
  },
);
