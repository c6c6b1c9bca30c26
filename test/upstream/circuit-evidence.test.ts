/** The circuit breaker without a gateway: which evidence opens it, for whom, and who may find out that the provider is back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import { type BreakerLimits, CircuitBreaker, type Permit } from '../../src/upstream/circuit-breaker.ts';
import type { Outcome } from '../../src/upstream/credential-circuit.ts';
import { holdClock, holdDice } from '../support/clock.ts';
import { toCredential } from '../support/credential.ts';

const caller = (name: string) => toCredential(`Key ${name}`, 'caller', 'https://provider.test');
const service = toCredential('Key service', 'service', 'https://provider.test');

type Credential = typeof service;

/** The milliseconds until a refused call may be let through. */
class Rejection extends Error {
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super('refused');
    this.retryAfterMs = retryAfterMs;
  }
}

function createBreaker(limits: Partial<BreakerLimits> = {}, clock = holdClock()) {
  holdDice(0.5);
  const changes: string[] = [];
  const breaker = new CircuitBreaker({
    limits: { ...defaultLimits, ...limits },
    refuse: (retryAfterMs) => new Rejection(retryAfterMs),
    onChange: (state, scope) => void changes.push(`${scope} ${state}`),
  });
  const begin = (credential: Credential, path: string): Permit => breaker.begin(breaker.circuitOf(credential), path);
  const end = (permit: Permit, credential: Credential, path: string, outcome: Outcome) =>
    breaker.end(permit, credential, path, outcome);
  /** Makes calls on these paths, one after the other; of each the wait if it is refused, and 0 otherwise. */
  const call = (credential: Credential, paths: readonly string[], outcome: Outcome): number[] =>
    paths.map((path) => {
      try {
        end(begin(credential, path), credential, path, outcome);
        return 0;
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        return error.retryAfterMs;
      }
    });
  return { clock, changes, begin, end, call };
}

const paths = (name: string, count: number) => Array.from({ length: count }, (_, index) => `/${name}/${index}`);
const through = (count: number) => Array(count).fill(0);

describe('circuit breaker: known paths', () => {
  it('opens when half of at least 20 of them fail, and not before', () => {
    const { changes, call } = createBreaker();
    call(service, paths('known', 40), 'success');

    call(service, paths('known', 19), 'failure');
    expect(changes).toEqual([]);
    call(service, ['/known/19'], 'failure');
    expect(changes).toEqual(['credential open']);
    expect(call(service, ['/known/30', '/new'], 'success')).toEqual([5_000, 5_000]);
  });

  it('stays closed when 20 of 41 fail', () => {
    const { changes, call } = createBreaker();
    call(service, paths('known', 41), 'success');

    call(service, paths('known', 20), 'failure');

    expect(changes).toEqual([]);
  });

  it('counts each path once, however often a client calls it', () => {
    const { changes, call } = createBreaker();
    call(service, paths('known', 19), 'success');

    for (let time = 0; time < 20; time++) call(service, [...paths('known', 19), '/known/0'], 'failure');

    expect(changes).toEqual([]);
  });

  it('counts a path that succeeds again as good', () => {
    const { changes, call } = createBreaker();
    call(service, paths('known', 20), 'success');
    call(service, paths('known', 19), 'failure');
    call(service, ['/known/0'], 'success');

    call(service, ['/known/19'], 'failure');
    expect(changes).toEqual([]);
    call(service, ['/known/0'], 'failure');
    expect(changes).toEqual(['credential open']);
  });

  it('forgets a path that was called longer ago than the window', async () => {
    const { clock, changes, call } = createBreaker();
    call(service, paths('known', 60), 'success');
    await clock.pass(10_000);

    call(service, paths('known', 19), 'failure');
    expect(changes).toEqual([]);
    call(service, ['/known/19'], 'failure');
    expect(changes).toEqual(['credential open']);
  });

  it('counts from zero after it has closed', async () => {
    const { clock, changes, call } = createBreaker();
    call(service, paths('known', 40), 'success');
    call(service, paths('known', 20), 'failure');
    await clock.pass(5_000);
    call(service, paths('known', 3), 'success');
    expect(changes).toEqual(['credential open', 'credential half-open', 'credential closed']);

    call(service, paths('known', 19), 'failure');
    expect(changes.slice(3)).toEqual([]);
    call(service, ['/known/19'], 'failure');
    expect(changes.at(-1)).toBe('credential open');
  });
});

