/** `monitorList` against a brute-force model: random lists of monitors, filters, page sizes and limits of calls. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { type MonitorLists, type Row, serveMonitorLists } from '../support/monitor-lists.ts';
import { type Answer, createWorld } from '../support/world.ts';

type Provider = 'DATAFOLD' | 'OLOSTEP';

/** A filter as a client has it. */
interface Filter {
  readonly provider?: Provider;
  readonly search?: string;
  readonly tags?: readonly string[];
  readonly lastOutcomes?: readonly string[];
  readonly lastRunBefore?: string;
  readonly lastAlertAfter?: string;
}

const times = [1, 2, 3, 4, 5].map((day) => `2026-11-0${day}T08:00:00.000Z`);
const time = fc.constantFrom(...times);
/** What a row says, `null`, or nothing: `undefined` is a row without the member. */
const stated = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) });
const name = fc.constantFrom('Orders', 'New ORDERS', 'payments: new', 'Ärger', 'ärger neu');
const tag = fc.constantFrom('shop', 'finance', 'x');

const datafoldRow = fc.record({
  name: fc.oneof({ weight: 9, arbitrary: name }, { weight: 1, arbitrary: fc.constantFrom(null, 7) }),
  tags: stated(
    fc.array(fc.oneof({ weight: 9, arbitrary: tag }, { weight: 1, arbitrary: fc.constant(7) }), { maxLength: 3 }),
  ),
  state: stated(fc.constantFrom('ok', 'alert', 'error', 'skipped', 'queued', 'checking', 'no such word')),
  last_run: stated(fc.oneof({ weight: 9, arbitrary: time }, { weight: 1, arbitrary: fc.constant('yesterday') })),
  last_alert: stated(time),
});
const olostepRow = fc.record({
  query: stated(name),
  status: fc.constantFrom('active', 'paused', 'provisioning', undefined),
  last_run: stated(
    fc.record({
      id: fc.constant('run_a'),
      ran_at: stated(time),
      status: stated(fc.constantFrom('completed', 'failed', 'no such word')),
      change_detected: stated(fc.boolean()),
    }),
  ),
});

const lists: fc.Arbitrary<MonitorLists> = fc.record({
  datafold: fc
    .array(datafoldRow, { maxLength: 25 })
    .map((rows) => rows.map((row, place) => ({ id: place + 1, enabled: true, ...row }))),
  olostep: fc
    .array(olostepRow, { maxLength: 12 })
    .map((rows) => rows.map((row, place) => ({ id: `monitor_${place + 1}`, ...row }))),
  cap: fc.constantFrom(2, 3, 100),
  tags: fc.constantFrom('all', 'any', 'none'),
});

const optional = { requiredKeys: [] };
const filter: fc.Arbitrary<Filter> = fc
  .record(
    {
      provider: fc.constantFrom<Provider>('DATAFOLD', 'OLOSTEP'),
      search: fc.constantFrom('orders', 'NEW order', 'ÄRGER', ' '),
      tags: fc.uniqueArray(tag, { maxLength: 2 }),
      lastOutcomes: fc.uniqueArray(fc.constantFrom('PASSED', 'FINDING', 'ERRORED', 'SKIPPED', 'UNKNOWN'), {
        minLength: 1,
      }),
      lastRunBefore: time,
      lastAlertAfter: time,
    },
    optional,
  )
  // A client that names Olostep doesn't filter by what it states of no monitor.
  .map(({ tags, lastAlertAfter, ...rest }) =>
    rest.provider === 'OLOSTEP' ? rest : { ...rest, ...(tags && { tags }), ...(lastAlertAfter && { lastAlertAfter }) },
  );

/** The model: whether the monitor of a row matches; `undefined` when the row doesn't say. Written from the schema's descriptions alone. */
function decide(provider: Provider, row: Row, wanted: Filter): boolean | undefined {
  const verdicts: (boolean | undefined)[] = [];
  const lastRun = row.last_run as Record<string, unknown> | null | undefined;
  if (wanted.search?.trim()) verdicts.push(decideName(provider === 'DATAFOLD' ? row.name : row.query, wanted.search));
  if (wanted.tags?.length) {
    if (provider === 'OLOSTEP') return false;
    const own = row.tags === null ? [] : (row.tags as unknown[] | undefined);
    const hasAll = own && wanted.tags.every((one) => own.includes(one));
    verdicts.push(own === undefined || (!hasAll && own.some((one) => typeof one !== 'string')) ? undefined : hasAll);
  }
  if (wanted.lastOutcomes) {
    const outcome = provider === 'DATAFOLD' ? toOutcome(row.state) : toOlostepOutcome(lastRun);
    verdicts.push(outcome === undefined ? undefined : wanted.lastOutcomes.includes(String(outcome)));
  }
  if (wanted.lastRunBefore) {
    const at = provider === 'DATAFOLD' ? row.last_run : lastRun === null ? null : lastRun?.ran_at;
    const never =
      provider === 'DATAFOLD'
        ? at === null && (row.state === null || row.state === 'queued')
        : lastRun === null || row.status === 'provisioning';
    verdicts.push(never ? true : isTime(at) ? at <= wanted.lastRunBefore : undefined);
  }
  if (wanted.lastAlertAfter) {
    if (provider === 'OLOSTEP') return false;
    verdicts.push(
      row.last_alert === undefined
        ? undefined
        : row.last_alert !== null && String(row.last_alert) >= wanted.lastAlertAfter,
    );
  }
  if (verdicts.includes(false)) return false;
  return verdicts.includes(undefined) ? undefined : true;
}

