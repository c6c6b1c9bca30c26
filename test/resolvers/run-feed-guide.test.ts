import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { holdDate } from '../support/clock.ts';
import { now as nowText } from '../support/feed-upstreams.ts';
import { createFleet, hourMs, serveDatafoldFleet, toExpectedIds } from '../support/run-fleet.ts';
import { createListingWorld } from '../support/world.ts';

beforeEach(() => holdDate(nowText));

const guide = readFileSync('docs/run-feed.md', 'utf8');
const now = Date.parse(nowText);
const window = { since: new Date(now - 24 * hourMs).toISOString(), until: nowText };
const down = { status: 503, body: { detail: 'Down for a moment' } };

interface Reading {
  readonly runs: readonly { readonly id: string; readonly outcome: string }[];
  readonly isComplete: boolean;
}
type ReadRuns = (
  url: string,
  window: object,
  options?: { readonly maxRetries?: number; readonly pause?: () => Promise<void> },
) => Promise<Reading>;

/** The guide's client, as it is pasted into a file. */
async function loadExample(): Promise<ReadRuns> {
  const [, text] = /^```js\n(.*?)^```$/ms.exec(guide) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'run-feed-guide-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'example.mjs');
  writeFileSync(file, text ?? '');
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)).readRuns;
}

describe("The client of the run feed's guide", () => {
  const fleet = createFleet({ count: 60, now, runs: 8 });
  const expected = toExpectedIds({ DATAFOLD: fleet }, now - 24 * hourMs);

  async function createFleetWorld(runFeedMaxCalls: number = defaultLimits.runFeedMaxCalls) {
    const world = await createListingWorld({ limits: { maxAttempts: 1, runFeedMaxCalls } });
    serveDatafoldFleet(world.datafold, fleet);
    world.olostep.on('/v1/monitors', { body: { monitors: [], count: 0 } });
    return world;
  }

  it('reads all runs of a window, though pages are short or empty', async () => {
    const { url } = await createFleetWorld(12);
    const { runs, isComplete } = await (await loadExample())(url, window);

    expect({ ids: runs.map(({ id }) => id), isComplete }).toEqual({ ids: expected, isComplete: true });
  });

  it('requests a page with a gap again, and has all runs once the provider is well', async () => {
    const { url, datafold } = await createFleetWorld();
    const path = '/api/v1/monitors/7/runs?page=1&page_size=100';
    datafold.on(path, down);
    let pauses = 0;
    const pause = async () => {
      pauses++;
      const runs = fleet[6]?.runs.map(({ id, time, state }) => ({
        ...{ run_id: id, monitor_id: 7, state, started_at: new Date(Number(time)).toISOString() },
      }));
      datafold.on(path, { body: { count: 8, page: 1, page_size: 100, total_pages: 1, runs } });
    };
    const { runs, isComplete } = await (await loadExample())(url, window, { pause });

    expect({ ids: runs.map(({ id }) => id), isComplete, pauses }).toEqual({
      ...{ ids: expected, isComplete: true, pauses: 1 },
    });
  });

  it('says that runs are missing, where retries are of no help', async () => {
    const { url, datafold } = await createFleetWorld();
    datafold.on('/api/v1/monitors/7/runs?page=1&page_size=100', down);
    const { runs, isComplete } = await (await loadExample())(url, window, { pause: async () => {} });

    expect({ ids: runs.map(({ id }) => id), isComplete }).toEqual({
      ...{ ids: expected.filter((id) => !id.startsWith('DATAFOLD:7:')), isComplete: false },
    });
  });
});

it("The run feed's guide names each limit with its default", () => {
  const rows = [...guide.matchAll(/^\| `([A-Z_]+)` \| ([\d,]+) \|/gm)];
  const names = Object.keys(defaultLimits) as (keyof typeof defaultLimits)[];
  const toVariable = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

  expect(rows).toHaveLength(6);
  for (const [, variable, value] of rows) {
    const name = names.find((one) => toVariable(one) === variable);
    expect(name && defaultLimits[name]).toBe(Number(value?.replaceAll(',', '')));
  }
});
