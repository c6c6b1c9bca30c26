/**
 * Ids as weapons (P-01 to P-03, P-05): by each entry point, whatever isn't of a provider's grammar is refused before any call,
 * and whatever is arrives digit for digit.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { notDatafolds, notOlosteps } from '../../support/bad-ids.ts';
import { datafoldKey, olostepKey } from '../../support/bodies.ts';
import { datafoldGrammar, datafoldIds, olostepIds, toId } from '../../support/random-ids.ts';
import { runConcurrently } from '../concurrency.ts';
import { canaries, type RunningService, type ServiceResponse, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { type FaultServer, reply, startFaultServer } from '../upstream/fault-server.ts';
import { datafold, olostep, type Subject, subjects } from '../upstream/subjects.ts';

interface World {
  readonly tally: Tally;
  readonly service: RunningService;
  readonly servers: ReadonlyMap<Subject, FaultServer>;
}

type Key = { readonly provider: string; readonly monitorId: unknown; readonly runId: unknown };

export async function run(tally: Tally): Promise<void> {
  const servers = new Map<Subject, FaultServer>();
  // An answer without ids fits every question.
  for (const subject of subjects)
    servers.set(subject, await startFaultServer((socket) => reply(socket, { body: '{}' })));
  const urls = [...servers].map(([{ variable }, { baseUrl }]) => [variable, baseUrl]);
  const service = await startService(Object.fromEntries(urls));
  const world = { tally, service, servers };

  await tryBadIds(world);
  await tryNumbers(world);
  await tryNames(world);
  await tryLongIds(world);
  for (const grammar of grammars) await tryRandomIds(world, grammar);

  tally.check('no key is seen', service.leaks().length === 0, service.leaks());
  await service.stop();
  for (const server of servers.values()) server.close();
}

const callsOf = ({ servers }: World): number =>
  [...servers.values()].reduce((sum, server) => sum + server.requests.length, 0);

/** A way to hand a key over. */
interface Way {
  readonly name: string;
  readonly query: string;
  readonly path: readonly (string | number)[];
  toVariables(key: Key): object;
}

const toGlobalId = ({ provider, monitorId, runId }: Key) => `${provider}:${monitorId}:${runId}`;

const ways: readonly Way[] = [
  {
    name: 'monitorRun(key)',
    query: 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }',
    path: ['monitorRun'],
    toVariables: (key) => ({ key }),
  },
  {
    name: 'monitorRuns(keys)',
    query: 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { id } }',
    path: ['monitorRuns', 0],
    toVariables: (key) => ({ keys: [key] }),
  },
  {
    name: 'node(id)',
    query: 'query ($id: ID!) { node(id: $id) { id } }',
    path: ['node'],
    toVariables: (key) => ({ id: toGlobalId(key) }),
  },
  {
    name: 'nodes(ids)',
    query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
    path: ['nodes', 0],
    toVariables: (key) => ({ ids: [toGlobalId(key)] }),
  },
];

const ownWay = (provider: string): Way => {
  const field = `${provider.toLowerCase()}Run`;
  return {
    name: field,
    query: `query ($monitorId: ID!, $runId: ID!) { ${field}(monitorId: $monitorId, runId: $runId) { id } }`,
    path: [field],
    toVariables: ({ monitorId, runId }) => ({ monitorId, runId }),
  };
};

const waysTo = (provider: string) => [...ways, ownWay(provider)];

/** Whether the answer is one refusal, in place of the run or of the whole. */
const isRefusal = ({ status, body }: ServiceResponse, path: readonly (string | number)[]): boolean =>
  [200, 400].includes(status) &&
  body.errors?.length === 1 &&
  body.errors[0].extensions.code === 'BAD_USER_INPUT' &&
  isDeepStrictEqual(body.errors[0].path ?? path, path);

async function tryBadIds(world: World): Promise<void> {
  const { tally, service } = world;
  const attacks = [
    ...notDatafolds.flatMap((id) => [
      { ...datafoldKey, monitorId: id },
      { ...datafoldKey, runId: id },
    ]),
    ...notOlosteps('monitor_', 'run_').map((id) => ({ ...olostepKey, monitorId: id })),
    ...notOlosteps('run_', 'monitor_').map((id) => ({ ...olostepKey, runId: id })),
  ].flatMap((key) => waysTo(key.provider).map((way) => ({ key, way })));
  const before = callsOf(world);
  await runConcurrently(16, attacks, async ({ key, way }) => {
    const answer = await service.execute(way.query, way.toVariables(key));
    tally.check(`${way.name} ${JSON.stringify(key).slice(0, 200)}`, isRefusal(answer, way.path), answer.text);
  });
  tally.check('no bad id leads to a call', callsOf(world) === before, callsOf(world) - before);
}

