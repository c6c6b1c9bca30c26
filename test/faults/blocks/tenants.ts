/**
 * Fifty callers with one key each request the same runs at the same time, of providers that send each key something
 * else, sometimes late, sometimes wrongly (S-10): no caller ever gets another's response.
 */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { range } from '../concurrency.ts';
import { startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { extensionsBeyondList } from '../upstream/extensions.ts';
import { reply, startFaultServer, type WireAnswer } from '../upstream/fault-server.ts';
import { forwarding, toAuthorization } from '../upstream/forwarding.ts';
import { datafold, olostep, type Subject, toRun } from '../upstream/subjects.ts';

const tenants = 50;
const operations = Number(process.env.TENANT_OPERATIONS ?? 200);
/** How many different runs there are: few, so that the same ones are requested side by side. */
const runs = 5;
const share = { faults: 0.1, disconnects: 0.05 };

/** What a provider sends to the owner of a key, and to no other caller. */
const tagOf = (authorization: string) => createHash('sha256').update(authorization).digest('hex').slice(0, 16);

const answerOf =
  ({ toBody }: Subject): WireAnswer =>
  async (socket, { path, authorization }) => {
    const tag = tagOf(authorization);
    await setTimeout(Math.random() * 5);
    const fault = Math.random() < share.faults ? Math.floor(Math.random() * 4) : undefined;
    if (fault === 0) reply(socket, { status: 500, body: JSON.stringify({ tag }) });
    else if (fault === 1) socket.destroy();
    else if (fault === 2) reply(socket, { body: `{"error":"${tag}",` });
    else if (fault === 3) reply(socket, { status: 404 });
    else reply(socket, { body: JSON.stringify({ ...toBody(toRun(path)), error: tag, log_group: tag }) });
  };

const query = `query ($a: MonitorRunKey!, $b: MonitorRunKey!) {
  a: monitorRun(key: $a) { ... on DatafoldRun { tag: error } }
  b: monitorRun(key: $b) { ... on OlostepRun { tag: logGroup } }
}`;

export async function run(tally: Tally): Promise<void> {
  const far = await Promise.all([datafold, olostep].map((subject) => startFaultServer(answerOf(subject))));
  const service = await startService({
    ...forwarding,
    DATAFOLD_BASE_URL: far[0]?.baseUrl ?? '',
    OLOSTEP_BASE_URL: far[1]?.baseUrl ?? '',
    BREAKER_MIN_CALLS: '1000000',
    RETRY_BUDGET: '1000000',
    QUEUE_TIMEOUT_MS: '5000',
    MAX_EVENT_LOOP_LAG_MS: '60000',
  });
  const counts = { own: 0, foreign: 0, failed: 0, absent: 0, left: 0 };

  const execute = async (tenant: number, operation: number) => {
    const runNumber = operation % runs;
    const keys = { [datafold.header]: `key-${tenant}`, [olostep.header]: `key-${tenant}` };
    const variables = { a: datafold.toKey(runNumber), b: olostep.toKey(runNumber) };
    const disconnect = new AbortController();
    if (Math.random() < share.disconnects) setTimeout(Math.random() * 5).then(() => disconnect.abort());
    const response = await fetch(service.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...keys },
      body: JSON.stringify({ query, variables }),
      signal: disconnect.signal,
    });
    return { status: response.status, text: await response.text() };
  };
  const count = (tenant: number, { status, text }: { status: number; text: string }) => {
    const { data, errors = [] } = JSON.parse(text);
    for (const [name, subject] of [
      ['a', datafold],
      ['b', olostep],
    ] as const) {
      const tag = data?.[name]?.tag;
      if (tag === tagOf(toAuthorization(subject, `key-${tenant}`))) counts.own++;
      else if (tag !== undefined) counts.foreign++;
      else if (errors.some(({ path }: { path: string[] }) => path?.[0] === name)) counts.failed++;
      else counts.absent++;
    }
    // Of the tags, an answer has its caller's two at the most, and no error repeats one.
    const problems = extensionsBeyondList({ errors });
    const isWell =
      status === 200 &&
      problems.length === 0 &&
      !/[0-9a-f]{16}/.test(JSON.stringify(errors).replaceAll(/"requestId":"[^"]*"/g, ''));
    tally.check('an answer', isWell, text);
  };

  const started = performance.now();
  await Promise.all(
    range(0, tenants).map(async (tenant) => {
      for (const operation of range(0, operations)) {
        const answer = await execute(tenant, operation).catch(() => undefined);
        if (answer === undefined) counts.left++;
        else count(tenant, answer);
      }
    }),
  );
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);

  tally.check('no caller gets what another one receives', counts.foreign === 0, counts.foreign);
  // Or it would have shown nothing.
  const most = 2 * tenants * operations;
  tally.check('most get data', counts.own > most / 2 && counts.failed > 0 && counts.left > 0, counts);
  tally.check("no caller's key is seen", !/\bkey-\d/.test(service.output()));
  tally.measured(
    `${tenants} callers, ${tenants * operations} operations in ${seconds} s: ${counts.foreign} foreign answers`,
  );
  tally.measured(`${counts.own} own, ${counts.failed} failed, ${counts.absent} absent, ${counts.left} left`);
  await service.stop();
  for (const server of far) server.close();
}
