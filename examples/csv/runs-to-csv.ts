/**
 * The runs of a time window as CSV, for a spreadsheet:
 *
 *     node examples/csv/runs-to-csv.ts http://localhost:4000/graphql 2026-11-01T00:00:00Z > runs.csv
 *
 * The second argument is the beginning of the window, the third its end; both may be left out. `API_TOKEN` is sent as a bearer token. The
 * exit code is 2 when runs are missing: what is missing, and why, is on stderr.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Run {
  readonly id: string;
  readonly provider: string;
  readonly phase: string;
  readonly outcome: string | null;
  readonly monitor: { readonly name: string | null } | null;
  readonly startedAt?: string | null;
  readonly snapshotAt?: string | null;
  readonly summary?: string | null;
}

interface Page {
  readonly nodes: readonly (Run | null)[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly gaps: readonly object[];
  readonly isComplete: boolean;
}

interface Answer {
  readonly data?: { readonly runs: Page | null };
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

const [url = 'http://localhost:4000/graphql', since, until] = process.argv.slice(2);
const query = readFileSync(new URL('runs.graphql', import.meta.url), 'utf8');
const persistedQuery = { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') };
const token = process.env.API_TOKEN;

const columns: Readonly<Record<string, (run: Run) => string | null | undefined>> = {
  time: (run) => run.startedAt ?? run.snapshotAt,
  provider: (run) => run.provider,
  monitor: (run) => run.monitor?.name,
  phase: (run) => run.phase,
  outcome: (run) => run.outcome,
  summary: (run) => run.summary,
  id: (run) => run.id,
};

async function post(body: object): Promise<Answer> {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...authorization };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as Answer;
}

/** Names the document by its hash. A service that doesn't know it yet is sent the text once: automatic persisted queries. */
async function execute(variables: object): Promise<Answer> {
  const extensions = { persistedQuery };
  const answer = await post({ extensions, variables });
  const isUnknown = answer.errors?.some((error) => error.extensions?.code === 'PERSISTED_QUERY_NOT_FOUND');
  return isUnknown ? post({ extensions, query, variables }) : answer;
}

/** As RFC 4180 has it. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
function toCell(value: string | null | undefined): string {
  const text = (value ?? '').replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const writeLine = (cells: readonly string[]) => process.stdout.write(`${cells.join(',')}\r\n`);

writeLine(Object.keys(columns));
let after: string | null = null;
let isComplete = true;
do {
  const { data, errors = [] }: Answer = await execute({ since, until, after });
  for (const { message } of errors) console.error(message);
  const page: Page | null | undefined = data?.runs;
  if (!page) process.exit(1);
  for (const run of page.nodes) if (run !== null) writeLine(Object.values(columns).map((read) => toCell(read(run))));
  for (const gap of page.gaps) console.error('missing:', JSON.stringify(gap));
  isComplete &&= page.isComplete && errors.length === 0;
  after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
} while (after !== null);
process.exitCode = isComplete ? 0 : 2;
