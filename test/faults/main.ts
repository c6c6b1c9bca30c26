/**
 * The fault suite: the service in a separate process, between clients and providers that misbehave.
 * `npm run test:faults` runs every block and ends with one line a block, `survived/tried`; `npm run test:faults -- NAME …`
 * runs the blocks of these names; `--report FILE` leaves the figures as JSON; `--again` runs a block that failed once more,
 * alone, for machines that others use as well. Exit code 1 when anything did not survive.
 *
 * Each of several blocks has its own process. Most blocks wait rather than compute, so that some of them run at a time;
 * those that declare `isExclusive` run one by one behind them.
 */
import { fork } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runConcurrently } from './concurrency.ts';
import { createTally, type Tally } from './tally.ts';

/** A block: a file of `blocks/`, named after what it attacks. */
interface Block {
  /** Whether it runs only when it is named: it takes minutes, or finds faults that are still open. */
  readonly onlyByName?: boolean;
  /** Whether no other block may run beside it: it asserts how long something takes, or changes what others use. */
  readonly isExclusive?: boolean;
  run(tally: Tally): Promise<void>;
}

/** What came of a block. */
interface Outcome {
  readonly tried: number;
  readonly survived: number;
  /** Its line: `name: survived/tried`, and what was measured. */
  readonly summary: string;
}

/** How many blocks run at a time, of those that may. */
const atATime = availableParallelism() + 1;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    again: { type: 'boolean', default: false },
    report: { type: 'string' },
    // For the processes that the suite starts: the block to run, whose outcome is sent to the parent.
    block: { type: 'string' },
  },
});
const folder = new URL('./blocks/', import.meta.url);

// The suite starts the service a hundred times: to compile it each time would take half of its processor time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../node_modules/.cache/node-compile', import.meta.url));

if (values.block === undefined) await runSuite();
else {
  const outcome = await runBlock(values.block);
  // What a block that failed left open mustn't prevent its end.
  process.send?.(outcome, () => process.exit());
}

async function runSuite(): Promise<void> {
  const names = await chooseBlocks();
  // A block that runs alone is easier to debug in this process.
  const run = names.length === 1 ? runBlock : runInProcess;
  const outcomes = new Map<string, Outcome>();
  const runAndKeep = async (name: string) => void outcomes.set(name, await run(name));

  const exclusive = new Set<string>();
  for (const name of names) if ((await importBlock(name)).isExclusive) exclusive.add(name);
  await runConcurrently(
    atATime,
    names.filter((name) => !exclusive.has(name)),
    runAndKeep,
  );
  await runConcurrently(1, [...exclusive], runAndKeep);
  if (values.again) {
    for (const [name, { tried, survived }] of outcomes) {
      if (survived === tried) continue;
      console.log(`${name}: once more`);
      await runAndKeep(name);
    }
  }

  console.log('');
  const inOrder = names.flatMap((name) => outcomes.get(name) ?? []);
  for (const { summary } of inOrder) console.log(summary);
  const tried = inOrder.reduce((sum, outcome) => sum + outcome.tried, 0);
  const survived = inOrder.reduce((sum, outcome) => sum + outcome.survived, 0);
  if (values.report !== undefined) writeFileSync(values.report, JSON.stringify({ tried, survived }));
  // What a block that failed left open mustn't prevent the suite's end.
  process.exit(survived === tried ? 0 : 1);
}

/** The blocks that were named, or all but those that have to be. */
async function chooseBlocks(): Promise<string[]> {
  const names = globSync('*.ts', { cwd: folder.pathname })
    .map((file) => basename(file, '.ts'))
    .sort();
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`No block ${unknown.join(', ')}; there are: ${names.join(', ')}`);
  if (positionals.length > 0) return names.filter((name) => positionals.includes(name));
  const chosen: string[] = [];
  for (const name of names) if (!(await importBlock(name)).onlyByName) chosen.push(name);
  return chosen;
}

/** Runs a block in another process: neither its load nor its priority is another block's. */
function runInProcess(name: string): Promise<Outcome> {
  const child = fork(fileURLToPath(import.meta.url), ['--block', name]);
  let outcome: Outcome = { tried: 1, survived: 0, summary: `${name}: 0/1; broke off` };
  child.once('message', (message) => {
    outcome = message as Outcome;
  });
  return new Promise((resolve) => child.once('close', () => resolve(outcome)));
}

async function runBlock(name: string): Promise<Outcome> {
  const tally = createTally(name);
  const block = await importBlock(name);
  const startedAt = performance.now();
  await tally.attempt('runs to its end', () => block.run(tally));
  tally.measured(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  return { tried: tally.tried, survived: tally.survived, summary: tally.summary() };
}

function importBlock(name: string): Promise<Block> {
  return import(new URL(`${name}.ts`, folder).href);
}
