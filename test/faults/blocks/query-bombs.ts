/**
 * Documents and bodies that cost far more than they weigh (C-01 to C-12), through every entrance: refused before any call,
 * and before the event loop notices.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';

/** The request. Large ones don't fit in a URL. */
interface Bomb {
  readonly query: string;
  readonly variables?: object;
  readonly operationName?: string;
}

/** The longest that one of them may block the event loop, in milliseconds. */
const maxMs = 50;
/** Another process may take the processor away for as long; a bomb that blocks does it each time. */
const tries = 4;
/** What needs no second try, in milliseconds. */
const fineMs = 25;

const run42 = 'datafoldRun(monitorId: "7", runId: "42")';
const times = (count: number, toText: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => toText(n)).join(' ');
const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

/** Fragments of which each uses the next twice. */
const doubling = (levels: number) =>
  `{ ${run42} { ...F0 } } ${times(levels, (n) => `fragment F${n} on DatafoldRun { a${n}: state ...F${n + 1} ...F${n + 1} }`)} fragment F${levels} on DatafoldRun { state }`;
/** The same with aliases at the root, where each would be a call. */
const doublingCalls = (levels: number) =>
  `{ ...F0 } ${times(levels, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${levels} on Query { ${times(10, (n) => `a${n}: datafoldRun(monitorId: "7", runId: "${n}") { state }`)} }`;
/** Through the only cycle that the schema has, that of introspection. */
const doublingTypes = (levels: number) =>
  `{ __schema { types { ...F0 } } } ${times(levels, (n) => `fragment F${n} on __Type { a: ofType { ...F${n + 1} } b: ofType { ...F${n + 1} } fields { type { ...F${n + 1} } } }`)} fragment F${levels} on __Type { name }`;

const aliases = (count: number) =>
  `{ ${times(count, (n) => `a${n}: datafoldRun(monitorId: "7", runId: "${n}") { state }`)} }`;
const keys = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ provider: 'DATAFOLD', monitorId: '7', runId: `${n}` }));
const byKeys = 'query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { phase } }';
const someLists = (lists: number) =>
  `{ ${times(lists, (list) => `l${list}: nodes(ids: [${times(20, (n) => `"DATAFOLD:${list}:${n}"`)}]) { id }`)} }`;