describe('circuit breaker: paths that have never succeeded', () => {
  it('restrict it after 20 failures in a row, to one call a second', async () => {
    const { clock, changes, call } = createBreaker();

    expect(call(service, paths('new', 20), 'failure')).toEqual(through(20));
    expect(changes).toEqual(['credential restricted']);
    expect(call(service, ['/new/a', '/new/b'], 'failure')).toEqual([0, 1_000]);
    await clock.pass(999);
    expect(call(service, ['/new/c'], 'failure')).toEqual([1]);
    await clock.pass(1);
    expect(call(service, ['/new/c', '/new/d'], 'failure')).toEqual([0, 1_000]);
  });

  it('never open it', async () => {
    const { clock, changes, call } = createBreaker();
    for (let second = 0; second < 100; second++) {
      call(service, paths('new', 50), 'failure');
      await clock.pass(1_000);
    }

    expect(changes).toEqual(['credential restricted']);
  });

  it('block no path that has succeeded, nor any other while something is answered', async () => {
    const { clock, changes, call } = createBreaker();
    call(service, paths('known', 5), 'success');
    for (let second = 0; second < 100; second++) {
      call(service, paths(`bad-${second}`, 50), 'failure');
      if (second % 9 === 0) expect(call(service, [`/new/${second}`], 'answer')).toEqual([0]);
      await clock.pass(1_000);
    }
    expect(changes).toEqual([]);

    await clock.pass(10_000);
    call(service, paths('bad', 50), 'failure');
    expect(changes).toEqual(['credential restricted']);
    expect(call(service, ['/bad/a'], 'failure')).toEqual([1_000]);
    expect(call(service, paths('known', 5), 'success')).toEqual(through(5));
    expect(changes).toEqual(['credential restricted', 'credential closed']);
  });

  it('take no probe of those that have, while it is half-open, and prolong nothing', async () => {
    const { clock, changes, begin, end, call } = createBreaker();
    call(service, paths('known', 20), 'success');
    call(service, paths('known', 20), 'failure');
    await clock.pass(5_000);

    const slow = begin(service, '/bad');
    expect(call(service, ['/bad/2', ...paths('known', 2)], 'success')).toEqual([1_000, 0, 0]);
    end(slow, service, '/bad', 'failure');
    expect(call(service, ['/bad/2', '/known/7'], 'success')).toEqual([1_000, 0]);
    expect(changes).toEqual(['credential open', 'credential half-open', 'credential closed']);
  });

  it('can find out that the provider is back as well', async () => {
    const { clock, changes, call } = createBreaker();
    call(service, paths('known', 20), 'success');
    call(service, paths('known', 20), 'failure');
    await clock.pass(5_000);

    expect(call(service, paths('new', 3), 'success')).toEqual(through(3));

    expect(changes.at(-1)).toBe('credential closed');
  });

  it('have a trial whose client left without an answer repeated by the next one', () => {
    const { begin, end, call } = createBreaker();
    call(service, paths('new', 20), 'failure');

    const left = begin(service, '/left');
    expect(call(service, ['/new/a'], 'failure')).toEqual([1_000]);
    end(left, service, '/left', 'nothing');
    expect(call(service, ['/new/a'], 'failure')).toEqual([0]);
  });
});

