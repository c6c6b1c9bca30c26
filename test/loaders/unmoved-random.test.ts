/** Whatever the interleaving of requests and changes, what is inferred from the list of monitors is no older than its rows may be. */
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { now as nowText } from '../support/feed-upstreams.ts';
import { createFleet, type FleetMonitor, hourMs, serveDatafoldFleet } from '../support/run-fleet.ts';
import { createWorld } from '../support/world.ts';

const { freshMs, maxReuseMs } = defaultLimits;
const monitors = 2;

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'start' | 'end' | 'request'; readonly monitor: number }
  | { readonly kind: 'feed' };

const monitor = fc.nat(monitors - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 1_000, 2_500, 4_999, 5_000, 20_000) }),
  fc.record({ kind: fc.constantFrom('start' as const, 'end' as const, 'request' as const), monitor }),
  fc.record({ kind: fc.constant('feed' as const) }),
);

/** Monitors whose runs start and end, and how each run stood since when. */
class ChangingFleet {
  readonly fleet: FleetMonitor[] = createFleet({
    count: monitors,
    now: Date.parse(nowText),
    runs: 2,
    spreadMs: hourMs,
  });
  /** By the run's id: its states, the latest first. */
  readonly #states = new Map<number, { readonly state: string; readonly since: number }[]>();
  #ids = 9_000;

  constructor() {
    for (const { id, state, time } of this.fleet.flatMap(({ runs }) => runs))
      this.#states.set(id, [{ state, since: Number(time) }]);
  }

  newest(place: number): number {
    return this.fleet[place]?.runs[0]?.id as number;
  }

  /** The monitor runs again, unless it runs already. */
  start(place: number): void {
    const { runs, ...rest } = this.fleet[place] as FleetMonitor;
    if (runs[0]?.state === 'checking') return;
    // No two runs of a monitor start at the same time.
    vi.setSystemTime(Date.now() + 1);
    const run = { id: ++this.#ids, time: Date.now(), state: 'checking' };
    this.fleet[place] = { ...rest, runs: [run, ...runs] };
    this.#states.set(run.id, [{ state: run.state, since: run.time }]);
  }

  end(place: number): void {
    const { runs, ...rest } = this.fleet[place] as FleetMonitor;
    const [last, ...others] = runs;
    if (last?.state !== 'checking') return;
    this.fleet[place] = { ...rest, runs: [{ ...last, state: 'alert' }, ...others] };
    this.#states.get(last.id)?.unshift({ state: 'alert', since: Date.now() });
  }

  /** The states that the run has had within the time that a response is reused for. */
  statesOf(id: number): readonly string[] {
    const states = this.#states.get(id) ?? [];
    const first = states.findIndex(({ since }) => since <= Date.now() - freshMs);
    return (first === -1 ? states : states.slice(0, first + 1)).map(({ state }) => state.toUpperCase());
  }

  /** The runs that any list has to have. */
  settled(): string[] {
    const isSettled = (id: number) => (this.#states.get(id)?.at(-1)?.since as number) <= Date.now() - freshMs;
    return [...this.#states.keys()].filter(isSettled).map(String);
  }
}

interface Shown {
  readonly runId: string;
  readonly state: string;
}

it('no run is shown as it has not been for FRESH_MS, and none is missing that started before', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        vi.setSystemTime(nowText);
        const limits = { freshMs, maxReuseMs };
        const world = await createWorld({ coalesceCalls: true, runCache: true, limits });
        const changing = new ChangingFleet();
        serveDatafoldFleet(world.datafold, changing.fleet);
        const check = ({ runId, state }: Shown) => expect(changing.statesOf(Number(runId))).toContain(state);
        for (const each of steps) {
          if (each.kind === 'pass') vi.setSystemTime(Date.now() + each.ms);
          else if (each.kind === 'start') changing.start(each.monitor);
          else if (each.kind === 'end') changing.end(each.monitor);
          else if (each.kind === 'feed') {
            const query =
              '{ runs(providers: [DATAFOLD], first: 100) { nodes { runId ... on DatafoldRun { state } } } }';
            const { data } = await world.execute(query);
            const shown: readonly Shown[] = data.runs.nodes;
            for (const run of shown) check(run);
            expect(shown.map(({ runId }) => runId)).toEqual(expect.arrayContaining(changing.settled()));
          } else {
            const runId = changing.newest(each.monitor);
            const query = `{ datafoldRun(monitorId: ${each.monitor + 1}, runId: ${runId}) { runId state } }`;
            const { data } = await world.execute(query);
            check(data.datafoldRun);
          }
        }
        expect(world.lines.filter(({ message }) => message === 'runs changed behind an unchanged row')).toEqual([]);
      }),
      { numRuns: 15 },
    );
  } finally {
    vi.useRealTimers();
  }
});