const isTime = (value: unknown): value is string => typeof value === 'string' && value.startsWith('20');

function decideName(value: unknown, search: string): boolean | undefined {
  if (value === null) return false;
  if (typeof value !== 'string') return undefined;
  return search
    .trim()
    .split(' ')
    .every((word) => value.toLowerCase().includes(word.toLowerCase()));
}

const outcomes: Readonly<Record<string, string>> = {
  ok: 'PASSED',
  alert: 'FINDING',
  error: 'ERRORED',
  skipped: 'SKIPPED',
};
const toOutcome = (state: unknown): string | null | undefined =>
  state === undefined ? undefined : (outcomes[String(state)] ?? null);

function toOlostepOutcome(lastRun: Record<string, unknown> | null | undefined): string | null | undefined {
  if (lastRun === null) return null;
  const { status, change_detected: changed } = lastRun ?? {};
  if (status === undefined || changed === undefined) return undefined;
  // A null that no document allows can't be read.
  if (status === 'failed') return 'ERRORED';
  if (changed === true) return 'FINDING';
  return changed === false && (status === 'completed' || status === null) ? 'PASSED' : 'UNKNOWN';
}

it(
  'monitorList: whatever the lists, the filter and the page size, the pages have the monitors of the model, each once',
  fuzz,
  async () => {
    const world = await createWorld();
    const providers = {
      DATAFOLD: { apiKey: 'a', baseUrl: world.datafold.baseUrl },
      OLOSTEP: { apiKey: 'b', baseUrl: world.olostep.baseUrl },
    };
    const query = `query ($provider: Provider, $search: String, $tags: [String!], $lastOutcomes: [RunOutcome!], $lastRunBefore: DateTime,
    $lastAlertAfter: DateTime, $first: Int, $after: String) {
    monitorList(provider: $provider, search: $search, tags: $tags, lastOutcomes: $lastOutcomes, lastRunBefore: $lastRunBefore,
      lastAlertAfter: $lastAlertAfter, first: $first, after: $after) {
      totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } gaps { provider monitorId code }
    }
  }`;

    await fc.assert(
      fc.asyncProperty(
        ...([
          lists,
          filter,
          fc.integer({ min: 1, max: 12 }),
          fc.constantFrom(2, 5, 100),
          fc.constantFrom(1, 2, 250),
        ] as const),
        async (served, wanted, first, listPageSize, maxUpstreamCalls) => {
          serveMonitorLists(world, served);
          const limits = { listPageSize, maxUpstreamCalls, freshMs: 0, maxReuseMs: 0 };
          const gateway = createGateway({ providers, log: silentLog, runCache: false, limits });
          const request = async (after: string | null) => {
            const body = JSON.stringify({ query, variables: { ...wanted, first, after } });
            const headers = { 'content-type': 'application/json' };
            const response = await gateway.fetch(
              new Request('http://localhost/graphql', { method: 'POST', headers, body }),
            );
            const { data, errors } = (await response.json()) as Answer;
            expect(errors).toBeUndefined();
            return data.monitorList;
          };
          const pages = [];
          for (let after: string | null = null; ; after = pages.at(-1).pageInfo.endCursor) {
            pages.push(await request(after));
            expect(pages.length).toBeLessThan(100);
            const { nodes, pageInfo } = pages.at(-1);
            expect(nodes.length).toBeLessThanOrEqual(first);
            if (!pageInfo.hasNextPage) break;
            expect(pageInfo.endCursor).not.toBeNull();
          }
          await gateway.close();

          const expected: string[] = [];
          const gaps: string[] = [];
          for (const [provider, rows] of [
            ['DATAFOLD', served.datafold],
            ['OLOSTEP', served.olostep],
          ] as const) {
            if (wanted.provider !== undefined && wanted.provider !== provider) continue;
            for (const row of rows) {
              const verdict = decide(provider, row, wanted);
              if (verdict === true) expected.push(`${provider}:monitor:${row.id}`);
              // Datafold has left out a row that it knows not to have the tags.
              if (verdict === undefined) gaps.push(`${provider} ${row.id} UPSTREAM_BAD_RESPONSE`);
            }
          }
          const nodes = pages.flatMap((page) => page.nodes.map(({ id }: { id: string }) => id));
          expect(nodes).toEqual(expected);
          const found = pages.flatMap((page) =>
            page.gaps.map(
              ({ provider, monitorId, code }: Record<string, string>) => `${provider} ${monitorId} ${code}`,
            ),
          );
          expect(new Set(found).size).toBe(found.length);
          // A Datafold that filters by tags may leave out a row whose tags can't all be read.
          const isStrict = (wanted.tags?.length ?? 0) === 0 || served.tags === 'none';
          if (isStrict) expect(found.toSorted()).toEqual(gaps.toSorted());
          else expect(gaps).toEqual(expect.arrayContaining(found));
          const [page] = pages;
          if (page.totalCount !== null) expect(page.totalCount).toBe(nodes.length);
        },
      ),
      { numRuns: casesOf(200, 25), seed: 20261122 },
    );
  },
);