/** How a number is written: as text, as a JSON number, in the document. */
const forms = {
  text: (digits: string) => ({ literal: '$id', id: digits as unknown }),
  number: (digits: string) => ({ literal: '$id', id: JSON.rawJSON(digits) as unknown }),
  literal: (digits: string) => ({ literal: digits, id: '' as unknown }),
} as const;

const wholeNumbers = ['0', '1', '42', '2147483647', '2147483648', '9007199254740991'];
const beyondNumbers = ['9007199254740992', '9007199254740993', '9223372036854775807'];
const notWhole = ['-1', '1.5', '1e400', '9223372036854775808', '9999999999999999999', '123456789012345678901234567890'];
const notCanonical = ['01', '+1', ' 1', '1 ', '0x10', '1_000', '１', 'NaN', '1e3', '1.0', '-0', ''];

/** What of it arrives at Datafold; nothing, when it is to be refused. */
const numberCases: readonly { form: keyof typeof forms; digits: string; arrives?: string }[] = [
  ...wholeNumbers.flatMap((digits) => [
    { form: 'text' as const, digits, arrives: digits },
    { form: 'number' as const, digits, arrives: digits },
    { form: 'literal' as const, digits, arrives: digits },
  ]),
  // A number of JSON is rounded before any code can see it; text and the document's own literals aren't.
  ...beyondNumbers.flatMap((digits) => [
    { form: 'text' as const, digits, arrives: digits },
    { form: 'number' as const, digits },
    { form: 'literal' as const, digits, arrives: digits },
  ]),
  ...notWhole.flatMap((digits) => (['text', 'number', 'literal'] as const).map((form) => ({ form, digits }))),
  ...notCanonical.map((digits) => ({ form: 'text' as const, digits })),
  ...['01', '+1', '0x10', '1_000', 'NaN', '1e3', '1.0', '-0', 'true', 'null', '[7]', '{}'].map((digits) => ({
    form: 'literal' as const,
    digits,
  })),
];

async function tryNumbers({ tally, service, servers }: World): Promise<void> {
  const server = servers.get(datafold);
  for (const { form, digits, arrives } of numberCases) {
    const { literal, id } = forms[form](digits);
    const parameter = literal === '$id' ? 'query ($id: ID!) ' : '';
    const before = server?.requests.length ?? 0;
    const answer = await service.execute(
      `${parameter}{ run: datafoldRun(monitorId: ${literal}, runId: ${literal}) { id monitorId } }`,
      { id },
    );
    const paths = server?.requests.slice(before).map(({ path }) => path) ?? [];
    const isWell = arrives
      ? paths.join() === `/api/v1/monitors/${arrives}/runs/${arrives}` && answer.body.data.run.monitorId === arrives
      : paths.length === 0 && answer.body.errors?.[0]?.extensions.code === 'BAD_USER_INPUT';
    tally.check(`${digits} as ${form}`, isWell, [paths, answer.text]);
  }
}

/** Names that all objects inherit, wherever a client may write a name. */
async function tryNames(world: World): Promise<void> {
  const { tally, service } = world;
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
  for (const name of names) {
    const requested = [
      await service.execute(`{ ${name}: datafoldRun(monitorId: 7, runId: 42) { ${name}: id } }`),
      await service.execute(
        `query ($${name}: ID!) { datafoldRun(monitorId: $${name}, runId: 42) { id } }`,
        JSON.parse(`{"${name}":"7"}`),
      ),
      await service.execute(`{ monitorRun(key: { provider: ${name}, monitorId: 7, runId: 42 }) { id } }`),
      await service.execute('query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }', {
        key: { ...datafoldKey, provider: name },
      }),
      await service.execute('query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }', {
        key: JSON.parse(`{"${name}":{"polluted":true},"provider":"DATAFOLD","monitorId":"7","runId":"42"}`),
      }),
      await service.execute(
        `query ${name} { ...${name} } fragment ${name} on Query { datafoldRun(monitorId: 7, runId: 42) { id } }`,
      ),
    ];
    const codes = requested.map(({ status, body }) => `${status} ${body.errors?.[0]?.extensions.code ?? 'data'}`);
    const isDefined = codes.every((code) => /^(200 data|[24]00 BAD_USER_INPUT)$/.test(code));
    tally.check(`${name} as a name`, isDefined, codes);
  }
  const key = { ...olostepKey, monitorId: 'monitor___proto__', runId: 'run_constructor' };
  const { body } = await service.execute(ownWay('OLOSTEP').query, key);
  tally.check('names within ids', body.data?.olostepRun?.id === toGlobalId(key), body);
}

