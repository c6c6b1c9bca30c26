/**
 * Prints the files and functions of `src/` that one request executes, by V8's precise coverage: `npm run trace`, or
 * `npm run trace -- NAME --functions` for the functions of one request. The service runs as it does by default, with the providers
 * of the sandbox in a separate process. Each request is sent a few times before it is counted, so that documents and plans
 * are cached as they are in a service that runs.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startSandbox } from '../src/sandbox/start-sandbox.ts';

const source = new URL('../src/', import.meta.url).href;

/** A request to trace. */
interface Example {
  readonly query: string;
  /** The variables of the request number `n`: others each time, so that nothing comes from the cache, or the same. */
  variables(n: number): object;
}

/** What the trace needs of a run. */
type Node = Readonly<Record<'provider' | 'monitorId' | 'runId' | 'phase' | 'outcome', string>>;

const keyFields = 'provider monitorId runId';
const runByKey = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id phase outcome startedAt } }';

if (process.send !== undefined) {
  const { providers } = await startSandbox({ now: Date.now, seed: 1 });
  process.send(providers);
  // The parent process ends this one.
  setInterval(() => {}, 60_000);
} else {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { functions: { type: 'boolean', default: false } },
  });
  const upstream = fork(fileURLToPath(import.meta.url));
  try {
    const [providers] = await once(upstream, 'message');
    await traceAll(providers, positionals, values.functions);
  } finally {
    upstream.kill();
  }
}

async function traceAll(providers: object, names: readonly string[], showsFunctions: boolean): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const service = await startService(providers);
  const execute = async (query: string, variables: object, { url } = service) => {
    const body = JSON.stringify({ query, variables });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { data, errors } = await response.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };

  // Finished runs that are not the newest: those may still change. From another service, as a list fills the run cache.
  const other = await startService(providers);
  const { runs } = await execute(
    `{ runs(first: 100, since: "${daysAgo(7)}", providers: [DATAFOLD]) { nodes { ${keyFields} phase outcome } } }`,
    {},
    other,
  );
  other.close();
  const keys = (runs.nodes as Node[])
    .slice(30)
    .filter(({ phase, outcome }) => phase === 'FINISHED' && outcome === 'PASSED')
    .map(({ provider, monitorId, runId }) => ({ provider, monitorId, runId }));
  const [{ provider, monitorId }] = keys as [Node];
  const examples: Record<string, Example> = {
    'one run by key': { query: runByKey, variables: (n) => ({ key: keys[n + 1] }) },
    'one run by key, from the cache': { query: runByKey, variables: () => ({ key: keys[0] }) },
    'a monitor with three runs': {
      query: `query ($key: MonitorKey!) {
        monitor(key: $key) { id name runs(first: 3) { nodes { id outcome startedAt } } }
      }`,
      variables: () => ({ key: { provider, monitorId } }),
    },
    'runs(first: 5)': {
      query: 'query ($since: DateTime!) { runs(first: 5, since: $since) { nodes { id outcome startedAt } } }',
      variables: (n) => ({ since: daysAgo(1 + n / 100) }),
    },
  };

  for (const [name, { query, variables }] of Object.entries(examples)) {
    if (names.length > 0 && !names.some((part) => name.includes(part))) continue;
    for (let n = 0; n < 5; n++) await execute(query, variables(n));
    await takeCoverage(session);
    await execute(query, variables(5));
    const executed = await takeCoverage(session);
    const count = [...executed.values()].reduce((sum, functions) => sum + functions.length, 0);
    console.log(`\n${name}: ${executed.size} files, ${count} functions`);
    for (const [file, functions] of [...executed].sort()) {
      console.log(`  ${file} (${functions.length})`);
      if (showsFunctions) console.log(functions.map((text) => `    ${text}\n`).join(''));
    }
  }
  service.close();
  session.disconnect();
}

/** The functions that were called since the last look, by file. */
async function takeCoverage(session: Session): Promise<Map<string, string[]>> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const files = new Map<string, string[]>();
  for (const { url, functions } of result) {
    if (!url.startsWith(source) || /\/sandbox\b/.test(url)) continue;
    const called = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0).map((each) => each.functionName);
    if (called.length > 0) files.set(url.slice(source.length), called.map((name) => name || '(anonymous)').sort());
  }
  return files;
}

/** The service as it starts by default, which writes its log nowhere. */
async function startService(providers: object): Promise<{ url: string; close: () => void }> {
  const { createGateway } = await import('../src/gateway/create-gateway.ts');
  const { createServer } = await import('../src/server/server.ts');
  const { createLineWriter } = await import('../src/observability/log-writer.ts');
  const { createLog } = await import('../src/observability/logger.ts');
  const log = createLog('info', createLineWriter(openSync('/dev/null', 'w')));
  const gateway = createGateway({ providers, log, bodyLimitEnforced: true });
  const server = createServer({ gateway, log, operations: [] });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    close() {
      server.close();
      server.closeAllConnections();
      void gateway.close();
    },
  };
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}