export const bombs: Record<string, Bomb> = {
  'C-01 51 aliases': { query: aliases(51) },
  'C-01 1,000 aliases': { query: aliases(1_000) },
  'C-01 10,000 aliases': { query: aliases(10_000) },
  'C-01 1,000 aliases of a name': { query: `{ ${times(1_000, (n) => `a${n}: __typename`)} }` },
  'C-02 fragments that double, 10 levels': { query: doubling(10) },
  'C-02 fragments that double, 20 levels': { query: doubling(20) },
  'C-02 fragments that double, 100 levels': { query: doubling(100) },
  'C-02 calls that double, 10 levels': { query: doublingCalls(10) },
  'C-02 calls that double, 25 levels': { query: doublingCalls(25) },
  'C-02 types that triple, 20 levels': { query: doublingTypes(20) },
  'C-03 100,000 tokens': { query: `{ ${'__typename '.repeat(100_000)} }` },
  'C-03 2,100 tokens': { query: `{ ${times(2_100, (n) => `f${n}`)} }` },
  'C-03 30,000 fields of one name': { query: `{ ${run42} { ${'state '.repeat(15_000)} } }` },
  'C-03 1,900 fields of one name': { query: `{ ${'__typename '.repeat(1_900)} }` },
  'C-03 3,000 fields with arguments': { query: `{ ${times(3_000, () => `${run42} { state }`)} }` },
  'C-03 180 fields with arguments': { query: `{ ${times(180, () => `${run42} { state }`)} }` },
  'C-04 600 x 5 of one name': { query: `{ ${times(600, () => `${run42} { ${'state '.repeat(5)} }`)} }` },
  'C-04 120 x 5 of one name': { query: `{ ${times(120, () => `${run42} { ${'state '.repeat(5)} }`)} }` },
  'C-04 300 named fragments': {
    query: `{ ${run42} { ${times(300, (n) => `...F${n}`)} } } ${times(300, (n) => `fragment F${n} on DatafoldRun { x: state }`)}`,
  },
  'C-04 200 fragments that differ': {
    query: `{ ${times(190, (n) => `...F${n}`)} } ${times(190, (n) => `fragment F${n} on Query { x: node(id: "${n}") { id } }`)}`,
  },
  'C-04 inline fragments, 50 x 50': { query: `{ ${run42} { ${times(50, () => `... { ${'state '.repeat(50)} }`)} } }` },
  'C-04 inline fragments, 30 x 30': {
    query: `{ ${run42} { ${times(30, () => `... { ${'x: state '.repeat(9)} }`)} } }`,
  },
  'C-05 selections, 11 deep': { query: nested('{ a ', '}', 11) },
  'C-05 selections, 5,000 deep': { query: nested('{ a ', '}', 5_000) },
  'C-05 selections, 660 deep': { query: nested('{ a ', '}', 660) },
  'C-05 a list, 5,000 deep': { query: `{ node(id: ${nested('[', ']', 5_000)}) { id } }` },
  'C-05 a list, 900 deep': { query: `{ node(id: ${nested('[', ']', 900)}) { id } }` },
  'C-05 an object, 480 deep': {
    query: `{ monitorRun(key: ${nested('{ a: ', '}', 480).replace('a: }', 'a: 1 }')}) { id } }`,
  },
  'C-05 a type, 5,000 deep': { query: `query ($a: ${nested('[', ']', 5_000)}) { __typename }` },
  'C-06 21 directives': { query: `{ __typename ${'@include(if: true) '.repeat(21)} }` },
  'C-06 10,000 directives': { query: `{ __typename ${'@include(if: true) '.repeat(10_000)} }` },
  'C-06 900 unknown directives': { query: `{ __typename ${times(900, (n) => `@d${n}`)} }` },
  'C-06 1,900 unknown fields': { query: `{ ${times(1_900, (n) => `f${n}`)} }` },
  'C-06 400 unknown arguments': { query: `{ datafoldRun(${times(400, (n) => `a${n}: 1`)}) { state } }` },
  'C-07 fragments in a circle': { query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }' },
  'C-07 a hundred fragments in a circle': {
    query: `{ ...F0 } ${times(100, (n) => `fragment F${n} on Query { ...F${(n + 1) % 100} }`)}`,
  },
  'C-07 introspection, 20 deep': {
    query: `{ __schema { types { fields { type ${nested('{ ofType ', '}', 20).replace('ofType }', 'name }')} } } }`,
  },
  'C-07 introspection, fields of fields': {
    query: `{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }`,
  },
  'C-08 5,000 operations': { query: times(5_000, (n) => `query Q${n} { __typename }`), operationName: 'Q1' },
  'C-08 480 operations': { query: times(480, (n) => `query Q${n} { a${n} }`), operationName: 'Q1' },
  'C-08 5,000 variables': { query: `query (${times(5_000, (n) => `$v${n}: Int`)}) { __typename }` },
  'C-08 400 variables': { query: `query (${times(400, (n) => `$v${n}: Int`)}) { __typename }` },
  'C-09 a string of 90 KB': { query: `{ node(id: "${'x'.repeat(90_000)}") { id } }` },
  'C-09 a string of 1 MB': { query: `{ node(id: "${'x'.repeat(1_000_000)}") { id } }` },
  'C-09 a comment of 90 KB': { query: `{ a } #${'x'.repeat(90_000)}` },
  'C-09 a variable of 90 KB': {
    query: 'query ($id: ID!) { node(id: $id) { id } }',
    variables: { id: 'x'.repeat(90_000) },
  },
  'C-11 a bomb in another operation': {
    query: `query A { __typename } ${`query B ${aliases(60)}`}`,
    operationName: 'A',
  },
  'C-11 aliases inside fragments': {
    query: `{ ...F ...G } fragment F on Query ${aliases(30)} fragment G on Query ${aliases(30)}`,
  },
  'C-11 a fragment used 60 times': {
    query: `{ ${times(60, () => '...F')} } fragment F on Query { a: ${run42} { state } }`,
  },
  'C-11 depth inside fragments': {
    query: `{ ...F0 } ${times(12, (n) => `fragment F${n} on Query { a { ...F${n + 1} } }`)} fragment F12 on Query { a }`,
  },
  'C-11 directives inside fragments': {
    query: `{ ${times(5, () => '...F')} } fragment F on Query { ${times(5, () => '__typename @skip(if: false)')} }`,
  },
  '101 keys': { query: byKeys, variables: { keys: keys(101) } },
  '900 keys': { query: byKeys, variables: { keys: keys(900) } },
  '51 fields of the query': { query: `{ ${'__typename '.repeat(51)} }` },
};

/**
 * Few fields, but of each type that they may be of, and of each combination of conditions: what is compiled for all of them is
 * a thousand times the text.
 */
