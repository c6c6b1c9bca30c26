/** The command line. */
import { parseArgs } from 'node:util';
import { contenders, forwarding } from './contenders.ts';
import type { Effort } from './trials/rounds.ts';
import { workloads } from './workloads/workloads.ts';

export interface Options extends Effort {
  /** The contenders that take part. */
  readonly only: readonly string[];
  /** What is measured: workloads, and trials of other kinds. */
  readonly workloads: readonly string[];
  /** Whether it is measured by everyone, and often enough, to be stored. */
  readonly isStored: boolean;
}

/** Fewer processes or rounds say too little: each process can be lucky for as long as it lives. */
const fewestSets = 3;
const fewestRounds = 5;

/** All that can be measured. */
export const parts: readonly string[] = [...Object.keys(workloads), 'start', 'memory', 'soak'];

const names = { only: Object.keys({ ...contenders, forwarding }), workloads: parts };

/** @throws {Error} that says what is wrong with it */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: names.only.join() },
      workloads: { type: 'string', default: names.workloads.join() },
      sets: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '2' },
      warm: { type: 'string', default: '8' },
    },
  });
  const only = toNames('only', values.only);
  const chosen = toNames('workloads', values.workloads);
  const [sets, rounds] = [toCount('sets', values.sets), toCount('rounds', values.rounds)];
  const isByAll = only.length === names.only.length;
  return {
    only,
    workloads: chosen,
    isStored: isByAll && sets >= fewestSets && sets * rounds >= fewestRounds,
    sets,
    rounds,
    seconds: toCount('seconds', values.seconds),
    warm: toCount('warm', values.warm),
  };
}

function toNames(option: keyof typeof names, text: string): readonly string[] {
  const chosen = text.split(',');
  const known = names[option];
  if (!chosen.every((name) => known.includes(name))) throw new Error(`--${option}: expected some of ${known.join()}`);
  // In our own order, whatever theirs.
  return known.filter((name) => chosen.includes(name));
}

function toCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--${option}: expected a whole number from 1 to 9999`);
  return Number(text);
}
