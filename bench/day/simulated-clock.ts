/**
 * A clock that moves on as soon as nothing is left to do: hours take seconds, and come out the same each time. For one process in
 * which all wait by the same timers, and nothing comes over a network. Install it before what it is for is imported.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

const require = createRequire(import.meta.url);

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly run: () => void;
}

export interface SimulatedClock {
  /** Lets time go by until the work is done. @throws {Error} when it waits for nothing that comes */
  run<Result>(work: Promise<Result>): Promise<Result>;
}

/** So many turns of the event loop without anything to do are the end of it: some of it is begun by what ends in the first. */
const idleTurns = 4;

export function installSimulatedClock(): SimulatedClock {
  const realImmediate = setImmediate;
  const origin = Date.now();
  let now = 0;
  let ids = 0;
  /** The first to come is the last. */
  const timers: Timer[] = [];
  /** What the event loop or a thread works on. */
  let pending = 0;

  const add = (run: () => void, ms: number): Timer => {
    const timer = { id: ++ids, at: now + Math.max(ms || 0, 1), run };
    let place = timers.length;
    while (place > 0 && (timers[place - 1] as Timer).at <= timer.at) place--;
    timers.splice(place, 0, timer);
    return timer;
  };
  const remove = (timer: unknown) => {
    const place = timers.indexOf((timer as { timer?: Timer } | undefined)?.timer as Timer);
    if (place >= 0) timers.splice(place, 1);
  };
  const toHandle = (timer: Timer) => {
    const handle = { timer, ref: () => handle, unref: () => handle, hasRef: () => true, close: () => remove(handle) };
    return handle;
  };
  const setTimer = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    toHandle(add(() => run(...args), ms));
  const sleep = (ms: number, value: unknown) => new Promise((resolve) => add(() => resolve(value), ms));
  const immediate = (run: (...args: unknown[]) => void, ...args: unknown[]) => {
    pending++;
    return realImmediate(() => {
      pending--;
      run(...args);
    });
  };
  const turn = (value: unknown) => new Promise((resolve) => immediate(() => resolve(value)));

  /** Compression goes on in a thread. */
  const count =
    (compress: (...args: unknown[]) => void) =>
    (...args: unknown[]) => {
      const done = args.pop() as (...results: unknown[]) => void;
      pending++;
      compress(...args, (...results: unknown[]) => {
        pending--;
        done(...results);
      });
    };

  const RealDate = Date;
  class SimulatedDate extends RealDate {
    constructor(...args: unknown[]) {
      super(...((args.length === 0 ? [SimulatedDate.now()] : args) as [number]));
    }
    static override now = () => Math.floor(origin + now);
  }
  performance.now = () => now;
  Object.assign(globalThis, {
    setTimeout: setTimer,
    clearTimeout: remove,
    setImmediate: immediate,
    Date: SimulatedDate,
  });
  Object.assign(require('node:timers/promises'), { setTimeout: sleep, setImmediate: turn });
  const zlib = require('node:zlib');
  Object.assign(zlib, { deflateRaw: count(zlib.deflateRaw), inflateRaw: count(zlib.inflateRaw) });
  syncBuiltinESMExports();

  const settle = async () => {
    for (let idle = 0; idle < idleTurns; idle++) {
      await new Promise((resolve) => realImmediate(resolve));
      if (pending > 0) idle = 0;
    }
  };

  return {
    async run(work) {
      let isDone = false;
      const end = () => {
        isDone = true;
      };
      work.then(end, end);
      for (;;) {
        await settle();
        if (isDone) return work;
        const next = timers.pop();
        if (next === undefined) throw new Error('Nothing is left that time could bring');
        now = Math.max(now, next.at);
        next.run();
      }
    },
  };
}
