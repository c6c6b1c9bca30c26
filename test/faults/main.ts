/**
 * The fault suite: the service in a separate process, between clients and providers that misbehave.
 * `npm run test:faults` runs every block and ends with one line a block, `survived/tried`; `npm run test:faults -- NAME …`
 * runs the blocks of these names; `--report FILE` leaves the figures as JSON; `--again` runs a block that failed once more,
 * for machines that others use as well. Exit code 1 when anything did not survive.
 */
import { globSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { createTally, type Tally } from './tally.ts';

/** A block: a file of `blocks/`, named after what it attacks. */
interface Block {
  /** Whether it runs only when it is named: it takes minutes, or finds faults that are still open. */
  readonly onlyByName?: boolean;
  run(tally: Tally): Promise<void>;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { again: { type: 'boolean', default: false }, report: { type: 'string' } },
});
const folder = new URL('./blocks/', import.meta.url);
const names = globSync('*.ts', { cwd: folder.pathname }).map((file) => basename(file, '.ts'));
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`No block ${unknown.join(', ')}; there are: ${names.sort().join(', ')}`);

const tallies: Tally[] = [];
for (const name of names.sort()) {
  if (positionals.length > 0 ? !positionals.includes(name) : (await importBlock(name)).onlyByName) continue;
  let tally = await runBlock(name);
  if (values.again && tally.survived < tally.tried) {
    console.log(`${name}: once more`);
    tally = await runBlock(name);
  }
  tallies.push(tally);
}

console.log('');
for (const tally of tallies) console.log(tally.summary());
const tried = tallies.reduce((sum, tally) => sum + tally.tried, 0);
const survived = tallies.reduce((sum, tally) => sum + tally.survived, 0);
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify({ tried, survived }));
// What a block that failed left open mustn't prevent the suite's end.
process.exit(survived === tried ? 0 : 1);

async function runBlock(name: string): Promise<Tally> {
  const tally = createTally(name);
  const block = await importBlock(name);
  const startedAt = performance.now();
  await tally.attempt('runs to its end', () => block.run(tally));
  tally.measured(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  return tally;
}

function importBlock(name: string): Promise<Block> {
  return import(new URL(`${name}.ts`, folder).href);
}