/** Long ids, as many as a request holds: their length is looked at first. */
async function tryLongIds({ tally, service }: World): Promise<void> {
  for (const id of ['9'.repeat(45_000), `run_${'a'.repeat(45_000)}`, `${'0'.repeat(44_999)}1`, ' '.repeat(45_000)]) {
    for (const { provider } of subjects) {
      const way = ownWay(provider);
      const answer = await service.execute(way.query, { monitorId: id, runId: id });
      tally.check(
        `${provider} ${id.slice(0, 9)}… of ${id.length}`,
        isRefusal(answer, way.path) && answer.ms < 1_000,
        answer.ms,
      );
    }
  }
}

/** The grammars, said again in other words, so that a slip of the service's own is seen. */
interface Grammar {
  readonly subject: Subject;
  readonly authorization: string;
  readonly monitorId: Pick<RegExp, 'test'>;
  readonly runId: Pick<RegExp, 'test'>;
  readonly requestLine: RegExp;
  readonly keys: fc.Arbitrary<{ monitorId: string; runId: string }>;
}

const grammars: readonly Grammar[] = [
  {
    subject: datafold,
    authorization: `Key ${canaries.DATAFOLD}`,
    monitorId: datafoldGrammar,
    runId: datafoldGrammar,
    requestLine: /^GET \/api\/v1\/monitors\/(0|[1-9]\d{0,18})\/runs\/(0|[1-9]\d{0,18}) HTTP\/1\.1$/,
    keys: fc.record({ monitorId: toId(datafoldIds), runId: toId(datafoldIds) }),
  },
  {
    subject: olostep,
    authorization: `Bearer ${canaries.OLOSTEP}`,
    monitorId: /^monitor_[A-Za-z0-9_-]{1,128}$/,
    runId: /^run_[A-Za-z0-9_-]{1,128}$/,
    requestLine: /^GET \/v1\/monitors\/monitor_[A-Za-z0-9_-]{1,128}\/runs\/run_[A-Za-z0-9_-]{1,128} HTTP\/1\.1$/,
    keys: fc.record({ monitorId: toId(olostepIds('monitor_')), runId: toId(olostepIds('run_')) }),
  },
];

const lists = 100;
const keysPerList = 50;

async function tryRandomIds({ tally, service, servers }: World, grammar: Grammar): Promise<void> {
  const { subject, authorization, monitorId, runId, requestLine, keys } = grammar;
  const server = servers.get(subject);
  if (server === undefined) return;
  const isGood = (key: { monitorId: string; runId: string }) => monitorId.test(key.monitorId) && runId.test(key.runId);
  const all = fc.sample(fc.array(keys, { minLength: keysPerList, maxLength: keysPerList, size: 'max' }), lists);
  const way = ways[1] as Way;
  let sent = 0;
  for (const list of all) {
    const before = server.requests.length;
    const { body } = await service.execute(way.query, {
      keys: list.map((key) => ({ provider: subject.provider, ...key })),
    });
    const refused = new Set((body.errors ?? []).map(({ path }: { path: (string | number)[] }) => path[1]));
    const isRight = list.every((key, index) => refused.has(index) !== isGood(key));
    const distinct = new Set(list.filter(isGood).map((key) => `${key.monitorId}/${key.runId}`)).size;
    const requests = server.requests.slice(before);
    const isClean = requests.every(({ head, authorization: sentKey }) => {
      const [line = '', ...headers] = head.split('\r\n');
      const hosts = headers.filter((header) => /^host:/i.test(header));
      return requestLine.test(line) && hosts.join() === `host: 127.0.0.1:${server.port}` && sentKey === authorization;
    });
    sent += requests.length;
    const details = { distinct, requests: requests.map(({ head }) => head.slice(0, 200)), list };
    tally.check(
      `${subject.provider} random ids`,
      isRight && isClean && requests.length === distinct,
      JSON.stringify(details),
    );
  }
  // Or it would have shown nothing.
  const count = lists * keysPerList;
  tally.check(`${subject.provider} random ids of both kinds`, sent > count / 20 && sent < count * 0.9, sent);
  tally.measured(`${subject.provider}: ${2 * count} random ids, ${sent} of ${count} keys good`);
}
