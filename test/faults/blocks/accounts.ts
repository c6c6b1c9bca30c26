/**
 * A hundred thousand operations of three accounts of each provider, interleaved, with all caches on: whatever a response has
 * is of the account that it names. All accounts have objects of the same ids; two of them share an address and two a key, so
 * that neither alone tells them apart; one is down at times, and only its fields fail. `ACCOUNT_OPERATIONS` makes it shorter.
 */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { datafoldMonitorBody, olostepMonitorBody } from '../../support/bodies.ts';
import { range, runConcurrently } from '../concurrency.ts';
import { createClient } from '../load.ts';
import { startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { extensionsBeyondList } from '../upstream/extensions.ts';
import { reply, startFaultServer, type WireAnswer, type WireRequest } from '../upstream/fault-server.ts';
import { datafold, olostep, subjects, toRun } from '../upstream/subjects.ts';

const operations = Number(process.env.ACCOUNT_OPERATIONS ?? 100_000);
const atATime = 24;
/** How many different runs there are: few, so that the same ones are requested side by side. */
const runs = 40;

/** Which key an account has, and on which of the two servers it is. `us` is the one that is down at times. */
const accounts = {
  default: { key: 'key-one', server: 'a' },
  eu: { key: 'key-two', server: 'a' },
  us: { key: 'key-two', server: 'b' },
} as const;
type Name = keyof typeof accounts;
const names = Object.keys(accounts) as Name[];

/** What a server sends to the owner of a key, and to no other caller. */
const toTag = (server: string, authorization: string) =>
  createHash('sha256').update(`${server} ${authorization}`).digest('hex').slice(0, 16);

const tagOf = (provider: string, name: Name): string => {
  const { key, server } = accounts[name];
  return toTag(server, `${provider === 'DATAFOLD' ? datafold.scheme : olostep.scheme} ${key}`);
};

/** Half of the runs end and are cached for long; the others go on. */
const toDatafoldRun = (run: number, tag: string) => ({
  ...datafold.toBody(run),
  ...{ state: run % 2 === 0 ? 'ok' : 'checking', error: tag },
});
const toDatafoldRow = (run: number) => ({
  ...{ run_id: run, monitor_id: 7, state: run % 2 === 0 ? 'ok' : 'checking', diff_id: null },
  started_at: new Date(Date.UTC(2026, 10, 20) + run * 60_000).toISOString(),
});
const toPage = (items: object) => ({ count: 1, page: 1, page_size: 100, total_pages: 1, ...items });

/** Each object has the tag in a text of it. */
function toBody({ path }: WireRequest, tag: string): object | undefined {
  const [pathname = ''] = path.split('?');
  const monitor = { ...datafoldMonitorBody, name: tag, last_run: '2026-11-20T08:00:00Z' };
  const other = { ...olostepMonitorBody, id: 'monitor_a', query: tag };
  switch (pathname) {
    case '/api/v1/monitors':
      return toPage({ monitors: [monitor] });
    case '/api/v1/monitors/7':
      return monitor;
    case '/api/v1/monitors/7/runs':
      return toPage({ count: 3, runs: [3, 2, 1].map(toDatafoldRow) });
    case '/v1/monitors':
      return { monitors: [other], count: 1 };
    case '/v1/monitors/monitor_a':
      return other;
    case '/v1/monitors/monitor_a/events':
      return { data: [], has_more: false, next_cursor: null, total_count: 0 };
    default:
      return pathname.startsWith('/api/')
        ? toDatafoldRun(toRun(pathname), tag)
        : { ...olostep.toBody(toRun(pathname)), log_group: tag };
  }
}

const runFields =
  'fragment Run on MonitorRun { __typename id account provider phase ... on DatafoldRun { tag: error } ... on OlostepRun { tag: logGroup } }';
const monitorFields =
  'fragment Monitor on Monitor { __typename id account provider ... on DatafoldMonitor { tag: name } ... on OlostepMonitor { tag: query } }';

/** An operation, of accounts and of a run. */
type Question = (names: readonly [Name, Name], run: number) => { readonly query: string; readonly variables: object };

const idOf = (provider: string, name: Name, monitorId: string, rest: string) =>
  `${provider}${name === 'default' ? '' : `@${name}`}:${monitorId}:${rest}`;

const questions: readonly Question[] = [
  ([name], run) => ({
    query: `query ($key: MonitorRunKey!) { monitorRun(key: $key) { ...Run } } ${runFields}`,
    variables: { key: { ...subjects[run % 2]?.toKey(run), account: name } },
  }),
  ([one, other], run) => ({
    query: `query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { ...Run monitor { ...Monitor } } } ${runFields} ${monitorFields}`,
    variables: {
      keys: subjects.flatMap((subject) => [one, other].map((account) => ({ ...subject.toKey(run), account }))),
    },
  }),
  ([one, other], run) => ({
    query: `query ($ids: [ID!]!) { nodes(ids: $ids) { ...Run ...Monitor } } ${runFields} ${monitorFields}`,
    variables: {
      ids: [
        idOf('DATAFOLD', one, '7', String(run)),
        idOf('OLOSTEP', other, 'monitor_a', `run_${run}`),
        `DATAFOLD${other === 'default' ? '' : `@${other}`}:monitor:7`,
      ],
    },
  }),
  ([one, other]) => ({
    query: `query ($accounts: [String!]) { runs(accounts: $accounts, first: 5) { nodes { ...Run } gaps { account code } } } ${runFields}`,
    variables: { accounts: [one, other] },
  }),
  ([one, other]) => ({
    query: `query ($accounts: [String!]) { monitorList(accounts: $accounts) { nodes { ...Monitor } gaps { account code } } } ${monitorFields}`,
    variables: { accounts: [one, other] },
  }),
  ([name]) => ({
    query: `query ($key: MonitorKey!) { monitor(key: $key) { ...Monitor runs(first: 3) { nodes { ...Run } } } } ${runFields} ${monitorFields}`,
    variables: { key: { provider: 'DATAFOLD', monitorId: '7', account: name } },
  }),
];

interface Found {
  readonly id: string;
  readonly account: Name;
  readonly provider: string;
  readonly tag: string | null;
}

/** All runs and monitors of an answer, wherever they are in it. */
function findAll(value: unknown, found: Found[] = []): Found[] {
  if (Array.isArray(value)) for (const item of value) findAll(item, found);
  else if (typeof value === 'object' && value !== null) {
    if ('tag' in value) found.push(value as unknown as Found);
    for (const item of Object.values(value)) findAll(item, found);
  }
  return found;
}

const isOwn = ({ id, account, provider, tag }: Found): boolean =>
  (tag === null || tag === tagOf(provider, account)) &&
  id.startsWith(account === 'default' ? `${provider}:` : `${provider}@${account}:`);

export async function run(tally: Tally): Promise<void> {
  let calls = 0;
  const answerOf =
    (server: string): WireAnswer =>
    async (socket, request) => {
      calls++;
      await setTimeout(Math.random() * 4);
      // Long enough for circuit breakers to open.
      const isDown = server === 'b' && Math.floor(performance.now() / 400) % 4 === 0;
      if (isDown && Math.random() < 0.5) socket.destroy();
      else if (isDown) reply(socket, { status: 500 });
      else reply(socket, { body: JSON.stringify(toBody(request, toTag(server, request.authorization)) ?? {}) });
    };
  const servers = { a: await startFaultServer(answerOf('a')), b: await startFaultServer(answerOf('b')) };
  const env = Object.fromEntries(
    subjects.flatMap(({ provider }) => [
      [`${provider}_ACCOUNTS`, 'eu,us'],
      ...names.flatMap((name) => {
        const prefix = name === 'default' ? provider : `${provider}_${name.toUpperCase()}`;
        const { key, server } = accounts[name];
        return [
          [`${prefix}_API_KEY`, key],
          [`${prefix}_BASE_URL`, servers[server].baseUrl],
        ];
      }),
    ]),
  );
  const service = await startService({
    ...env,
    ...{ RUN_CACHE: 'true', COALESCE_CALLS: 'true', FRESH_MS: '40', LIST_FETCH_THRESHOLD: '2' },
    ...{ BREAKER_OPEN_MS: '100', RETRY_BASE_DELAY_MS: '1', RETRY_MAX_DELAY_MS: '5', MAX_EVENT_LOOP_LAG_MS: '60000' },
  });
  const client = createClient(service.port, atATime);
  const counts = { objects: 0, crossed: 0, failed: 0, strangers: 0 };
  const wrong: unknown[] = [];
  const started = performance.now();
  await runConcurrently(atATime, range(0, operations), async () => {
    const pick = () => names[Math.floor(Math.random() * names.length)] as Name;
    const run = 1 + Math.floor(Math.random() * runs);
    const question = questions[Math.floor(Math.random() * questions.length)] as Question;
    const { query, variables } = question([pick(), pick()], run);
    const { status, text } = await client.execute(query, {}, variables);
    const { data, errors = [] } = JSON.parse(text);
    const found = findAll(data);
    const crossed = found.filter((one) => !isOwn(one));
    const failures = [
      ...errors.map(({ extensions }: { extensions: { account?: string } }) => extensions.account),
      ...[data?.runs, data?.monitorList].flatMap((list) =>
        (list?.gaps ?? []).map((gap: { account: string }) => gap.account),
      ),
    ];
    const strangers = failures.filter((account) => account !== 'us');
    counts.objects += found.length;
    counts.crossed += crossed.length;
    counts.failed += failures.length;
    counts.strangers += strangers.length;
    const problems = [...crossed, ...strangers, ...extensionsBeyondList({ errors })];
    if (status !== 200 || problems.length > 0) wrong.push(text.slice(0, 500));
  });
  const seconds = (performance.now() - started) / 1_000;

  tally.check('no object of another account than it names', counts.crossed === 0, wrong.slice(0, 3));
  tally.check('no account fails but the one that is down', counts.strangers === 0, wrong.slice(0, 3));
  tally.check('every answer is well', wrong.length === 0, wrong.slice(0, 3));
  // Or it would have shown nothing.
  tally.check(
    'there were objects, failures and cached responses',
    counts.objects > operations && counts.failed > 0 && calls < counts.objects,
    counts,
  );
  tally.check('no key is seen', !/\bkey-(one|two)/.test(service.output()));
  tally.measured(
    `${operations} operations in ${seconds.toFixed(1)} s: ${counts.crossed} of ${counts.objects} objects crossed`,
  );
  tally.measured(
    `${calls} upstream calls, ${counts.failed} failures, ${counts.strangers} of them of an account that is up`,
  );
  await client.close();
  await service.stop();
  for (const server of Object.values(servers)) server.close();
}
