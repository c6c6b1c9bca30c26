/** `npm run bench -- --workloads day`: what upstream calls, waiting and stale answers a day costs, by each contender. */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build as bundle } from 'esbuild';
import { stepAside } from '../measure/pinned.ts';
import { bench, binary, built, result, root } from '../paths.ts';
import { checkTools, describeMachine, describeRevision } from '../tools.ts';
import { dayContenders } from './contenders.ts';
import { measureDays } from './day.ts';
import { writeDayReport } from './report.ts';

const callsPerSecond = 10;
const rates = { unlimited: undefined, limited: callsPerSecond };
/** The results of a shorter day are not stored: its deploys, its report and its outage overlap. */
const minStoredMinutes = 12;

export async function runDay(): Promise<void> {
  checkTools();
  const { values } = parseArgs({
    options: {
      workloads: { type: 'string' },
      minutes: { type: 'string', default: '12' },
      only: { type: 'string', default: Object.keys(dayContenders).join() },
      rates: { type: 'string', default: Object.keys(rates).join() },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes >= 1 && minutes <= 1_440)) throw new Error('--minutes: expected a number from 1 to 1440');
  const only = toNames('only', values.only, Object.keys(dayContenders));
  const chosen = toNames('rates', values.rates, Object.keys(rates)) as (keyof typeof rates)[];
  const revision = describeRevision();
  await buildDay();
  stepAside();
  const results = await measureDays({ minutes, only, rates: chosen.map((name) => rates[name]) });
  const report = writeDayReport(results, minutes);
  const isStored =
    minutes >= minStoredMinutes && only.length === Object.keys(dayContenders).length && chosen.length === 2;
  const place = isStored ? result : built;
  const date = new Date().toISOString().slice(0, 10);
  const head = { minutes, date, ...revision, machine: describeMachine() };
  // Of what was measured of each run or wait, the table has all that is reported.
  const rest = results.map(({ behindMs: _behind, knownMs: _known, ...figures }) => figures);
  mkdirSync(place(''), { recursive: true });
  writeFileSync(place('day.json'), `${JSON.stringify({ ...head, results: rest }, null, 2)}\n`);
  writeFileSync(place('day.md'), `${report}\n`);
  console.log(report);
  console.error(`Written to ${place('')}`);
}

async function buildDay(): Promise<void> {
  mkdirSync(built(''), { recursive: true });
  const options: ExecFileSyncOptions = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync('npm', ['run', 'build'], options);
  await bundle({
    entryPoints: { bff: `${bench}day/bff.ts` },
    outdir: built('contenders/'),
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'warning' },
  });
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', `${bench}measure/cputime.c`, '-o', binary('cputime')], options);
}

function toNames(option: string, text: string, known: readonly string[]): readonly string[] {
  const names = text.split(',');
  if (!names.every((name) => known.includes(name))) throw new Error(`--${option}: expected some of ${known.join()}`);
  return known.filter((name) => names.includes(name));
}