describe('circuit breaker: credentials', () => {
  it('blocks no credential for the failures of another', () => {
    const { call } = createBreaker();
    const [attacker, victim] = [caller('attacker'), caller('victim')];
    call(attacker, paths('known', 20), 'success');
    call(attacker, [...paths('known', 20), ...paths('new', 20)], 'failure');

    expect(call(victim, paths('victim', 50), 'success')).toEqual(through(50));
    expect(call(attacker, ['/known/1'], 'success')).toEqual([5_000]);
  });

  it('counts no credential that has never succeeded as evidence for all', async () => {
    const { clock, changes, call } = createBreaker();
    const victim = caller('victim');
    call(victim, ['/victim'], 'success');
    await clock.pass(20_000);

    for (let key = 0; key < 500; key++) call(caller(`invented-${key}`), paths('new', 5), 'failure');

    expect(changes.filter((change) => change.startsWith('provider'))).toEqual([]);
    expect(call(victim, ['/victim'], 'success')).toEqual([0]);
  });

  it('forgets nothing of a credential that has succeeded for any number of others that have not', async () => {
    const { clock, changes, call } = createBreaker({ breakerMaxCredentials: 10 });
    const tenants = [1, 2, 3].map((number) => caller(`tenant-${number}`));
    for (const tenant of tenants) call(tenant, ['/own'], 'success');
    await clock.pass(20_000);
    for (let key = 0; key < 500; key++) call(caller(`invented-${key}`), ['/new'], 'failure');

    for (const tenant of tenants) call(tenant, paths('own', 7), 'failure');

    expect(changes).toEqual(['provider open']);
  });

  it('forgets an idle circuit rather than one that is in use or open', async () => {
    const { clock, call } = createBreaker({ breakerMaxCredentials: 3 });
    const [first, second] = [caller('first'), caller('second')];
    call(first, paths('new', 20), 'failure');
    call(second, ['/new'], 'failure');
    call(caller('third'), ['/new'], 'failure');
    await clock.pass(20_000);
    call(second, ['/new'], 'failure');

    call(caller('fourth'), ['/new'], 'failure');

    expect(call(first, ['/new/a', '/new/b'], 'failure')).toEqual([0, 1_000]);
  });

  /** Three tenants with known paths, whose calls fail for longer than the window. */
  async function createOutage() {
    const world = createBreaker();
    const tenants = [1, 2, 3].map((number) => caller(`tenant-${number}`));
    for (const tenant of tenants) world.call(tenant, ['/own'], 'success');
    await world.clock.pass(10_000);
    for (const tenant of tenants) world.call(tenant, paths('own', 7), 'failure');
    expect(world.changes).toEqual(['provider open']);
    return { ...world, tenants };
  }

  it('opens for all when calls of three of them fail and none is answered, and tries it once a second', async () => {
    const { clock, call } = await createOutage();
    const other = caller('other');

    expect(call(other, ['/other'], 'success')).toEqual([6_000]);
    await clock.pass(1_000);
    const [first, second] = [caller('tenant-1'), caller('tenant-2')];
    expect(call(first, ['/own'], 'failure')).toEqual([0]);
    expect(call(second, ['/own'], 'failure')).toEqual([1_000]);
    await clock.pass(1_000);
    // Its own circuit is open since its probe failed: the next one is another's.
    expect(call(first, ['/own'], 'failure')).toEqual([4_000]);
    expect(call(second, ['/own'], 'failure')).toEqual([0]);
  });

  it('closes for all with the first answer', async () => {
    const { clock, changes, call, tenants } = await createOutage();
    await clock.pass(1_000);

    expect(call(tenants[0] as Credential, ['/own'], 'answer')).toEqual([0]);

    expect(changes).toEqual(['provider open', 'provider closed']);
    expect(call(caller('other'), ['/other'], 'success')).toEqual([0]);
  });

  it('lets a credential try that none of the failures was of, when another has just failed', async () => {
    const world = createBreaker();
    const victim = caller('victim');
    world.call(victim, ['/victim'], 'success');
    const attackers = [1, 2, 3].map((number) => caller(`attacker-${number}`));
    for (const attacker of attackers) world.call(attacker, ['/own'], 'success');
    await world.clock.pass(10_000);
    for (const attacker of attackers) world.call(attacker, paths('bad', 7), 'failure');
    await world.clock.pass(1_000);
    for (const attacker of attackers) world.call(attacker, ['/bad'], 'failure');
    await world.clock.pass(1_000);

    expect(world.call(victim, ['/victim'], 'success')).toEqual([0]);
    expect(world.changes.at(-1)).toBe('provider closed');
  });

  it('closes for all when no call is made for 5 seconds', async () => {
    const { clock, changes, call } = await createOutage();

    await clock.pass(5_999);
    expect(call(caller('other'), ['/other'], 'success')).toEqual([1_000]);
    await clock.pass(1);

    expect(call(caller('other'), ['/other'], 'success')).toEqual([0]);
    expect(changes).toEqual(['provider open', 'provider closed']);
  });

  it('refuses none that never failed, unless several that have succeeded fail and none is answered', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const outcomes = fc.constantFrom<Outcome>('success', 'answer', 'failure', 'failure', 'failure', 'nothing');
    const step = fc.record({
      name: names,
      path: fc.integer({ min: 0, max: 30 }).map((number) => `/${number}`),
      outcome: outcomes,
      times: fc.integer({ min: 1, max: 30 }),
      passMs: fc.constantFrom(0, 0, 0, 100, 1_000, 11_000),
    });
    const clock = holdClock();
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { call } = createBreaker({}, clock);
        const failed = new Set<string>();
        const succeeded = new Set<string>();
        /** Of the calls since the last answer to a credential that has succeeded. */
        let failures: string[] = [];
        let answeredAt = Number.NEGATIVE_INFINITY;
        let mayBeOpen = false;
        let now = 0;
        for (const { name, path, outcome, times, passMs } of steps) {
          for (let time = 0; time < times; time++) {
            const [wait] = call(caller(name), [`${path}/${time}`], outcome);
            if (wait !== 0) {
              expect(failed.has(name) || mayBeOpen, `${name} was refused`).toBe(true);
              continue;
            }
            if (outcome === 'nothing') continue;
            if (outcome === 'success') succeeded.add(name);
            if (outcome === 'failure') failed.add(name);
            if (!succeeded.has(name)) continue;
            if (outcome === 'failure') failures.push(name);
            else [failures, answeredAt, mayBeOpen] = [[], now, false];
            mayBeOpen ||= failures.length >= 20 && new Set(failures).size >= 3 && now - answeredAt >= 10_000;
          }
          void clock.pass(passMs);
          now += passMs;
        }
      }),
      { numRuns: 300 },
    );
  });
});

it('circuit breaker: forgets a path for another one of the same slot, and counts neither twice', () => {
  const { changes, call } = createBreaker();
  // Far more paths than are stored.
  for (let round = 0; round < 3; round++) call(caller('a'), paths('many', 2_000), 'success');
  call(caller('a'), paths('many', 2_000), 'failure');

  expect(changes[0]).toBe('credential open');
});
