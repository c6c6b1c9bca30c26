/**
 * Keys go to their own provider and nowhere else (S-03 to S-06, S-17): not to the other one, not to a proxy, not back to a
 * client, whatever a provider echoes; and a caller's key that can't be sent is refused before any call.
 */

import { range, runConcurrently } from '../concurrency.ts';
import { canaries, type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { extensionsBeyondList } from '../upstream/extensions.ts';
import { type FaultServer, reply, startFaultServer, type WireAnswer } from '../upstream/fault-server.ts';
import { forwarding, toAuthorization } from '../upstream/forwarding.ts';
import { otherThan, type Subject, subjects, toRun } from '../upstream/subjects.ts';
import { openWire } from '../wire.ts';

export async function run(tally: Tally): Promise<void> {
  await tryMixed(tally);
  await tryEchoes(tally);
  await tryMalformed(tally);
  await tryCoolDown(tally);
}

interface World {
  readonly service: RunningService;
  readonly servers: ReadonlyMap<Subject, FaultServer>;
}

/** A service between both providers, for one scene. */
async function withWorld(
  answer: (subject: Subject) => WireAnswer,
  env: Readonly<Record<string, string>>,
  scene: (world: World) => Promise<void>,
): Promise<void> {
  const servers = new Map<Subject, FaultServer>();
  for (const subject of subjects) servers.set(subject, await startFaultServer(answer(subject)));
  const urls = [...servers].map(([{ variable }, { baseUrl }]) => [variable, baseUrl]);
  // Where keys go is on trial, and not whom a busy machine refuses.
  const calm = { MAX_EVENT_LOOP_LAG_MS: '60000' };
  const service = await startService({ ...calm, ...Object.fromEntries(urls), ...env });
  await scene({ service, servers });
  await service.stop();
  for (const server of servers.values()) server.close();
}

const report =
  ({ toBody }: Subject): WireAnswer =>
  (socket, { path }) =>
    reply(socket, { body: JSON.stringify(toBody(toRun(path))) });

const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';
const all = `query ($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) {
    id
    ... on DatafoldRun { rawState error warnings }
    ... on OlostepRun { snapshot logGroup events { nodes { message } } }
  }
}`;

/** Operations of both providers in all mixtures, beside a proxy that the environment names. */
async function tryMixed(tally: Tally): Promise<void> {
  const proxy = await startFaultServer((socket) => reply(socket, { body: '{}' }));
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
  const env = Object.fromEntries(proxies.map((name) => [name, proxy.baseUrl]));
  await withWorld(
    report,
    { ...env, NODE_USE_ENV_PROXY: '1', QUEUE_TIMEOUT_MS: '5000' },
    async ({ service, servers }) => {
      await runConcurrently(16, range(0, 2_000), async (round) => {
        const keys = range(0, 1 + (round % 4)).map((index) =>
          subjects[(round >> index) % 2 ? 1 : 0].toKey(round * 10 + index),
        );
        const { body } = await service.execute(all, { keys });
        const ids = body.data?.monitorRuns.map((run: { id: string } | null) => run?.id);
        const expected = keys.map(({ provider, monitorId, runId }) => `${provider}:${monitorId}:${runId}`);
        tally.check('a mixed operation', ids?.join() === expected.join(), body);
      });
      for (const [subject, { requests, port }] of servers) {
        const right = toAuthorization(subject, canaries[subject.provider]);
        const wrong = requests.filter(
          ({ authorization, head }) =>
            authorization !== right ||
            head.includes(canaries[otherThan(subject).provider]) ||
            !head.includes(`\r\nhost: 127.0.0.1:${port}`),
        );
        const name = `${subject.provider} gets its own key alone, every time`;
        tally.check(name, wrong.length === 0 && requests.length > 1_000, wrong[0]?.head);
        tally.measured(`${requests.length} requests to ${subject.provider}`);
      }
      tally.check('nothing goes to a proxy', proxy.connections() === 0);
    },
  );
  proxy.close();
}

/** A provider that repeats the key wherever there is room for text. */
const echoes: readonly [name: string, code: string, answer: (authorization: string) => Parameters<typeof reply>[1]][] =
  [
    ['in the text of 401', 'UPSTREAM_AUTH_FAILED', (key) => ({ status: 401, body: `{"detail":"Invalid key ${key}"}` })],
    ['in WWW-Authenticate', 'UPSTREAM_AUTH_FAILED', (key) => ({ status: 401, headers: { 'www-authenticate': key } })],
    ['in the reason', 'FORBIDDEN', (key) => ({ status: 403, reason: key })],
    [
      'in 422',
      'BAD_USER_INPUT',
      (key) => ({ status: 422, body: JSON.stringify({ detail: [{ input: key, ctx: { key } }] }) }),
    ],
    [
      'in a cookie',
      'data',
      (key) => ({ headers: { 'set-cookie': `session=${encodeURIComponent(key)}; Path=/` }, body: '{}' }),
    ],
    [
      'in a header',
      'data',
      (key) => ({ headers: { 'x-request-key': key, 'x-request-id': key, etag: `"${key}"` }, body: '{}' }),
    ],
    [
      'in the type',
      'UPSTREAM_BAD_RESPONSE',
      (key) => ({ headers: { 'content-type': `text/${key.replace(' ', '-')}` }, body: '{}' }),
    ],
    [
      'in a redirect',
      'UPSTREAM_BAD_RESPONSE',
      (key) => ({ status: 302, headers: { location: `/login?key=${encodeURIComponent(key)}` } }),
    ],
    ['in HTML', 'UPSTREAM_BAD_RESPONSE', (key) => ({ headers: { 'content-type': 'text/html' }, body: `<p>${key}` })],
    ['in what is not JSON', 'UPSTREAM_BAD_RESPONSE', (key) => ({ body: `${key}` })],
    ['in JSON that is no object', 'UPSTREAM_BAD_RESPONSE', (key) => ({ body: JSON.stringify([key]) })],
    ['as an id', 'UPSTREAM_BAD_RESPONSE', (key) => ({ body: JSON.stringify({ run_id: key, monitor_id: key }) })],
    [
      'in unknown fields',
      'UPSTREAM_BAD_RESPONSE',
      (key) => ({ body: JSON.stringify({ headers: { authorization: key } }) }),
    ],
    ['in Retry-After', 'UPSTREAM_UNAVAILABLE', (key) => ({ status: 503, headers: { 'retry-after': key } })],
    ['in 500', 'UPSTREAM_UNAVAILABLE', (key) => ({ status: 500, reason: key, body: key })],
    ['in a broken header', 'UPSTREAM_BAD_RESPONSE', (key) => ({ headers: { [`x ${key}\0`]: key }, body: '{}' })],
  ];

async function tryEchoes(tally: Tally): Promise<void> {
  const echo =
    (): WireAnswer =>
    (socket, { path, authorization }) => {
      const [, , answer] = echoes[toRun(path)] ?? [];
      reply(socket, answer?.(authorization) ?? { body: '{}' });
    };
  const env = { BREAKER_MIN_CALLS: '100000', NODE_ENV: 'development' };
  await withWorld(echo, env, async ({ service }) => {
    for (const subject of subjects) {
      for (const [index, [name, code]] of echoes.entries()) {
        const { body } = await service.execute(query, { key: subject.toKey(index) });
        const outcome = body.errors?.[0].extensions.code ?? 'data';
        const problems = [...service.leaks(), ...extensionsBeyondList(body), ...(outcome === code ? [] : [outcome])];
        tally.check(`${subject.provider} echoes the key ${name}`, problems.length === 0, problems);
      }
    }
  });
}

const canary = 'cnryFWD5t7uQ9zX2';

/** Keys of a caller's that can't be sent on as they are; each is what stands behind the header's name, byte by byte. */
const malformed: Readonly<Record<string, string>> = {
  empty: '',
  'of spaces': '   ',
  'with a space': `${canary} a`,
  'with a tab': `${canary}\ta`,
  'with CR': `${canary}\ra`,
  'with LF': `${canary}\na`,
  'with a folded line': `${canary}\r\n x-evil: 1`,
  'with NUL': `${canary}\0`,
  'with DEL': `${canary}\x7f`,
  'with Latin-1': `${canary}\xe9`,
  'with UTF-8': `${canary}\xc3\xa9`,
  'with U+2028': `${canary}\xe2\x80\xa8`,
  'of 4,097 characters': canary.repeat(257),
  'of 64 KiB': canary.repeat(4_096),
  'of two schemes': `Key ${canary}, Bearer b`,
  'with its scheme': `Bearer ${canary}`,
};

async function tryMalformed(tally: Tally): Promise<void> {
  await withWorld(report, forwarding, async ({ service, servers }) => {
    const { port } = service;
    const calls = () => [...servers.values()].reduce((sum, { requests }) => sum + requests.length, 0);
    const send = async (subject: Subject, lines: readonly string[]) => {
      const body = JSON.stringify({ query, variables: { key: subject.toKey(1) } });
      const head = ['POST /graphql HTTP/1.1', `host: 127.0.0.1:${port}`, 'content-type: application/json', ...lines];
      const wire = await openWire(port);
      wire.send(`${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      const [answer] = await wire.answers(1);
      wire.reset();
      return answer;
    };
    const refuse = async (subject: Subject, name: string, lines: readonly string[]) => {
      const before = calls();
      const answer = await send(subject, lines);
      const { status = 0, body = '' } = answer ?? {};
      // What isn't HTTP at all never becomes an operation.
      const isRefused = [400, 431].includes(status) || (status === 200 && body.includes('"UNAUTHENTICATED"'));
      const isClean = calls() === before && !body.includes(canary.slice(0, 8));
      tally.check(`${subject.provider} with a key ${name}`, isRefused && isClean, [status, body, calls() - before]);
    };
    for (const subject of subjects) {
      for (const [name, value] of Object.entries(malformed))
        await refuse(subject, name, [`${subject.header}: ${value}`]);
      await refuse(subject, 'that is missing', []);
      await refuse(subject, 'of the other provider alone', [`${otherThan(subject).header}: ${canary}`]);
      await refuse(subject, 'in Authorization alone', [`authorization: ${toAuthorization(subject, canary)}`]);
      await refuse(subject, 'twice', [`${subject.header}: ${canary}`, `${subject.header}: ${canary}b`]);
      // Or all of the above would show nothing.
      const answer = await send(subject, [`${subject.header}:  \t${canary}  `]);
      const sent = servers.get(subject)?.requests.at(-1)?.authorization;
      tally.check(`${subject.provider} with a key in spaces`, sent === toAuthorization(subject, canary), answer);
    }
    tally.check("no caller's key is seen", !service.output().includes(canary.slice(0, 8)));
  });
}

/** A provider that wants a rest from one caller gets it, from that caller alone. */
async function tryCoolDown(tally: Tally): Promise<void> {
  const limited = `${canary}-limited`;
  const limit =
    (subject: Subject): WireAnswer =>
    (socket, request) => {
      const isLimited = request.authorization === toAuthorization(subject, limited);
      if (isLimited) reply(socket, { status: 429, headers: { 'retry-after': '86400' } });
      else report(subject)(socket, request);
    };
  await withWorld(limit, forwarding, async ({ service, servers }) => {
    for (const subject of subjects) {
      const execute = async (key: string) => {
        const { body } = await service.execute(query, { key: subject.toKey(1) }, { [subject.header]: key });
        return body.errors?.[0].extensions ?? { code: 'data' };
      };
      const calls = () => servers.get(subject)?.requests.length;
      const first = await execute(limited);
      tally.check(
        `${subject.provider} limits a caller`,
        first.code === 'RATE_LIMITED' && first.retryAfterMs === 86_400_000,
        first,
      );
      const others = await Promise.all(range(0, 20).map((other) => execute(`${canary}-${other}`)));
      tally.check(
        `${subject.provider} limits no other caller`,
        others.every(({ code }) => code === 'data'),
        others,
      );
      const before = calls();
      const again = await Promise.all(range(0, 20).map(() => execute(limited)));
      const isCalm = again.every(({ code, retryAfterMs }) => code === 'RATE_LIMITED' && retryAfterMs <= 60_000);
      tally.check(`${subject.provider} has its rest from that caller`, isCalm && calls() === before, again);
    }
  });
}
