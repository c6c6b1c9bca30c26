/** The results in Markdown. */
import { contenders, forwarding } from '../contenders.ts';
import { spreadOf } from '../measure/median.ts';
import { parts } from '../options.ts';
import type { Results } from '../results.ts';
import { columns } from '../trials/resident-memory.ts';
import { keyCounts, workloads } from '../workloads/workloads.ts';
import { type Figure, figureOf, ratioOf, wrongOf } from './figures.ts';
import { judge } from './goals.ts';
import { toOrigin } from './origin.ts';
import { notMeasured, orNot, toCount, toMb, toMicros, toRatio, toTable } from './text.ts';

const main = ['W1', 'W2', 'W3', 'W3list', 'W4ids', 'W4page'];
const clients = ['W1-c1', 'W1', 'W1-c128'];
const names = Object.keys(contenders);
const titles = new Map(Object.entries({ ...contenders, forwarding }).map(([name, { title }]) => [name, title]));

/** A table of one cell for each contender and column. */
const table = (head: readonly string[], cell: (contender: string, column: string) => string) =>
  toTable(
    ['', ...head],
    names.map((name) => [titles.get(name) ?? name, ...head.map((column) => cell(name, column))]),
  );

const figures = (results: Results, head: readonly string[], figure: Figure, toText: (value: number) => string) =>
  table(head, (name, workload) => orNot(figureOf(results, workload, name, figure), ({ median }) => toText(median)));

/** The whole page. */
export function writeReport(results: Results): string {
  const { machine, effort } = results;
  const { sets, rounds, seconds, warm, lead } = effort;
  return `# What it costs

${toOrigin(results, parts, (command) => `\`${command}\``)}; on ${machine.processors}, ${machine.memory}, ${machine.system}, Node ${machine.node}.

Medians of ${sets * rounds} rounds of ${seconds} s (W4page: twice as long), in which the contenders took turns; their processes
were started again ${sets} times, and ran for ${warm} s before; the first ${lead} s of each round's load doesn't count, as an idle engine
forgets. Each sends the same bytes. Ours sets V8's flags as it does in production, others run as Node.js starts them. The gateway has
one processor to itself, the load generator and the upstream have the other.
CPU is user and system time of the gateway's process. Before each set and behind it three answers were held against the expected one;
in between upstream calls were counted, and how long the answers were. Each may have 1,024 calls in flight: that is more than ours
allows by default (\`MAX_CONCURRENT_CALLS\`), and it neither caches runs nor coalesces calls here (\`RUN_CACHE\`, \`COALESCE_CALLS\`), which would spare
it the work that is measured. All its other guards are on. Those in Node call by undici: \`Pool.dispatch\`, its cheapest level, in the bare proxy, the second REST
backend and Mercurius; ours hands the calls to undici's connections itself. Absolute figures are this machine's: compare ratios of one run.

${main.map((name) => `- **${name}**: ${workloads[name]?.title}, ${workloads[name]?.clients} clients at a time`).join('\n')}

## CPU per request

${figures(results, main, 'cpuMicros', toMicros)}

## CPU per request, ours divided by theirs

Medians of the rounds' ratios (lowest to highest); below 1 we cost less.

${table(main, (name, workload) => (name === 'ours' ? '' : orNot(ratioOf(results, workload, ['ours', name], 'cpuMicros'), toRatio)))}

## CPU per request, divided by the bare proxy's

${table(main, (name, workload) => orNot(ratioOf(results, workload, [name, 'bare'], 'cpuMicros'), toRatio))}

## Requests per second

${figures(results, main, 'requestsPerSecond', toCount)}

## W1 by clients

Requests per second (p50, p99: of the whole load, its first second too).

${table(clients, (name, workload) => {
  const [rate, p50, p99] = (['requestsPerSecond', 'p50Micros', 'p99Micros'] as const).map(
    (figure) => figureOf(results, workload, name, figure)?.median,
  );
  if (rate === undefined || p50 === undefined || p99 === undefined) return notMeasured;
  return `${toCount(rate)} (${toMicros(p50)}, ${toMicros(p99)})`;
})}

## Upstream calls per request

${figures(results, main, 'upstreamCalls', (calls) => calls.toFixed(1))}

At the end of a round, requests that are still in flight have made theirs.

## CPU per run, by runs in one request

${toTable(
  ['', ...keyCounts.map(String)],
  ['bare', 'ours'].map((name) => [
    titles.get(name) ?? name,
    ...keyCounts.map((keys) =>
      orNot(figureOf(results, `keys-${keys}`, name, 'cpuMicros'), ({ median }) => toMicros(median / keys)),
    ),
  ]),
)}

## Never-seen documents, callers' own keys

${toTable(
  ['', 'CPU per request', 'ours divided by it'],
  [
    ...['ours', 'mercurius'].map((name) => ({ workload: 'unseen', name })),
    ...['ours', 'forwarding'].map((name) => ({ workload: 'forwarded', name })),
  ].map(({ workload, name }) => [
    `${workloads[workload]?.title}: ${titles.get(name)}`,
    orNot(figureOf(results, workload, name, 'cpuMicros'), ({ median }) => toMicros(median)),
    name === 'ours' ? '' : orNot(ratioOf(results, workload, ['ours', name], 'cpuMicros'), toRatio),
  ]),
)}

## Start and memory

From the start of the process to its first answer: ours is one file, as \`npm run serve\` has it, the others load their packages as
those came. Resident memory, the most of it under a load.

${table(['start', ...columns], (name, column) =>
  column === 'start'
    ? orNot(spreadOf(results.startMs?.[name] ?? []), ({ median }) => `${Math.round(median)} ms`)
    : orNot(results.memoryMb?.[name]?.[column as (typeof columns)[number]], toMb),
)}

${writeSoak(results)}## Goals

${judge(results)}
${writeFaults(results)}`;
}

function writeSoak({ soakMb }: Results): string {
  if (soakMb === undefined) return '';
  const spans = soakMb.map(({ least, most }) => `${Math.round(least)} to ${Math.round(most)}`);
  return `Ours on W1 at 128 clients, in each of ${soakMb.length} minutes: ${spans.join(', ')} MB.

`;
}

/** What isn't among the figures because something went wrong. */
function writeFaults(results: Results): string {
  const failures = Object.entries(results.failures).map(([place, message]) => `- ${place}: ${message.split('\n')[0]}`);
  const rounds = Object.entries(results.samples).flatMap(([workload, samples]) =>
    Object.keys(samples).flatMap((name) => {
      const wrong = wrongOf(results, workload, name);
      return wrong === 0
        ? []
        : [`- ${workload}, ${name}: ${wrong} rounds in which not every request was answered right`];
    }),
  );
  const faults = [...failures, ...rounds];
  return faults.length === 0 ? '' : `\n## Left out\n\n${faults.join('\n')}\n`;
}