const toManyPlans = (n: number): Bomb[] => {
  const conditions = ['a', 'b', 'c', 'd'];
  const node = 'node(id: "x")';
  const query = `query P${n}(${conditions.map((name) => `$${name}: Boolean!`)}) {
    ${conditions.map((name) => `${name}: ${node} @include(if: $${name}) { ...M }`)} e: ${node} { ...M } }
    fragment M on Monitor { runs { nodes { monitor { runs { nodes { monitor { runs { nodes { ...R } } } } } } } } }
    fragment R on MonitorRun { id provider monitorId runId phase outcome startedAt readAt isStale
      ... on DatafoldRun { state rawState diffId error warnings }
      ... on OlostepRun { finishedAt snapshot logGroup changed summary snapshotUrl snapshotAt } }`;
  const combinations = Array.from({ length: 16 }, (_, combination) =>
    Object.fromEntries(conditions.map((name, place) => [name, ((combination >> place) & 1) === 1])),
  );
  return combinations.map((variables) => ({ query, variables }));
};
/** The most that all of these may take in memory, in bytes. */
const maxPlannedBytes = 64 * 2 ** 20;

/** Bodies that aren't one operation. */
export const bodies: Record<string, string> = {
  'C-09 a body of 25 MB': `{"query":"{ __typename }","variables":{"a":"${'x'.repeat(25_000_000)}"}}`,
  'C-09 lists, 50,000 deep': nested('[', ']', 50_000),
  'C-09 objects, 15,000 deep': `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`,
  'C-09 variables, 15,000 deep': `{"query":"query ($id: ID!) { node(id: $id) { id } }","variables":{"id":${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}}}`,
  'C-09 10,000 variables': JSON.stringify({
    query: '{ __typenam }',
    variables: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`v${n}`, n])),
  }),
  'C-10 a batch of 1': JSON.stringify([{ query: '{ __typename }' }]),
  'C-10 a batch of 10': JSON.stringify(Array.from({ length: 10 }, () => ({ query: `{ ${run42} { state } }` }))),
  'C-10 a batch of 1,000': JSON.stringify(Array.from({ length: 1_000 }, () => ({ query: `{ ${run42} { state } }` }))),
  'C-11 a persisted document': JSON.stringify({
    extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } },
  }),
  'C-11 a persisted document, sent along': JSON.stringify({
    query: aliases(60),
    extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } },
  }),
};

/** Mistakes that a helpful service would mend with the right name (C-12). */
export const mistakes: Record<string, Bomb> = {
  'a field': { query: '{ datafoldRum(monitorId: "7", runId: "42") { state } }' },
  'a field of a run': { query: `{ ${run42} { stat } }` },
  'an argument': { query: '{ datafoldRun(monitorID: "7", runId: "42") { state } }' },
  'a type': {
    query: `{ monitorRun(key: { provider: DATAFOLD, monitorId: "7", runId: "42" }) { ... on DatafoldRum { state } } }`,
  },
  'an enum value': { query: '{ monitorRun(key: { provider: DATAFOLDS, monitorId: "7", runId: "42" }) { id } }' },
  'an enum value in a variable': {
    query: 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }',
    variables: { key: { provider: 'DATAFOLDS', monitorId: '7', runId: '42' } },
  },
  'a field of an input': { query: '{ monitorRun(key: { provider: DATAFOLD, monitorID: "7", runId: "42" }) { id } }' },
  'a directive': { query: '{ __typename @includes(if: true) }' },
};

