import { describe, expect, it } from 'vitest';
import { AdaptiveRate } from '../../src/upstream/adaptive-rate.ts';
import { holdDice } from '../support/clock.ts';

const learned = () => new AdaptiveRate({ maxRate: 0, maxPauseMs: 60_000 });

/** How many calls are made from `from` until `to`, in milliseconds, by a caller that makes each as soon as it may. */
function countCalls(rate: AdaptiveRate, from: number, to: number): number {
  let calls = 0;
  for (let now = from; now < to; ) {
    const waitMs = rate.waitMs(now);
    if (waitMs === 0) {
      rate.take(now);
      calls++;
    }
    now += Math.max(waitMs, 1e-6);
  }
  return calls;
}

describe('The rate of a credential', () => {
  it('is unlimited until the first 429', () => {
    const rate = learned();

    for (let call = 0; call < 1_000; call++) {
      expect(rate.waitMs(0)).toBe(0);
      rate.take(0);
    }

    expect(rate.isUnlimited).toBe(true);
  });

  it('is half of what the provider has let through in a second, after the first 429', () => {
    const rate = learned();
    for (let now = 0; now < 1_000; now += 10) rate.succeed(now);

    expect(rate.reduce(1_000, 900)).toBe(50);
    expect(countCalls(rate, 1_000, 2_000)).toBeGreaterThanOrEqual(50);
    expect(countCalls(rate, 2_000, 3_000)).toBeLessThanOrEqual(54);
  });

  it('is not made low by a single 429', () => {
    expect(learned().reduce(0, 0)).toBe(8);
  });

  it('is halved once for all calls that were in flight, and once a second', () => {
    const rate = learned();

    expect(rate.reduce(100, 0)).toBe(8);
    expect(rate.reduce(110, 90)).toBeUndefined();
    expect(rate.reduce(1_099, 900)).toBeUndefined();
    expect(rate.reduce(1_300, 100)).toBeUndefined();
    expect(rate.reduce(1_300, 1_200)).toBeCloseTo(4, 0);
  });

  it('recovers linearly within 30 s, doubles every minute from then on, and is unlimited again at last', () => {
    const rate = learned();
    rate.reduce(0, 0);

    const seconds = [0, 15, 30, 90, 150];
    expect(seconds.map((second) => rate.rateAt(second * 1_000))).toEqual([8, 12, 16, 32, 64]);
    expect(rate.waitMs(380_000)).toBe(0);
    expect(rate.isUnlimited).toBe(false);
    expect(rate.waitMs(400_000)).toBe(0);
    expect(rate.isUnlimited).toBe(true);
  });

  it('is one call in ten seconds at the least', () => {
    const rate = learned();
    for (let second = 0; second < 100; second++) rate.reduce(1_000 * second, 1_000 * second);

    expect(rate.rateAt(99_000)).toBeCloseTo(0.1, 2);
  });

  it('spreads the calls: a tenth of a second is all that comes at once', () => {
    const rate = new AdaptiveRate({ maxRate: 50, maxPauseMs: 60_000 });

    expect(countCalls(rate, 0, 1)).toBe(5);
    expect(countCalls(rate, 1, 1_001)).toBe(50);
    expect(countCalls(rate, 10_000, 10_001)).toBe(5);
  });

  it('is never more than what is configured, and is learned below that', () => {
    const rate = new AdaptiveRate({ maxRate: 4, maxPauseMs: 60_000 });

    expect(countCalls(rate, 0, 10_000)).toBe(40);
    expect(rate.reduce(10_000, 9_999)).toBe(2);
    expect(rate.rateAt(1_000_000)).toBe(4);
    expect(rate.isUnlimited).toBe(false);
  });

  it('is 0 for the `Retry-After` of the provider, a minute at the most, and no shorter pause ends that', () => {
    const rate = learned();

    rate.pause(0, 30_000);
    rate.pause(0, 10_000);
    expect([0, 29_999, 30_000].map((now) => rate.waitMs(now))).toEqual([30_000, 1, 0]);
    rate.pause(30_000, 3_600_000);
    expect(rate.waitMs(30_000)).toBe(60_000);
  });

  it('is 0 for up to half a second after a 429 without `Retry-After`, and twice as long each time until a call succeeds', () => {
    holdDice(1);
    const rate = learned();
    const backOff = (now: number) => {
      rate.reduce(now, now);
      rate.backOff(now, now);
      return rate.waitMs(now);
    };

    expect([0, 1e6, 2e6, 3e6, 4e6, 5e6].map(backOff)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    rate.succeed(6e6);
    expect(backOff(6e6)).toBe(500);
  });
});
