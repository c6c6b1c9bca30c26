/**
 * SIGTERM within the first half second of the process, and where npm is the first process of a container: the process ends with 0,
 * and no request is lost. Clients obey, as in the block `sigterm`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { datafoldBody } from '../../support/bodies.ts';
import { type FakeUpstream, startFakeUpstream } from '../../support/fake-upstream.ts';
import type { Tally } from '../tally.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const hold = new URL('../../support/hold-loading.ts', import.meta.url).href;
const clients = 4;
const lastDelayMs = 500;
const stepMs = Number(process.env.EARLY_SIGTERM_STEP_MS ?? 50);
const answerMs = 100;

/** It builds dist/, from which other blocks may start the service. */
export const isExclusive = process.env.FAULTS_BUILT === 'true';

export async function run(tally: Tally): Promise<void> {
  execFileSync(process.execPath, ['scripts/build/service.ts'], { cwd: root });
  const datafold = await startFakeUpstream();
  datafold.onAny((_request, response) => {
    globalThis.setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...datafoldBody, run_id: undefined, monitor_id: undefined }));
    }, Math.random() * answerMs);
  });
  try {
    for (const [file, module] of [
      ['dist/main.mjs', '/dist/service.mjs'],
      ['src/main.ts', '/src/service/start-service.ts'],
    ] as const) {
      for (let ms = 0; ms <= lastDelayMs; ms += stepMs) await stopAfter(tally, datafold, file, module, ms);
    }
    await stopUnderNpm(tally, datafold);
  } finally {
    datafold.close();
  }
}

/** A port that the system assigns to no other process: clients are there before the service is. */
async function findPort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(12_000 + Math.floor(Math.random() * 18_000), '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }
}

const toEnv = (datafold: FakeUpstream, port: number) => ({
  ...(process.env.PATH !== undefined && { PATH: process.env.PATH }),
  ...(process.env.HOME !== undefined && { HOME: process.env.HOME }),
  PORT: String(port),
  SHUTDOWN_DELAY_MS: '200',
  MAX_EVENT_LOOP_LAG_MS: '60000',
  RUN_CACHE: 'false',
  COALESCE_CALLS: 'false',
  FRESH_MS: '0',
  DATAFOLD_API_KEY: 'canary',
  DATAFOLD_BASE_URL: datafold.baseUrl,
});

/** The signal comes so long after the moment at which the process begins to load the service. */
async function stopAfter(
  tally: Tally,
  datafold: FakeUpstream,
  file: string,
  module: string,
  ms: number,
): Promise<void> {
  const port = await findPort();
  const child = spawn(process.execPath, ['--import', hold, file], {
    cwd: root,
    env: { ...toEnv(datafold, port), HOLD_AT: module },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = endOf(child);
  const word = child.stdio[3] as Duplex;
  word.on('error', () => {});
  await Promise.race([once(word, 'data'), ended]);
  const load = startLoad(port);
  word.write('go on');
  await setTimeout(ms);
  child.kill('SIGTERM');
  const { code, output } = await ended;
  const { answered, lost } = await load.stop();
  const name = `${file}: SIGTERM ${ms} ms after it begins to load`;
  tally.check(`${name}: ends with 0`, code === 0, `${code} ${output}`);
  tally.check(`${name}: no request is lost of ${answered + lost.length}`, lost.length === 0, lost.slice(0, 5));
  tally.check(`${name}: without a word of trouble`, !/error/i.test(output), output);
}

/** `docker stop`, where the image starts the service by npm: the signal goes to npm, which is process 1. */
async function stopUnderNpm(tally: Tally, datafold: FakeUpstream): Promise<void> {
  if (!hasNamespaces()) {
    console.log('early-sigterm: SKIPPED npm as process 1, as this machine has no unshare, or does not allow it');
    return;
  }
  for (const script of ['serve', 'start', 'sandbox', 'dev']) {
    const port = await findPort();
    const child = spawn('unshare', ['--pid', '--fork', '--kill-child', 'npm', 'run', script], {
      cwd: root,
      env: toEnv(datafold, port),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = endOf(child);
    const load = startLoad(port);
    await Promise.race([load.isUnderWay, ended]);
    const npm = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
    process.kill(npm, 'SIGTERM');
    const started = performance.now();
    const { code, output } = await ended;
    const { answered, lost } = await load.stop();
    const name = `npm run ${script} as process 1`;
    tally.check(`${name}: ends with 0`, code === 0, `${code} ${output.slice(-500)}`);
    tally.check(`${name}: was under load`, answered > clients, answered);
    tally.check(`${name}: no request is lost of ${answered + lost.length}`, lost.length === 0, lost.slice(0, 5));
    tally.measured(`${name} over after ${Math.round(performance.now() - started)} ms`);
  }
}

function hasNamespaces(): boolean {
  try {
    execFileSync('unshare', ['--pid', '--fork', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  if (child.stdout === null || child.stderr === null) throw new Error('No pipes to the process');
  const [[code], ...outputs] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  return { code, output: outputs.join('') };
}

/** Clients that send requests until a response closes their connection, or no server listens any more. */
function startLoad(port: number) {
  const lost: string[] = [];
  let answered = 0;
  let isOver = false;
  let stoppedInFlight = () => {};
  const isUnderWay = new Promise<void>((resolve) => {
    stoppedInFlight = resolve;
  });
  const beClient = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let mayRequest = true; mayRequest && !isOver; ) {
      const answer = await execute(agent, port).catch((error: NodeJS.ErrnoException) => error.code ?? String(error));
      // No server listens there yet, or any more.
      if (answer === 'ECONNREFUSED') await setTimeout(5);
      else if (typeof answer === 'string') lost.push(answer);
      else {
        answered++;
        if (answered > clients * 3) stoppedInFlight();
        mayRequest = !answer.isLast;
      }
    }
    agent.destroy();
  };
  const requesting = Promise.all(Array.from({ length: clients }, beClient));
  return {
    isUnderWay,
    /** @returns what became of the requests */
    async stop() {
      isOver = true;
      await requesting;
      return { answered, lost };
    },
  };
}

const body = JSON.stringify({ query: '{ datafoldRun(monitorId: "7", runId: "42") { state } }' });

/** Whether the response tells the client to close its connection; or what is wrong with the response. */
function execute(agent: Agent, port: number): Promise<{ isLast: boolean } | string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    request({ agent, port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers }, async (response) => {
      const answer = await text(response).catch(() => '');
      const isWhole = response.statusCode === 200 && /"state":"\w+"/.test(answer);
      resolve(isWhole ? { isLast: response.headers.connection === 'close' } : `${response.statusCode} ${answer}`);
    })
      .on('error', reject)
      .end(body);
  });
}
