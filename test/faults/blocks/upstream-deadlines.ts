/** The deadlines as they are by default: 3 s an attempt, 15 s an operation, `Retry-After` within that, connecting 1 s. */
import { datafoldMonitorRow } from '../../support/bodies.ts';
import { canaries, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { openBlackHole } from '../upstream/black-hole.ts';
import { drip } from '../upstream/fault.ts';
import { reply, startFaultServer, toHead, type WireAnswer } from '../upstream/fault-server.ts';
import { patienceMs } from '../upstream/patience.ts';
import { type Subject, subjects, toRun } from '../upstream/subjects.ts';

/** How a run's answer is late, and what comes of it in how many milliseconds. */
interface Case {
  readonly name: string;
  readonly play: WireAnswer;
  /** Whether the first attempt alone is late. */
  readonly isOnce: boolean;
  readonly code: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const hang: WireAnswer = () => {};
const dripBody: WireAnswer = (socket) => {
  socket.write(toHead(200, 'OK', { 'content-type': 'application/json', 'content-length': '99999' }));
  drip(socket, ' ', 200);
};
const waitFor =
  (seconds: number): WireAnswer =>
  (socket) =>
    reply(socket, { status: 503, headers: { 'retry-after': String(seconds) } });

const cases: readonly Case[] = [
  { name: 'hangs', play: hang, isOnce: false, code: 'UPSTREAM_TIMEOUT', fromMs: 5_950, toMs: 6_100 },
  { name: 'drips', play: dripBody, isOnce: false, code: 'UPSTREAM_TIMEOUT', fromMs: 5_950, toMs: 6_100 },
  { name: 'hangs once', play: hang, isOnce: true, code: 'data', fromMs: 2_950, toMs: 3_100 },
  { name: 'drips once', play: dripBody, isOnce: true, code: 'data', fromMs: 2_950, toMs: 3_100 },
  { name: 'Retry-After of 2 s', play: waitFor(2), isOnce: true, code: 'data', fromMs: 2_000, toMs: 2_100 },
  { name: 'Retry-After of 15 s', play: waitFor(15), isOnce: true, code: 'UPSTREAM_UNAVAILABLE', fromMs: 0, toMs: 100 },
];

const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';

export async function run(tally: Tally): Promise<void> {
  await Promise.all([
    ...subjects.map((subject) => tryCases(tally, subject)),
    trySwallowed(tally),
    tryOperations(tally),
  ]);
}

async function tryCases(tally: Tally, { provider, variable, header, toKey, toBody }: Subject): Promise<void> {
  const server = await startFaultServer((socket, request) => {
    const one = cases[toRun(request.path)];
    if (one === undefined || (one.isOnce && request.nth > 1))
      reply(socket, { body: JSON.stringify(toBody(toRun(request.path))) });
    else one.play(socket, request);
  });
  // Each case has another key, so that no cool-down is another's.
  const service = await startService({
    [variable]: server.baseUrl,
    CREDENTIALS: 'forwarded',
    DATAFOLD_API_KEY: '',
    OLOSTEP_API_KEY: '',
  });
  const execute = (index: number) =>
    service.execute(query, { key: toKey(index) }, { [header]: `${canaries[provider]}-${index}` });
  await execute(cases.length);
  await Promise.all(
    cases.map(async ({ name, code, fromMs, toMs }, index) => {
      const { body, ms } = await execute(index);
      const outcome = body.errors?.[0].extensions.code ?? 'data';
      const isInTime = ms >= fromMs && ms <= toMs + patienceMs();
      tally.check(`${provider} ${name}`, outcome === code && isInTime, `${outcome} after ${Math.round(ms)} ms`);
    }),
  );
  await service.stop('SIGKILL');
  server.close();
}

async function trySwallowed(tally: Tally): Promise<void> {
  const hole = await openBlackHole();
  const variables = subjects.map(({ variable }) => [variable, `http://127.0.0.1:${hole.port}`]);
  const service = await startService(Object.fromEntries(variables));
  await service.execute('{ __typename }');
  await Promise.all(
    subjects.map(async ({ provider, toKey }) => {
      const { body, ms } = await service.execute(query, { key: toKey(1) });
      const code = body.errors?.[0].extensions.code;
      // Three times, by undici's clock, which is coarse; the deadline of the operation bounds all of them.
      const isInTime = ms >= 1_000 && ms <= 15_000 + patienceMs();
      tally.check(
        `${provider} swallows connections`,
        code === 'UPSTREAM_TIMEOUT' && isInTime,
        `${code} after ${ms} ms`,
      );
    }),
  );
  await service.stop('SIGKILL');
  hole.close();
}

/** A list of 240 monitors that comes 20 a page, in 8 s each: two of them one after the other are more than an operation may take. */
async function tryOperations(tally: Tally): Promise<void> {
  const server = await startFaultServer((socket, { path }) => {
    const page = Number(new URL(path, 'http://localhost').searchParams.get('page') ?? 1);
    const monitors = Array.from({ length: 20 }, (_, index) => ({ ...datafoldMonitorRow, id: 20 * page + index }));
    const body = JSON.stringify({ count: 240, page, page_size: 20, total_pages: 12, monitors });
    setTimeout(() => reply(socket, { body }), 8_000);
  });
  const service = await startService({ DATAFOLD_BASE_URL: server.baseUrl, UPSTREAM_ATTEMPT_TIMEOUT_MS: '10000' });
  // The first of each kind has what it needs loaded.
  await Promise.all([
    service.execute('{ __typename }'),
    readParts(service.url, '{ __typename ... @defer { __typename } }'),
  ]);
  const runs = 'runs(first: 20, providers: [DATAFOLD]) { nodes { id } gaps { code } }';
  const check = (name: string, text: string, startedAt: number) => {
    const ms = performance.now() - startedAt;
    const isRight = text.includes('"code":"UPSTREAM_TIMEOUT"') && ms <= 15_000 + patienceMs();
    tally.check(name, isRight, `${text.slice(0, 500)} after ${Math.round(ms)} ms`);
  };
  const startedAt = performance.now();
  await Promise.all([
    service.execute(`{ ${runs} }`).then(({ status, text }) => {
      check('a list that takes too long is answered in part', text, startedAt);
      tally.check('a list that takes too long is no error of HTTP', status === 200, status);
    }),
    readParts(service.url, `{ __typename ... @defer { ${runs} } }`).then((text) => {
      check('the parts of an operation that takes too long come', text, startedAt);
      tally.check('the parts end with a last one', /"hasNext":false\}\r\n-----\r\n$/.test(text), text.slice(-500));
    }),
  ]);
  await service.stop('SIGKILL');
  server.close();
}

async function readParts(url: string, query: string): Promise<string> {
  const headers = { 'content-type': 'application/json', accept: 'multipart/mixed' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return response.text().catch((error: unknown) => String(error));
}
