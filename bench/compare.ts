/**
 * Compares the CPU per request of this checkout with that of another one, built by `npm run build`: both take turns.
 *
 *     npm run bench:compare -- ../old --workloads W1,W2,W3,W4ids
 *     npm run bench:compare -- ../old --env RUN_CACHE=false --env COALESCE_CALLS=false
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { ours, oursIn } from './contenders.ts';
import { spreadOf } from './measure/median.ts';
import { stepAside } from './measure/pinned.ts';
import type { Sample } from './measure/sample.ts';
import { checkTools } from './tools.ts';
import { takeTurns } from './trials/rounds.ts';
import { startUpstream } from './upstream/upstream.ts';
import { workloads } from './workloads/workloads.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workloads: { type: 'string', default: 'W1,W2,W3,W4ids' },
    sets: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '2' },
    warm: { type: 'string', default: '8' },
    // Variables of the other checkout alone, such as those that have been renamed since.
    env: { type: 'string', multiple: true, default: [] },
  },
});
const [other] = positionals;
if (other === undefined) throw new Error('Expected the folder of another checkout, built by `npm run build`.');

const otherSettings = Object.fromEntries(values.env.map((setting) => setting.split('=', 2)));
const names = values.workloads.split(',');
const unknown = names.filter((name) => workloads[name] === undefined);
if (unknown.length > 0) throw new Error(`--workloads: expected some of ${Object.keys(workloads).join()}.`);

checkTools();
await build();
stepAside();
const upstream = await startUpstream();
try {
  for (const name of names) {
    const workload = workloads[name];
    if (workload === undefined) continue;
    const samples = await takeTurns(
      { other: oursIn(`${resolve(other)}/`, otherSettings), ours },
      workload,
      {
        sets: Number(values.sets),
        rounds: Number(values.rounds),
        seconds: Number(values.seconds),
        warm: Number(values.warm),
      },
      upstream,
      (contender, set, error) => console.error(`${name}, ${contender}, set ${set + 1}: ${error.message}`),
    );
    const [before, after] = [samples.other, samples.ours].map((all) => (all ?? []).map(toCpuMicros));
    const ratios = spreadOf((after ?? []).map((micros, round) => micros / (before?.[round] ?? Number.NaN)));
    const [old, present] = [spreadOf(before ?? []), spreadOf(after ?? [])].map((spread) => spread?.median.toFixed(0));
    const [median, min, max] = [ratios?.median, ratios?.min, ratios?.max].map((ratio) => ratio?.toFixed(3));
    // Other work on the machine only adds to a round, so the cheapest round of each set is the one with the least of it.
    const cheapest = spreadOf(
      toCheapest(after ?? [], Number(values.rounds)).map(
        (micros, set) => micros / (toCheapest(before ?? [], Number(values.rounds))[set] ?? Number.NaN),
      ),
    );
    console.log(
      `${name}: ${old} -> ${present} µs of CPU per request, ratio ${median} (${min} to ${max}); ` +
        `of the cheapest round of each set ${cheapest?.median.toFixed(3)} (${cheapest?.min.toFixed(3)} to ${cheapest?.max.toFixed(3)})`,
    );
  }
} finally {
  upstream.stop();
}

/** The cheapest round of each set. */
function toCheapest(rounds: readonly number[], perSet: number): number[] {
  const sets = Math.ceil(rounds.length / perSet);
  return Array.from({ length: sets }, (_, set) => Math.min(...rounds.slice(set * perSet, (set + 1) * perSet)));
}

function toCpuMicros(sample: Sample | null): number {
  return sample?.isRight ? sample.cpuMicros : Number.NaN;
}
