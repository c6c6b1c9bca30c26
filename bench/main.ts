/** The benchmark: measures, and writes what it found. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { build } from './build.ts';
import { contenders, forwarding, ours } from './contenders.ts';
import { runDay } from './day/main.ts';
import { stepAside } from './measure/pinned.ts';
import { lead } from './measure/sample.ts';
import { type Options, readOptions } from './options.ts';
import { built, result } from './paths.ts';
import { drawChart } from './report/chart.ts';
import { writeReport } from './report/report.ts';
import type { Results } from './results.ts';
import { readStored, toStored } from './stored.ts';
import { checkTools, describeMachine, describeRevision } from './tools.ts';
import { timeStarts } from './trials/cold-start.ts';
import { weigh } from './trials/resident-memory.ts';
import { type Samples, takeTurns } from './trials/rounds.ts';
import { soak } from './trials/soak.ts';
import { startUpstream } from './upstream/upstream.ts';
import { workloads } from './workloads/workloads.ts';

// A day has options and results of another kind.
if (process.argv.join(' ').includes('--workloads day')) {
  await runDay();
  process.exit();
}
const options = readOptions();
checkTools();
// Before: the person who measures may do other work in the meantime.
const revision = describeRevision();
await build();
stepAside();
const measured = await measure(options);
const stored = options.isStored ? toStored(readStored(), measured) : undefined;
const results = stored ?? measured;
const report = writeReport(results);
const place = stored ? result : built;
mkdirSync(place(''), { recursive: true });
writeFileSync(place('results.json'), `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(place('results.md'), report);
writeFileSync(place('chart.svg'), drawChart(results));
console.log(report);
console.error(`Written to ${place('')}`);
if (options.isStored && !stored)
  console.error('It is not stored: the machine or the settings are not those of what is. Measure all of it.');

async function measure({ only, workloads: chosen, sets, rounds, seconds, warm }: Options): Promise<Results> {
  const effort = { sets, rounds, seconds, warm, lead };
  const participants = Object.entries({ ...contenders, forwarding }).filter(([name]) => only.includes(name));
  const regulars = Object.fromEntries(participants.filter(([name]) => name !== 'forwarding'));
  const samples: Record<string, Samples> = {};
  const failures: Record<string, string> = {};
  const upstream = await startUpstream();
  /** One that fails leaves the others their turn. */
  const attempt = async <Result>(name: string, task: () => Promise<Result>) => {
    if (!chosen.includes(name)) return undefined;
    console.error(`${new Date().toISOString().slice(11, 19)} ${name}`);
    return task().catch((error: Error) => {
      failures[name] = error.message;
      console.error(error);
      return undefined;
    });
  };
  try {
    for (const [name, workload] of Object.entries(workloads)) {
      const { only } = workload;
      const those = only ? Object.fromEntries(participants.filter(([name]) => only.includes(name))) : regulars;
      const fail = (contender: string, set: number, { message }: Error) => {
        failures[`${name}, ${contender}, set ${set + 1} of ${sets}`] = message;
      };
      const taken = await attempt(name, () => takeTurns(those, workload, effort, upstream, fail));
      if (taken !== undefined) samples[name] = taken;
    }
    const startMs = await attempt('start', () => timeStarts(regulars, effort, upstream));
    const memoryMb = await attempt('memory', () =>
      weigh(regulars, effort, upstream, (place, { message }) => {
        failures[`memory, ${place}`] = message;
      }),
    );
    const soakMb = await attempt('soak', () => soak(ours, upstream));
    const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
    const run = { command, date: new Date().toISOString().slice(0, 10), ...revision };
    return {
      runs: Object.fromEntries(chosen.map((part) => [part, run])),
      machine: describeMachine(),
      effort,
      samples,
      ...(startMs && { startMs }),
      ...(memoryMb && { memoryMb }),
      ...(soakMb && { soakMb }),
      failures,
    };
  } finally {
    upstream.stop();
  }
}
