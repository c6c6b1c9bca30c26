/**
 * Every field of both providers, missing and with a value of each type (U-12, U-13, U-15): what isn't as documented is
 * `null` with an error, and nothing else changes.
 */
import { isDeepStrictEqual } from 'node:util';
import { datafoldBody, datafoldKey, olostepBody, olostepKey } from '../../support/bodies.ts';
import { type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { extensionsBeyondList } from '../upstream/extensions.ts';
import { type FaultServer, reply, startFaultServer } from '../upstream/fault-server.ts';
import { datafold, olostep, type Subject } from '../upstream/subjects.ts';

/** A value of each type of JSON, as it is written. */
const values = { string: '"x"', number: '7', boolean: 'true', null: 'null', array: '[1]', object: '{"a":1}' } as const;
type Type = keyof typeof values | 'missing';
const types = [...Object.keys(values), 'missing'] as Type[];

/** A body with one change, and what that does to the answer. */
interface Case {
  readonly name: string;
  readonly subject: Subject;
  /** The body, as it is sent. */
  readonly body: string;
  /** Places of the answer that are different, and how; an error's place is `null`. */
  readonly changes: Readonly<Record<string, unknown>>;
  /** Places of the answer with an error each. */
  readonly errors: readonly string[];
  /** What the answer's text has in it, digit for digit. */
  readonly text?: string;
}

/** What a field may be, and where in the answer it shows. */
interface Field {
  readonly accepts: Partial<Record<Type, Readonly<Record<string, unknown>>>>;
  /** Where the errors are when it is something else. */
  readonly places: readonly string[];
  /** What else changes then. */
  readonly alsoChanges?: Readonly<Record<string, unknown>>;
  /** Tried elsewhere. */
  readonly except?: Type;
}

/** The place of the run itself. */
const run_ = '';
const undecided = { state: 'UNKNOWN', phase: 'UNKNOWN', outcome: null };
const none: Readonly<Record<string, unknown>> = {};

const datafoldFields: Readonly<Record<string, Field>> = {
  // A missing id says nothing; one that is another's makes the whole run another's.
  run_id: { accepts: { missing: none, null: none }, places: [run_] },
  monitor_id: { accepts: { missing: none, null: none, number: none }, places: [run_] },
  state: { accepts: { string: { ...undecided, rawState: 'x' } }, places: ['rawState'], alsoChanges: undecided },
  started_at: { accepts: { missing: { startedAt: null }, null: { startedAt: null } }, places: ['startedAt'] },
  diff_id: {
    accepts: { missing: { diffId: null }, null: { diffId: null }, number: { diffId: '7' } },
    places: ['diffId'],
  },
  error: { accepts: { missing: none, null: none, string: { error: 'x' } }, places: ['error'] },
  // A list that holds what is no text is tested below.
  warnings: { accepts: {}, except: 'array', places: ['warnings'] },
};

const withoutLog = { startedAt: null, finishedAt: null, events: null };
const olostepFields: Readonly<Record<string, Field>> = {
  run_id: { accepts: { missing: none, null: none }, places: [run_] },
  monitor_id: { accepts: { missing: none, null: none }, places: [run_] },
  snapshot: {
    accepts: { missing: { snapshot: null }, null: { snapshot: null }, object: { snapshot: { a: 1 } } },
    places: ['snapshot'],
  },
  log_group: {
    accepts: { missing: { logGroup: null }, null: { logGroup: null }, string: { logGroup: 'x' } },
    places: ['logGroup'],
  },
  // A list that holds what is no event is tested below.
  events: { accepts: { missing: withoutLog }, except: 'array', places: ['startedAt', 'finishedAt', 'events'] },
};

const line = 'events.nodes.0';
const eventFields: Readonly<Record<string, Field>> = {
  id: { accepts: { missing: { [`${line}.id`]: null }, string: { [`${line}.id`]: 'x' } }, places: [`${line}.id`] },
  ts: {
    accepts: {
      missing: { [`${line}.timestamp`]: null, startedAt: '2025-11-20T08:00:01.500Z' },
      number: { [`${line}.timestamp`]: '1970-01-01T00:00:00.007Z', startedAt: '1970-01-01T00:00:00.007Z' },
    },
    places: [`${line}.timestamp`],
    // The earliest that can be read.
    alsoChanges: { startedAt: '2025-11-20T08:00:01.500Z' },
  },
  ingestion_ts: {
    accepts: {
      missing: { [`${line}.ingestedAt`]: null },
      number: { [`${line}.ingestedAt`]: '1970-01-01T00:00:00.007Z' },
    },
    places: [`${line}.ingestedAt`],
  },
  stream: {
    accepts: { missing: { [`${line}.stream`]: null }, string: { [`${line}.stream`]: 'x' } },
    places: [`${line}.stream`],
  },
  message: {
    accepts: { missing: { [`${line}.message`]: null }, string: { [`${line}.message`]: 'x' } },
    places: [`${line}.message`],
  },
  event: {
    accepts: {
      missing: { [`${line}.event`]: null, [`${line}.kind`]: null },
      object: { [`${line}.event`]: { a: 1 }, [`${line}.kind`]: null },
    },
    places: [`${line}.event`],
    alsoChanges: { [`${line}.kind`]: null },
  },
};

/** Writes the body with the field so; `json` is `undefined` to leave it out. */
const write = (body: object, name: string, json: string | undefined): string =>
  JSON.stringify({ ...body, [name]: json === undefined ? undefined : '@' }).replace('"@"', () => json ?? '');

const toCases = (
  subject: Subject,
  fields: Readonly<Record<string, Field>>,
  toBody: (field: string, json: string | undefined) => string,
): Case[] =>
  Object.entries(fields).flatMap(([field, { accepts, places, alsoChanges, except }]) =>
    types
      .filter((type) => type !== except)
      .map((type) => {
        const accepted = accepts[type];
        const nulls = Object.fromEntries(places.map((place) => [place, null]));
        return {
          name: `${subject.provider} ${field}: ${type}`,
          subject,
          body: toBody(field, type === 'missing' ? undefined : values[type]),
          changes: accepted ?? { ...nulls, ...alsoChanges },
          errors: accepted ? [] : places,
        };
      }),
  );

const withFirstEvent = (event: string) =>
  write(olostepBody, 'events', `[${event},${JSON.stringify(olostepBody.events.slice(1)).slice(1)}`);

const one = (
  name: string,
  subject: Subject,
  body: string,
  changes: Case['changes'] = {},
  errors: Case['errors'] = [],
): Case => ({ name: `${subject.provider} ${name}`, subject, body, changes, errors });

const datafoldSays = (
  name: string,
  field: string,
  json: string,
  changes: Case['changes'],
  errors: Case['errors'] = [],
) => one(name, datafold, write(datafoldBody, field, json), changes, errors);
const timeSays = (json: string, timestamp: string | null) =>
  one(
    `ts: ${json}`,
    olostep,
    withFirstEvent(write(olostepBody.events[0] ?? {}, 'ts', json)),
    { [`${line}.timestamp`]: timestamp, startedAt: timestamp ?? '2025-11-20T08:00:01.500Z' },
    timestamp === null ? [`${line}.timestamp`] : [],
  );

const special: readonly Case[] = [
  ...['paused', 'OK', '', '__proto__', 'constructor'].map((state) =>
    datafoldSays(`state: ${state}`, 'state', JSON.stringify(state), { ...undecided, rawState: state }),
  ),
  ...['9007199254740991', '9007199254740993', '-9007199254740993', '123456789012345678901234567890'].map((id) =>
    datafoldSays(`diff_id: ${id}`, 'diff_id', id, { diffId: id }),
  ),
  ...['1.5', '1e400', '"9007199254740993"'].map((json) =>
    datafoldSays(`diff_id: ${json}`, 'diff_id', json, { diffId: null }, ['diffId']),
  ),
  ...['2026-02-30T00:00:00Z', '2026-11-20', 'yesterday', '1763625600000', '2026-11-20T25:00:00Z', ''].map((time) =>
    datafoldSays(`started_at: ${time}`, 'started_at', JSON.stringify(time), { startedAt: null }, ['startedAt']),
  ),
  datafoldSays('started_at without offset', 'started_at', '"2026-11-20T08:00:00.123456"', {
    startedAt: '2026-11-20T08:00:00.123Z',
  }),
  datafoldSays('started_at elsewhere', 'started_at', '"2026-11-20T08:00:00+05:30"', {
    startedAt: '2026-11-20T02:30:00.000Z',
  }),
  datafoldSays('warnings: ["a",7]', 'warnings', '["a",7]', { warnings: ['a', null] }, ['warnings.1']),
  ...['[null]', '[["a"]]', '[1]'].map((json) =>
    datafoldSays(`warnings: ${json}`, 'warnings', json, { warnings: [null] }, ['warnings.0']),
  ),
  one(
    'state in __proto__',
    datafold,
    write({ ...datafoldBody, state: undefined }, 'proto', '{"state":"alert"}').replace('proto', '__proto__'),
    { ...undecided, rawState: null },
    ['rawState'],
  ),
  timeSays('1.7e12', '2023-11-14T22:13:20.000Z'),
  timeSays('9007199254740993', null),
  timeSays('8640000000000001', null),
  timeSays('0.5', null),
  ...['{"id":9007199254740993}', '{"id":-9223372036854775808}', '{"__proto__":{"polluted":true}}'].map((json) => ({
    ...one(`snapshot: ${json}`, olostep, write(olostepBody, 'snapshot', json), { snapshot: JSON.parse(json) }),
    text: `"snapshot":${json}`,
  })),
  one(
    'events with nothing in them',
    olostep,
    write(olostepBody, 'events', '[1]'),
    { events: { nodes: [null] }, startedAt: null, finishedAt: null },
    ['events.nodes.0'],
  ),
  ...['null', '7', '"x"', '[]', 'true'].map((json) =>
    one(
      `an event that is ${json}`,
      olostep,
      withFirstEvent(json),
      {
        [line]: null,
        startedAt: '2025-11-20T08:00:01.500Z',
      },
      [line],
    ),
  ),
];

const cases: readonly Case[] = [
  ...toCases(datafold, datafoldFields, (field, json) => write(datafoldBody, field, json)),
  ...toCases(olostep, olostepFields, (field, json) => write(olostepBody, field, json)),
  ...toCases(olostep, eventFields, (field, json) => withFirstEvent(write(olostepBody.events[0] ?? {}, field, json))),
  ...special,
];

const query = `query ($key: MonitorRunKey!) {
  run: monitorRun(key: $key) {
    provider
    phase
    startedAt
    # An Olostep run's outcome takes another call.
    ... on DatafoldRun { outcome state rawState diffId error warnings }
    ... on OlostepRun {
      finishedAt
      snapshot
      logGroup
      events { nodes { id timestamp ingestedAt stream message kind event } }
    }
  }
}`;

export async function run(tally: Tally): Promise<void> {
  const stages = await Promise.all([datafold, olostep].map(startUpstream));
  const urls = stages.map(({ subject, server }) => [subject.variable, server.baseUrl]);
  const service = await startService(Object.fromEntries(urls));
  await Promise.all(stages.map((stage) => tryCases(tally, service, stage)));
  tally.check('no key is seen', service.leaks().length === 0, service.leaks());
  await service.stop();
  for (const { server } of stages) server.close();
}

interface Stage {
  readonly subject: Subject;
  readonly server: FaultServer;
  /** From now on, the answer is this. */
  say(body: string): void;
}

async function startUpstream(subject: Subject): Promise<Stage> {
  let body = JSON.stringify(bodies[subject.provider]);
  const server = await startFaultServer((socket) => reply(socket, { body }));
  return {
    subject,
    server,
    say(next) {
      body = next;
    },
  };
}

const keys = { DATAFOLD: datafoldKey, OLOSTEP: olostepKey };
const bodies = { DATAFOLD: datafoldBody, OLOSTEP: olostepBody };

/** One after the other, as all are about the same run. */
async function tryCases(tally: Tally, service: RunningService, { subject, say }: Stage): Promise<void> {
  const execute = () => service.execute(query, { key: keys[subject.provider] });
  const whole = (await execute()).body.data;
  for (const one of cases.filter((one) => one.subject === subject)) {
    say(one.body);
    const { body, text } = await execute();
    const problems = problemsOf(body, toExpected(whole, one), one);
    if (one.text !== undefined && !text.includes(one.text)) problems.push(`no ${one.text}`);
    tally.check(one.name, problems.length === 0, [...problems, text]);
  }
}

function toExpected(whole: object, { changes }: Case): object {
  const expected = structuredClone(whole);
  for (const [place, value] of Object.entries(changes)) {
    const steps = toPath(place);
    const last = steps.pop() ?? '';
    // biome-ignore lint/suspicious/noExplicitAny: a place may be anywhere
    const parent = steps.reduce((at: any, step) => at[step], expected);
    parent[last] = value;
  }
  return expected;
}

const toPath = (place: string) => (place === run_ ? ['run'] : ['run', ...place.split('.')]);

function problemsOf(body: Body, expected: object, { errors }: Case): string[] {
  const problems = extensionsBeyondList(body);
  if (!isDeepStrictEqual(body.data, expected)) problems.push(`not ${JSON.stringify(expected)}`);
  const places = (body.errors ?? []).map(({ path }) => path.join('.'));
  const expectedPlaces = errors.map((place) => toPath(place).join('.'));
  if (!isDeepStrictEqual(places.toSorted(), expectedPlaces.toSorted())) problems.push(`errors at ${places}`);
  if ((body.errors ?? []).some(({ extensions }) => extensions.code !== 'UPSTREAM_BAD_RESPONSE'))
    problems.push('a code');
  return problems;
}

interface Body {
  readonly data: object;
  readonly errors?: readonly {
    readonly path: readonly (string | number)[];
    readonly extensions: { readonly code: string };
  }[];
}