/** One way to send it. */
interface Entrance {
  readonly name: string;
  /** Undefined when the bomb doesn't fit. */
  toRequest(bomb: Bomb): Sent | undefined;
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const json = { 'content-type': 'application/json' };
const toSearch = ({ query, variables, operationName }: Bomb) =>
  new URLSearchParams({
    query,
    ...(variables && { variables: JSON.stringify(variables) }),
    ...(operationName && { operationName }),
  }).toString();

const posting = (name: string, headers: Record<string, string>, toBody: (bomb: Bomb) => string): Entrance => ({
  name,
  toRequest: (bomb) => ({ method: 'POST', target: '/graphql', headers, body: toBody(bomb) }),
});
const getting = (name: string, headers: Record<string, string>): Entrance => ({
  name,
  toRequest: (bomb) => ({ method: 'GET', target: `/graphql?${toSearch(bomb)}`, headers }),
});

const entrances: readonly Entrance[] = [
  posting('POST', json, (bomb) => JSON.stringify(bomb)),
  posting('POST as a form', { 'content-type': 'application/x-www-form-urlencoded' }, toSearch),
  posting('POST as a document', { 'content-type': 'application/graphql' }, ({ query }) => query),
  getting('GET', { 'apollo-require-preflight': '1' }),
  getting('GET of a page', {}),
];

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** It measures how long the event loop is blocked. */
export const isExclusive = true;

export async function run(tally: Tally): Promise<void> {
  await withStage(
    async (stage) => {
      const post = entrances[0] as Entrance;
      // The first of everything takes its time.
      for (let n = 0; n < 300; n++) await send(stage, post.toRequest({ query: `{ warm${n} ${run42} { state } }` }));
      for (let n = 0; n < 50; n++)
        await send(stage, post.toRequest({ query: `{ ...A } fragment A on Query { ${run42} { a${n}: state } }` }));
      await stage.service.probe('collect');
      const quiet = await stage.service.probe();
      let worstMs = 0;
      let worst = '';
      let maxGrowth = 0;

      const attack = async (name: string, request: Sent, isRefused: (answered: Answered) => boolean) => {
        const before = stage.calls();
        let answered: Answered = { status: 0, text: '' };
        let blockedMs = Number.POSITIVE_INFINITY;
        for (let n = 0; n < tries && blockedMs > fineMs; n++) {
          await stage.service.probe();
          answered = await send(stage, request);
          const reading = await stage.service.probe();
          blockedMs = Math.min(blockedMs, reading.blockedMs);
          maxGrowth = Math.max(maxGrowth, reading.rss - quiet.rss);
        }
        const calls = stage.calls() - before;
        if (blockedMs > worstMs) [worstMs, worst] = [blockedMs, name];
        const shown = `${answered.status} ${answered.text.slice(0, 300)}`;
        const isShort = answered.text.length < 10_000;
        tally.check(`${name} is refused`, isRefused(answered) && answered.status < 500 && isShort, shown);
        tally.check(`${name} costs no call`, calls === 0, calls);
        tally.check(`${name} doesn't block`, blockedMs <= maxMs, `${Math.round(blockedMs)} ms`);
      };

      for (const entrance of entrances) {
        for (const [name, bomb] of Object.entries(bombs)) {
          const request = entrance.toRequest(bomb);
          if (request) await attack(`${entrance.name}: ${name}`, request, hasNoData);
        }
      }
      for (const [name, body] of Object.entries(bodies)) {
        await attack(`POST: ${name}`, { method: 'POST', target: '/graphql', headers: json, body }, hasNoData);
      }
      for (const [name, bomb] of Object.entries(mistakes)) {
        await attack(
          `POST: C-12 ${name}`,
          post.toRequest(bomb) as Sent,
          (answered) => hasNoData(answered) && !isHelpful(answered),
        );
      }
      const beforePlans = await stage.service.probe('collect');
      for (let n = 0; n < 40; n++) {
        const [first, ...others] = toManyPlans(n).map((bomb) => post.toRequest(bomb) as Sent);
        // From the third time on there is a plan.
        for (const request of [first, first, first, ...others]) await send(stage, request);
      }
      const grown = (await stage.service.probe('collect')).heap - beforePlans.heap;
      tally.check('plans for all types and conditions take little memory', grown < maxPlannedBytes, grown);
      tally.measured(`plans: heap ${(grown / 2 ** 20).toFixed(0)} MiB more`);
      const before = stage.calls();
      const { text: answer } = await send(stage, post.toRequest({ query: someLists(14) }));
      const refusals = answer.split('OPERATION_TOO_COSTLY').length - 1;
      tally.check('280 keys are 250 calls and 30 errors', stage.calls() - before === 250 && refusals === 30, refusals);
      tally.check('no unexpected error', !stage.service.output().includes('unexpected error'));
      tally.measured(
        `loop blocked for ${worstMs.toFixed(1)} ms at most (${worst}), quiet ${quiet.blockedMs.toFixed(1)} ms`,
      );
      tally.measured(`RSS +${(maxGrowth / 2 ** 20).toFixed(0)} MiB at most`);
    },
    // Only so are names not to be given away.
    { INTROSPECTION: 'false' },
    { isProbed: true },
  );
}

/** Whether the response has no data. */
function hasNoData({ status, text }: Answered): boolean {
  if (status === 0 || status >= 400) return true;
  const { data, errors } = JSON.parse(text);
  return errors !== undefined && Object.values(data ?? {}).every((value) => value === null);
}

const isHelpful = ({ text }: Answered): boolean => /did you mean/i.test(text);

/** Sends with `node:http`, which lets a server answer before it has read all. */
async function send({ service }: Stage, sent: Sent | undefined): Promise<Answered> {
  if (sent === undefined) return { status: 0, text: '' };
  const { method, target, headers, body } = sent;
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const outgoing = request({
    agent: false,
    port: service.port,
    host: '127.0.0.1',
    method,
    path: target,
    headers: { ...headers, ...length },
  });
  // What goes wrong once the answer is there goes wrong with the rest of a body that no code reads.
  outgoing.on('error', () => {});
  outgoing.end(body);
  // A body that isn't wanted may be cut off while it is still sent, and the answer with it.
  const [response] = (await once(outgoing, 'response').catch(() => [])) as [IncomingMessage?];
  if (response === undefined) return { status: 0, text: 'cut off' };
  return { status: response.statusCode ?? 0, text: await text(response) };
}
