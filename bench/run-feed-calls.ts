/**
 * How many upstream calls the run feed takes, by the size of the fleet: `npm run bench:run-feed` prints the table of
 * `docs/run-feed.md`. Both the upstream and the gateway run in this process, and speak HTTP over loopback. Calls are counted, no
 * time is measured, so the machine doesn't matter.
 */
import { strictEqual } from 'node:assert';
import { createGateway } from '../src/gateway/create-gateway.ts';
import { startFakeUpstream } from '../test/support/fake-upstream.ts';
import {
  createFleet,
  type FleetMonitor,
  failsOfTwenty,
  hourMs,
  serveDatafoldFleet,
  toExpectedIds,
} from '../test/support/run-fleet.ts';

const sizes = [10, 50, 100, 200, 500];
const windows = { '24 h': 24 * hourMs, '7 d': 7 * 24 * hourMs };
/** Two days more than the longest window. */
const runsPerMonitor = 4 * 9;

const query = `query ($since: DateTime, $outcomes: [RunOutcome!], $first: Int, $after: String) {
  runs(since: $since, outcomes: $outcomes, first: $first, after: $after) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
    isComplete
  }
}`;

interface Reading {
  readonly fleet: readonly FleetMonitor[];
  readonly windowMs: number;
  readonly first: number;
  readonly hasCache: boolean;
  readonly outcomes?: readonly string[];
  /** @default all of them */
  readonly maxPages?: number;
}

interface Result {
  readonly runs: number;
  readonly expected: number;
  readonly calls: number;
}

/** Pages through a window with a new gateway, default limits, and nothing remembered from before. */
async function read({ fleet, windowMs, first, hasCache, outcomes, maxPages = Infinity }: Reading): Promise<Result> {
  const upstream = await startFakeUpstream();
  serveDatafoldFleet(upstream, fleet);
  const gateway = createGateway({
    providers: { DATAFOLD: { apiKey: 'any-key', baseUrl: upstream.baseUrl } },
    runCache: hasCache,
  });
  const since = now - windowMs;
  const expected = toExpectedIds(
    { DATAFOLD: fleet },
    since,
    ({ state }) => outcomes === undefined || state === 'error',
  );
  const ids: string[] = [];
  let after: string | null = null;
  let pages = 0;
  do {
    const variables = { since: new Date(since).toISOString(), outcomes, first, after };
    const response = await gateway.fetch(
      new Request('http://localhost/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      }),
    );
    const { data } = (await response.json()) as { data: { runs: Page } };
    strictEqual(data.runs.isComplete, true);
    ids.push(...data.runs.nodes.map(({ id }) => id));
    after = data.runs.pageInfo.hasNextPage ? data.runs.pageInfo.endCursor : null;
  } while (++pages < maxPages && after !== null);
  const calls = upstream.paths.length;
  await gateway.close();
  upstream.close();
  // Whatever is delivered is the newest that there is, each once and in order.
  strictEqual(ids.join(), expected.slice(0, ids.length).join());
  return { runs: ids.length, expected: expected.length, calls };
}

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  readonly isComplete: boolean;
}

const now = Date.now();
const toRow = (title: string, cells: readonly string[]) => `| ${title} | ${cells.join(' | ')} |`;
const toDelivered = ({ runs, expected }: Result) => `${count(runs)}/${count(expected)}`;
const count = (number: number) => number.toLocaleString('en-US');

async function measure(title: string, toCell: (fleet: readonly FleetMonitor[]) => Promise<string>): Promise<string> {
  const cells: string[] = [];
  for (const size of sizes)
    cells.push(await toCell(createFleet({ count: size, now, runs: runsPerMonitor, stateOf: failsOfTwenty })));
  return toRow(title, cells);
}

console.log(toRow('monitors', sizes.map(String)));
console.log(
  toRow(
    '---',
    sizes.map(() => '---:'),
  ),
);
console.log(
  await measure('first page of 20: calls', async (fleet) => {
    const { calls } = await read({ fleet, windowMs: windows['24 h'], first: 20, hasCache: true, maxPages: 1 });
    return count(calls);
  }),
);
for (const [name, windowMs] of Object.entries(windows)) {
  console.log(
    await measure(`**${name}**: delivered, calls with a cache`, async (fleet) => {
      const result = await read({ fleet, windowMs, first: 20, hasCache: true });
      return `${toDelivered(result)}, ${count(result.calls)}`;
    }),
  );
  console.log(
    await measure(`${name} without a cache: delivered, calls in pages of 20 (of 100)`, async (fleet) => {
      const result = await read({ fleet, windowMs, first: 20, hasCache: false });
      const large = await read({ fleet, windowMs, first: 100, hasCache: false });
      strictEqual(large.runs, result.runs);
      return `${toDelivered(result)}, ${count(result.calls)} (${count(large.calls)})`;
    }),
  );
}
const outcomes = ['ERRORED'];
console.log(
  await measure('**`ERRORED` (5 %)**: runs on the first page of 20 in 24 h, calls', async (fleet) => {
    const { runs, calls } = await read({
      fleet,
      windowMs: windows['24 h'],
      first: 20,
      hasCache: true,
      outcomes,
      maxPages: 1,
    });
    return `${count(runs)}, ${count(calls)}`;
  }),
);
for (const [name, windowMs] of Object.entries(windows))
  console.log(
    await measure(`\`ERRORED\`, ${name}: delivered, calls with a cache / without`, async (fleet) => {
      const result = await read({ fleet, windowMs, first: 20, hasCache: true, outcomes });
      const uncached = await read({ fleet, windowMs, first: 20, hasCache: false, outcomes });
      strictEqual(uncached.runs, result.runs);
      return `${toDelivered(result)}, ${count(result.calls)} / ${count(uncached.calls)}`;
    }),
  );
