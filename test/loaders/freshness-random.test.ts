/** Whatever the interleaving, no answer is older than its bound, and none is of another credential. */
import fc from 'fast-check';
import { it, vi } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { anyDatafoldRun, datafoldMonitorRow } from '../support/bodies.ts';
import { createWorld, type World } from '../support/world.ts';

const tenants = ['tenant-0', 'tenant-1'] as const;
const runIds = [1, 2] as const;
const { freshMs, freshMinMs } = defaultLimits;
/** Short enough to be exceeded. */
const staleMs = 12_000;

/** What a client requests: a run, or the list of monitors (`null`); and how old it may be, in seconds. */
interface Question {
  readonly tenant: number;
  readonly runId: number | null;
  readonly maxAge: number | undefined;
  readonly allowStale: boolean;
}

type Step =
  | { readonly kind: 'request'; readonly questions: readonly Question[]; readonly meanwhile: readonly Event[] }
  | Event;

type Event =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'change' }
  | { readonly kind: 'status'; readonly tenant: number; readonly status: number };

const tenant = fc.nat(tenants.length - 1);
const question: fc.Arbitrary<Question> = fc.record({
  tenant,
  runId: fc.constantFrom(...runIds, null),
  maxAge: fc.constantFrom(undefined, undefined, 0, 1, 3, 60),
  allowStale: fc.boolean(),
});
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 400, 999, 1_000, 2_500, 4_999, 5_000) }),
  fc.record({ kind: fc.constant('change' as const) }),
  fc.record({
    kind: fc.constant('status' as const),
    tenant,
    status: fc.constantFrom(200, 200, 200, 429, 500, 401, 403),
  }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  event,
  fc.record({
    kind: fc.constant('request' as const),
    questions: fc.array(question, { minLength: 1, maxLength: 4 }),
    meanwhile: fc.array(event, { maxLength: 2 }),
  }),
);

/** Datafold as it changes, and what it has said when. */
class ChangingUpstream {
  /** What it says to each tenant: 200, or a failure. */
  readonly statuses = tenants.map(() => 200);
  #version = 0;
  /** Orders what happens. */
  #count = 0;
  #held: (() => void)[] | undefined;
  /** When each value was sent last, and how many requests had arrived when it was read. */
  readonly sent = new Map<string, { sentAt: number; order: number }>();
  /** When each tenant was refused last, in the same order. */
  readonly refusedAt = tenants.map(() => -1);

  constructor({ datafold }: World) {
    datafold.onAny((request, response) => {
      const name = String(request.headers.authorization).slice('Key '.length);
      const place = tenants.indexOf(name as (typeof tenants)[number]);
      const status = this.statuses[place] as number;
      const order = ++this.#count;
      if (status === 401) this.refusedAt[place] = order;
      const runId = /\/runs\/(\d+)$/.exec(request.url ?? '')?.[1];
      const value = `${name} ${runId ?? 'list'} ${this.#version}`;
      const send = () => {
        if (status === 200) this.sent.set(value, { sentAt: Date.now(), order });
        response.writeHead(status, {
          'content-type': 'application/json',
          ...(status === 429 && { 'retry-after': '0' }),
        });
        response.end(JSON.stringify(runId === undefined ? toList(value) : toRun(Number(runId), value)));
      };
      if (this.#held === undefined) send();
      else this.#held.push(send);
    });
  }

  change(): void {
    this.#version++;
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    for (const send of this.#held ?? []) send();
    this.#held = undefined;
  }
}

const toRun = (runId: number, error: string) => ({ ...anyDatafoldRun(runId).body, state: 'checking', error });
const toList = (name: string) => ({
  ...{ count: 1, page: 1, page_size: 100, total_pages: 1 },
  monitors: [{ ...datafoldMonitorRow, name }],
});

const runQuery = `query ($id: ID!, $allowStale: Boolean!) {
  datafoldRun(monitorId: "7", runId: $id, allowStale: $allowStale) { error isStale }
}`;
const listQuery = `query ($allowStale: Boolean!) {
  monitorList(provider: DATAFOLD, allowStale: $allowStale) { nodes { name isStale } }
}`;

async function check(world: World, upstream: ChangingUpstream, question: Question): Promise<void> {
  const { tenant, runId, maxAge, allowStale } = question;
  const startedAt = Date.now();
  const refusedAt = refusalsSeen.get(tenant) ?? -1;
  const headers = {
    'content-type': 'application/json',
    'x-datafold-api-key': tenants[tenant] as string,
    ...(maxAge !== undefined && { 'cache-control': `max-age=${maxAge}` }),
  };
  const variables = { id: runId, allowStale };
  const { data, errors } = await world.execute(runId === null ? listQuery : runQuery, variables, { headers });
  if (errors?.[0]?.extensions.code === 'UNAUTHENTICATED')
    refusalsSeen.set(tenant, Math.max(refusedAt, upstream.refusedAt[tenant] as number));
  const shown = runId === null ? data.monitorList?.nodes[0] : data.datafoldRun;
  const value = runId === null ? shown?.name : shown?.error;
  if (value === undefined) {
    if (errors === undefined) throw new Error('Neither a value nor an error');
    return;
  }
  if (!value.startsWith(`${tenants[tenant]} ${runId ?? 'list'} `)) throw new Error(`Foreign: ${value}`);
  const sent = upstream.sent.get(value);
  const freshBoundMs = Math.min(freshMs, Math.max((maxAge ?? Number.POSITIVE_INFINITY) * 1_000, freshMinMs));
  const boundMs = shown.isStale && allowStale ? staleMs : freshBoundMs;
  if (sent === undefined || sent.sentAt < startedAt - boundMs) throw new Error(`Too old: ${value}`);
  if (sent.order < refusedAt) throw new Error(`From before the refusal: ${value}`);
}

/** By tenant: the last refusal that a client has received before its next request. */
const refusalsSeen = new Map<number, number>();

function apply(upstream: ChangingUpstream, event: Event): void {
  if (event.kind === 'pass') vi.setSystemTime(Date.now() + event.ms);
  else if (event.kind === 'change') upstream.change();
  else upstream.statuses[event.tenant] = event.status;
}

it('no answer is older than its bound, none of another credential, and none from before a refusal', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T12:00:00Z') });
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        refusalsSeen.clear();
        // A call that would have to wait after a 429 fails at once.
        const noWait = { rateLimitMaxCooldownMs: 0, operationTimeoutMs: 2_000, upstreamMinAttemptMs: 1_900 };
        const stale = { staleMs, runCacheStaleIfErrorMs: staleMs };
        const limits = { freshMs, ...stale, maxAttempts: 1, breakerThreshold: 1, ...noWait };
        const world = await createWorld({ credentials: 'forwarded', coalesceCalls: true, runCache: true, limits });
        const upstream = new ChangingUpstream(world);
        for (const each of steps) {
          if (each.kind !== 'request') {
            apply(upstream, each);
            continue;
          }
          upstream.hold();
          const { length } = world.datafold.paths;
          const checking = Promise.all(each.questions.map((question) => check(world, upstream, question)));
          await Promise.race([checking, world.datafold.arrived(length + 1)]);
          for (const event of each.meanwhile) apply(upstream, event);
          upstream.release();
          await checking;
        }
      }),
      { numRuns: 15 },
    );
  } finally {
    vi.useRealTimers();
  }
});
