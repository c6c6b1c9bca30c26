/**
 * A process that has run out of file descriptors: calls that need a new connection are OVERLOADED, by an address and by a
 * name, the circuit breaker stays closed, and once there are descriptors again all is well.
 */
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { datafoldBody, olostepBody } from '../../support/bodies.ts';
import { startFakeUpstream } from '../../support/fake-upstream.ts';
import { range } from '../concurrency.ts';
import { startService } from '../service.ts';
import type { Tally } from '../tally.ts';

/** As few as the service starts with, and some. */
const maxFiles = 120;
/** The circuit breaker opens from 20 calls on. */
const calls = 30;

export async function run(tally: Tally): Promise<void> {
  await exhaust(tally, 'by an address', '127.0.0.1');
  await exhaust(tally, 'by a name', 'localhost');
}

async function exhaust(tally: Tally, how: string, host: string): Promise<void> {
  const [datafold, olostep] = [await startFakeUpstream(), await startFakeUpstream()];
  datafold.onAny({ body: { ...datafoldBody, run_id: undefined, monitor_id: undefined } });
  olostep.onAny({ body: { ...olostepBody, run_id: undefined, monitor_id: undefined } });
  const urls = {
    DATAFOLD_BASE_URL: datafold.baseUrl.replace('127.0.0.1', host),
    OLOSTEP_BASE_URL: olostep.baseUrl.replace('127.0.0.1', host),
  };
  const service = await startService(urls, { maxFiles });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const execute = async (): Promise<string> => {
    const query = '{ olostepRun(monitorId: "monitor_a", runId: "run_b") { id } }';
    const headers = { 'content-type': 'application/json' };
    const sent = request(service.url, { method: 'POST', agent, headers }).end(JSON.stringify({ query }));
    const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
      sent.once('response', resolve).once('error', reject),
    );
    const { errors } = JSON.parse(await text(response));
    return errors?.[0].extensions.code ?? 'data';
  };
  const warm = JSON.stringify(
    await service.execute('{ datafoldRun(monitorId: 7, runId: 42) { id } }').then(({ body }) => body),
  );
  tally.check(`${how}: answers before`, !warm.includes('errors'), warm);
  // The one connection that clients are answered on; no connection to Olostep has been opened.
  await new Promise((resolve) => request(new URL('/health', service.url), { agent }, resolve).end()).then((response) =>
    text(response as NodeJS.ReadableStream),
  );

  const held = await takeAll(service.port);
  const codes: string[] = [];
  for (const _call of range(0, calls)) codes.push(await execute());
  const isOverloaded = codes.every((code) => code === 'OVERLOADED');
  tally.check(`${how}: calls are OVERLOADED`, isOverloaded, codes);
  tally.check(`${how}: the provider was not called`, olostep.requests.length === 0, olostep.requests.length);
  for (const socket of held) socket.destroy();
  const codeAfter = await requestUntil(execute, 'data');
  tally.check(`${how}: answers again`, codeAfter === 'data', codeAfter);
  const failures = service.output().match(/"reason":"[^"]*"|"breaker".*/g) ?? [];
  const isBlamed = failures.some((failure) => !failure.includes('"local EMFILE"'));
  tally.check(`${how}: the circuit breaker stays closed`, !isBlamed, failures);
  tally.measured(`${how}: ${held.length} idle connections took all descriptors`);
  agent.destroy();
  await service.stop();
  datafold.close();
  olostep.close();
}

/** Opens connections until the service can't take another one: that one is closed, unanswered. */
async function takeAll(port: number): Promise<Socket[]> {
  const held: Socket[] = [];
  for (;;) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    const isTaken = await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true)).once('close', () => resolve(false));
      socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
    if (!isTaken) return held;
    socket.resume();
    held.push(socket);
  }
}

/** Descriptors are free once the service has seen the connections end. */
async function requestUntil(execute: () => Promise<string>, wanted: string): Promise<string> {
  let code = '';
  for (let time = 0; time < 50 && code !== wanted; time++) code = await execute();
  return code;
}
