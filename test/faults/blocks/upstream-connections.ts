/**
 * Providers that can't be reached, or that aren't who they should be (U-01 to U-03): refused, swallowed, not found, and
 * every way that TLS fails. Whatever it is, the peer never sees a key.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningService, type ServiceResponse, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { openBlackHole } from '../upstream/black-hole.ts';
import { reply, startFaultServer } from '../upstream/fault-server.ts';
import { patienceMs } from '../upstream/patience.ts';
import { otherThan, type Subject, subjects, toRun } from '../upstream/subjects.ts';
import { trusted, type Unreachable, unreachables, untrusted } from '../upstream/unreachable.ts';

/** Less than by default, so that the block is shorter, and enough for a busy machine. */
const operationMs = 4_000;
const environment = {
  OPERATION_TIMEOUT_MS: String(operationMs),
  UPSTREAM_ATTEMPT_TIMEOUT_MS: '1000',
  CONNECT_TIMEOUT_MS: '500',
  RETRY_BUDGET: '1000',
  BREAKER_MIN_CALLS: '1000',
};

const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';

export async function run(tally: Tally): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fault-suite-'));
  const file = join(folder, 'trusted.pem');
  writeFileSync(file, trusted);
  await tryTls(tally, unreachables, { NODE_EXTRA_CA_CERTS: file });
  await tryTls(tally, [{ ...untrusted, name: 'has a certificate without a signature, checks switched off' }], {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  });
  rmSync(folder, { recursive: true });
  for (const subject of subjects) await tryAddresses(tally, subject);
}

/** One service, whose connections go to whom the case says. */
async function tryTls(tally: Tally, cases: readonly Unreachable[], env: Readonly<Record<string, string>>) {
  const switchboards = await Promise.all(subjects.map(openSwitchboard));
  const variables = switchboards.map(({ subject, port }) => [subject.variable, `https://127.0.0.1:${port}`]);
  const service = await startService({ ...environment, ...env, ...Object.fromEntries(variables) });
  await Promise.all(
    switchboards.map(async (switchboard) => {
      for (const one of cases) await tryUnreachable(tally, service, switchboard, one);
    }),
  );
  tally.check('no key is seen', service.leaks().length === 0, service.leaks());
  await service.stop();
  for (const { close } of switchboards) close();
}

/** A port of a provider, behind which the server can change. */
async function openSwitchboard(subject: Subject) {
  const sockets = new Set<Socket>();
  let take: ((socket: Socket) => void) | undefined;
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    take?.(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    subject,
    port: (server.address() as AddressInfo).port,
    /** Ends what there is, and has the next connections taken so. */
    connect(next: typeof take) {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      take = next;
    },
    connections: () => sockets.size,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

type Switchboard = Awaited<ReturnType<typeof openSwitchboard>>;

async function tryUnreachable(tally: Tally, service: RunningService, switchboard: Switchboard, one: Unreachable) {
  const { subject, connect, connections } = switchboard;
  const taker = await one.open(subject);
  connect(taker.take);
  const answer = await service.execute(query, { key: subject.toKey(1) });
  const problems = problemsOf(answer, [one.code]);
  if (connections() > one.connections) problems.push(`${connections()} connections, not ${one.connections}`);
  if (one.code !== 'data' && taker.requests() > 0) problems.push('the key was sent');
  tally.check(`${subject.provider} ${one.name}`, problems.length === 0, problems);
  taker.close();
}

function problemsOf({ body, ms }: ServiceResponse, codes: readonly string[]): string[] {
  const code = body.errors?.[0]?.extensions.code ?? 'data';
  return [
    codes.includes(code) ? [] : [`${code}, not ${codes}`],
    ms > operationMs + patienceMs() ? [`${Math.round(ms)} ms`] : [],
  ].flat();
}

/** Addresses where no server is, beside another provider that works. */
async function tryAddresses(tally: Tally, subject: Subject): Promise<void> {
  const hole = await openBlackHole();
  const { port, close } = await openSwitchboard(subject);
  close();
  await tryAddress(tally, subject, 'refuses connections', `http://127.0.0.1:${port}`, ['UPSTREAM_UNAVAILABLE']);
  await tryAddress(tally, subject, 'swallows connections', `http://127.0.0.1:${hole.port}`, ['UPSTREAM_TIMEOUT']);
  // Without a name server, it may take until the end to be sure.
  const notFound = ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT'];
  await tryAddress(tally, subject, 'has a name that is not found', 'https://nowhere.invalid', notFound);
  hole.close();
}

async function tryAddress(tally: Tally, subject: Subject, name: string, baseUrl: string, codes: readonly string[]) {
  const sibling = otherThan(subject);
  const healthy = await startFaultServer((socket, { path }) =>
    reply(socket, { body: JSON.stringify(sibling.toBody(toRun(path))) }),
  );
  const urls = { [subject.variable]: baseUrl, [sibling.variable]: healthy.baseUrl };
  const service = await startService({ ...environment, ...urls });
  const both =
    'query ($a: MonitorRunKey!, $b: MonitorRunKey!) { a: monitorRun(key: $a) { id } b: monitorRun(key: $b) { id } }';
  const answer = await service.execute(both, { a: subject.toKey(1), b: sibling.toKey(1) });
  const problems = problemsOf(answer, codes);
  if (answer.body.data.b === null || answer.body.errors?.length !== 1) problems.push('the sibling is touched');
  tally.check(`${subject.provider} ${name}`, problems.length === 0, [...problems, ...service.leaks()]);
  await service.stop('SIGKILL');
  healthy.close();
}
