/**
 * SIGTERM under load. Clients obey: where an answer says `Connection: close`, or `/ready` says 503, they go to
 * the next instance. None of them loses an answer, and the process ends well and in time.
 */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { datafoldBody, olostepBody } from '../../support/bodies.ts';
import { type FakeUpstream, silence, startFakeUpstream } from '../../support/fake-upstream.ts';
import { type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';

const rounds = Number(process.env.SIGTERM_ROUNDS ?? 20);
const clients = 12;
const shutdownTimeoutMs = 10_000;

interface Providers {
  readonly datafold: FakeUpstream;
  readonly olostep: FakeUpstream;
}

export async function run(tally: Tally): Promise<void> {
  const datafold = await startFakeUpstream();
  const olostep = await startFakeUpstream();
  try {
    await replace(tally, { datafold, olostep });
    await hang(tally, { datafold, olostep });
    await stopTwice(tally, { datafold, olostep });
  } finally {
    datafold.close();
    olostep.close();
  }
}

/** What else could turn clients away, a machine that is busy with starting processes, is not on trial. */
const calm = { MAX_EVENT_LOOP_LAG_MS: '60000' };

const start = ({ datafold, olostep }: Providers, env: Readonly<Record<string, string>> = {}) =>
  startService({ DATAFOLD_BASE_URL: datafold.baseUrl, OLOSTEP_BASE_URL: olostep.baseUrl, ...calm, ...env });

/** The balancer here looks every 20 ms. */
const shortly = { SHUTDOWN_DELAY_MS: '300' };

/** Instance after instance is replaced by the next, while all clients continue to send requests. */
async function replace(tally: Tally, providers: Providers): Promise<void> {
  providers.datafold.onAny((_request, response) => {
    globalThis.setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...datafoldBody, run_id: undefined, monitor_id: undefined }));
    }, Math.random() * 150);
  });
  providers.olostep.onAny({ body: { ...olostepBody, run_id: undefined, monitor_id: undefined } });

  let current = await start(providers, shortly);
  let upcoming = start(providers, shortly);
  const lost: string[] = [];
  let requested = 0;
  let isOver = false;

  /** A client reuses its connection until the instance closes it. */
  const beClient = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!isOver) {
      requested++;
      const { port } = current;
      const answer = await execute(agent, port).catch((error) => `${error.code ?? error}`);
      if (answer !== 'whole') lost.push(answer);
    }
    agent.destroy();
  };
  const requesting = Promise.all(Array.from({ length: clients }, beClient));

  for (let round = 0; round < rounds; round++) {
    const next = await upcoming;
    upcoming = start(providers, shortly);
    await setTimeout(Math.random() * 200);
    const old = current;
    const signalled = performance.now();
    const ended = old.stop();
    // As a balancer does: it polls readiness, and sends no client to an instance that isn't ready.
    while (current === old) {
      if ((await readiness(old.port)) !== 200) current = next;
      else await setTimeout(20);
    }
    const code = await ended;
    const ms = performance.now() - signalled;
    tally.check('ends with 0', code === 0, code);
    tally.check('ends in time', ms <= shutdownTimeoutMs, `${Math.round(ms)} ms`);
    tally.check('ends without a word of trouble', !old.output().includes('unexpected error'), old.output().slice(-500));
  }
  isOver = true;
  await requesting;
  await Promise.all([current.stop(), (await upcoming).stop()]);
  tally.check(`no answer is lost of ${requested}`, lost.length === 0, lost.slice(0, 5));
  tally.measured(`${lost.length} of ${requested} requests lost in ${rounds} replacements`);
}

/** The status of /ready; 0 when no server listens. */
const readiness = async (port: number): Promise<number> =>
  fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ status }) => status,
    () => 0,
  );

/** Requests both providers; the response must be complete. The client closes its connection where the response says so. */
function execute(agent: Agent, port: number): Promise<string> {
  const body = JSON.stringify({
    query:
      '{ datafoldRun(monitorId: "7", runId: "42") { state } olostepRun(monitorId: "monitor_a", runId: "run_a") { phase } }',
  });
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = { agent, port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers };
    request(options, async (response) => {
      const answer = await text(response).catch(reject);
      resolve(
        answer === '{"data":{"datafoldRun":{"state":"OK"},"olostepRun":{"phase":"FINISHED"}}}'
          ? 'whole'
          : `${response.statusCode} ${answer}`,
      );
    })
      .on('error', reject)
      .end(body);
  });
}

/** A provider that hangs doesn't delay the shutdown beyond its timeout, and waiting clients are answered by then. */
async function hang(tally: Tally, providers: Providers): Promise<void> {
  providers.datafold.onAny(silence);
  const grace = 1_500;
  const service = await start(providers, {
    SHUTDOWN_TIMEOUT_MS: `${grace}`,
    SHUTDOWN_DELAY_MS: '200',
    OPERATION_TIMEOUT_MS: '8000',
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '8000',
  });
  const waiting = providers.datafold.requests.length;
  const answers = Array.from({ length: 10 }, (_, n) =>
    service.execute(`{ datafoldRun(monitorId: "7", runId: "${n}") { state } }`).then(
      ({ text }) => text,
      (error: unknown) => String(error),
    ),
  );
  await providers.datafold.arrived(waiting + 10);
  const started = performance.now();
  const code = await service.stop();
  const ms = performance.now() - started;
  for (const text of await Promise.all(answers))
    tally.check('beside a hanging provider: is answered', text.includes('"code":"UPSTREAM_TIMEOUT"'), text);
  tally.check(
    'beside a hanging provider: ends within the grace and a second',
    ms <= grace + 1_000,
    `${Math.round(ms)} ms`,
  );
  tally.check('beside a hanging provider: ends with 0', code === 0, code);
  tally.check(
    'beside a hanging provider: no unexpected error',
    !service.output().includes('unexpected error'),
    service.output().slice(-800),
  );
  tally.measured(`beside a hanging provider over after ${Math.round(ms)} ms, with a grace of ${grace} ms`);

  // Idle, and with a connection that a browser has opened in advance.
  providers.datafold.onAny({ status: 404 });
  await tally.attempt('idle: ends at once', () => stopIdle(providers));
}

async function stopIdle(providers: Providers): Promise<void> {
  const service: RunningService = await start(providers, { SHUTDOWN_DELAY_MS: '100' });
  await service.execute('{ __typename }');
  const started = performance.now();
  const code = await service.stop();
  const ms = performance.now() - started;
  if (code !== 0 || ms > 2_000) throw new Error(`code ${code} after ${Math.round(ms)} ms`);
}

/** Impatience ends it at once, and without a stack. */
async function stopTwice(tally: Tally, providers: Providers): Promise<void> {
  const service = await start(providers, { SHUTDOWN_DELAY_MS: '500' });
  await service.execute('{ __typename }');
  const first = service.stop('SIGTERM');
  await setTimeout(50);
  process.kill(service.pid, 'SIGTERM');
  const code = await first;
  tally.check(
    'told twice: ends, without a stack',
    code !== null || !/\n +at /.test(service.output()),
    service.output(),
  );
  tally.measured(`told twice: code ${code}`);
}
