import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { datafoldBody, datafoldKey } from '../support/bodies.ts';
import { type Answer, createWorld } from '../support/world.ts';

const query = `query ($monitorId: ID!, $runId: ID!) {
  datafoldRun(monitorId: $monitorId, runId: $runId) {
    id provider monitorId runId phase outcome startedAt state rawState diffId error warnings
  }
}`;

/** Requests a run to which Datafold responds with `body`. */
async function read(body: object, { monitorId, runId }: { monitorId: string; runId: string } = datafoldKey) {
  const world = await createWorld();
  world.datafold.on(`/api/v1/monitors/${monitorId}/runs/${runId}`, { body });
  return world.execute(query, { monitorId, runId });
}

/** The run in {@link datafoldBody}. */
const run = {
  id: 'DATAFOLD:7:42',
  provider: 'DATAFOLD',
  monitorId: '7',
  runId: '42',
  phase: 'FINISHED',
  outcome: 'PASSED',
  startedAt: '2026-11-20T08:00:00.000Z',
  state: 'OK',
  rawState: 'ok',
  diffId: '2262836',
  error: null,
  warnings: ['Sampled 10 % of the rows.'],
};
const unknownRun = { ...run, phase: 'UNKNOWN', outcome: null, state: 'UNKNOWN' };

/** The whole run but for one field, with an error there and nowhere else. */
const broken = (field: keyof typeof run, rest: typeof run | typeof unknownRun = run): Answer => ({
  data: { datafoldRun: { ...rest, [field]: null } },
  errors: [
    {
      message: 'DATAFOLD sent a response that does not match its documentation.',
      locations: expect.any(Array),
      path: ['datafoldRun', field],
      extensions: {
        code: 'UPSTREAM_BAD_RESPONSE',
        provider: 'DATAFOLD',
        account: 'default',
        retryable: false,
        requestId: expect.any(String),
      },
    } as NonNullable<Answer['errors']>[number],
  ],
});

it('Datafold run: reads every field of a run', async () => {
  expect(await read(datafoldBody)).toEqual({ data: { datafoldRun: run } });
});

it('Datafold run: takes no notice of fields that are not documented', async () => {
  const body = { ...datafoldBody, id: 1, phase: 'x', provider: 'x', diffId: 2, raw_state: 'x', __typename: 'x' };

  expect(await read(body)).toEqual({ data: { datafoldRun: run } });
});

describe('Datafold run: the state', () => {
  it.each([
    ['created', 'CREATED', 'PENDING', null],
    ['queued', 'QUEUED', 'PENDING', null],
    ['checking', 'CHECKING', 'RUNNING', null],
    ['ok', 'OK', 'FINISHED', 'PASSED'],
    ['alert', 'ALERT', 'FINISHED', 'FINDING'],
    ['error', 'ERROR', 'FINISHED', 'ERRORED'],
    ['learning', 'LEARNING', 'FINISHED', 'LEARNING'],
    ['skipped', 'SKIPPED', 'FINISHED', 'SKIPPED'],
    ['cancelled', 'CANCELLED', 'FINISHED', 'CANCELLED'],
  ])('%s is %s: %s, outcome %s', async (rawState, state, phase, outcome) => {
    expect(await read({ ...datafoldBody, state: rawState })).toEqual({
      data: { datafoldRun: { ...run, state, rawState, phase, outcome } },
    });
  });

  it.each(['paused', 'OK', ' ok', '', 'unknown', 'constructor', '__proto__', '\u0000\ud83d\ude00'])(
    '%j is a word that is new to us: UNKNOWN, the word beside it, and no error',
    async (rawState) => {
      expect(await read({ ...datafoldBody, state: rawState })).toEqual({
        data: { datafoldRun: { ...unknownRun, rawState } },
      });
    },
  );

  it('is UNKNOWN when it is missing, with an error at rawState', async () => {
    const { state: _state, ...body } = datafoldBody;

    expect(await read(body)).toEqual(broken('rawState', unknownRun));
  });

  it.each([0, true, null, [], ['ok'], { ok: 'ok' }])(
    'is UNKNOWN when it is %j, with an error at rawState',
    async (state) => {
      expect(await read({ ...datafoldBody, state })).toEqual(broken('rawState', unknownRun));
    },
  );
});

describe('Datafold run: a field of the wrong type is null, with an error there alone:', () => {
  const long = JSON.rawJSON('12345678901234567890');

  it.each([
    ...[1763625600, long, true, false, [], ['2026-11-20T08:00:00Z'], {}].map((value) => ['started_at', value] as const),
  ])('%s: %j', async (name, value) => {
    expect(await read({ ...datafoldBody, [name]: value })).toEqual(broken('startedAt'));
  });

  it.each(['2262836', 'text', '', 1.5, 1e300, JSON.rawJSON('9007199254740993.5'), true, [], [1], {}, { id: 1 }])(
    'diff_id: %j',
    async (value) => {
      expect(await read({ ...datafoldBody, diff_id: value })).toEqual(broken('diffId'));
    },
  );

  it.each([0, 7, long, true, false, [], ['text'], {}])('error: %j', async (value) => {
    expect(await read({ ...datafoldBody, error: value })).toEqual(broken('error'));
  });

  it.each(['', 'text', 0, long, true, null, {}, { 0: 'text' }])('warnings: %j', async (value) => {
    expect(await read({ ...datafoldBody, warnings: value })).toEqual(broken('warnings'));
  });

  it('each of several has its own error', async () => {
    const { data, errors } = await read({ ...datafoldBody, diff_id: 'x', error: 1, warnings: null });

    expect(data).toEqual({ datafoldRun: { ...run, diffId: null, error: null, warnings: null } });
    expect(errors?.map(({ path }) => path)).toEqual([
      ['datafoldRun', 'diffId'],
      ['datafoldRun', 'error'],
      ['datafoldRun', 'warnings'],
    ]);
  });

  it('and it is no failure to clients that did not select it', async () => {
    const world = await createWorld();
    world.datafold.onAny({ body: { ...datafoldBody, state: 7, started_at: 7, diff_id: 'x', error: 1, warnings: 'x' } });

    expect(await world.execute('{ datafoldRun(monitorId: 7, runId: 42) { id state } }')).toEqual({
      data: { datafoldRun: { id: 'DATAFOLD:7:42', state: 'UNKNOWN' } },
    });
  });
});

describe('Datafold run: a field that is missing', () => {
  it('is null with an error, when Datafold promises it: warnings', async () => {
    const { warnings: _warnings, ...body } = datafoldBody;

    expect(await read(body)).toEqual(broken('warnings'));
  });

  it.each(['run_id', 'monitor_id'] as const)(
    'is no loss, when it is %s: the ids of a run are those of its request',
    async (name) => {
      const { [name]: _id, ...body } = datafoldBody;

      expect(await read(body)).toEqual({ data: { datafoldRun: run } });
    },
  );

  it.each([
    ['started_at', 'startedAt'],
    ['diff_id', 'diffId'],
    ['error', 'error'],
  ] as const)('is null without an error, when Datafold may leave it out: %s', async (name, field) => {
    const body: Partial<typeof datafoldBody> = { ...datafoldBody, error: null };
    delete body[name];

    expect(await read(body)).toEqual({ data: { datafoldRun: { ...run, [field]: null } } });
    expect(await read({ ...datafoldBody, [name]: null })).toEqual({ data: { datafoldRun: { ...run, [field]: null } } });
  });

  it('may be any of them: of an empty answer all is null or UNKNOWN, with an error a promised field', async () => {
    const { data, errors } = await read({});

    expect(data).toEqual({
      datafoldRun: { ...unknownRun, rawState: null, startedAt: null, diffId: null, error: null, warnings: null },
    });
    expect(errors?.map(({ path }) => path?.[1])).toEqual(['rawState', 'warnings']);
  });
});

describe('Datafold run: text', () => {
  it('comes through as Datafold wrote it', async () => {
    const error = 'Query failed: "a"\n\tat line 1 \\ <b>é 漢 😀</b> \u0000\u2028';

    expect(await read({ ...datafoldBody, error, warnings: ['', error] })).toEqual({
      data: { datafoldRun: { ...run, error, warnings: ['', error] } },
    });
  });
});

describe('Datafold run: numbers of any length', () => {
  it.each([
    '0',
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '9223372036854775807',
    '123456789012345678901234567890',
    '-9007199254740993',
  ])('the diff %s has every digit', async (digits) => {
    const body = { ...datafoldBody, diff_id: JSON.rawJSON(digits) };

    expect(await read(body)).toEqual({ data: { datafoldRun: { ...run, diffId: digits } } });
  });

  const monitorId = '9223372036854775807';
  const runId = '9007199254740993';
  const body = { ...datafoldBody, monitor_id: JSON.rawJSON(monitorId), run_id: JSON.rawJSON(runId) };
  const longRun = { ...run, id: `DATAFOLD:${monitorId}:${runId}`, monitorId, runId };

  it('a run is known by ids of 19 digits, digit for digit', async () => {
    expect(await read(body, { monitorId, runId })).toEqual({ data: { datafoldRun: longRun } });
  });

  it('ids that came as text are as good', async () => {
    const textBody = { ...datafoldBody, monitor_id: monitorId, run_id: runId };

    expect(await read(textBody, { monitorId, runId })).toEqual({ data: { datafoldRun: longRun } });
  });

  it.each([
    ['monitor_id', '9223372036854775806'],
    ['monitor_id', '9223372036854775808'],
    ['run_id', '9007199254740992'],
    ['run_id', '9007199254740994'],
  ])('a run whose %s is next to the requested one, %s, is another run', async (name, digits) => {
    expect(await read({ ...body, [name]: JSON.rawJSON(digits) }, { monitorId, runId })).toMatchObject({
      data: { datafoldRun: null },
      errors: [{ path: ['datafoldRun'], extensions: { code: 'UPSTREAM_BAD_RESPONSE' } }],
    });
  });

  it('short numbers beside long ones stay what they are', async () => {
    const mixed = { ...datafoldBody, run_id: 42, diff_id: JSON.rawJSON('12345678901234567890') };

    expect(await read(mixed)).toEqual({ data: { datafoldRun: { ...run, diffId: '12345678901234567890' } } });
  });
});

describe.each(['UTC', 'America/New_York', 'Asia/Kolkata'])(
  'Datafold run: the start, wherever the service runs (%s),',
  (zone) => {
    beforeEach(() => {
      vi.stubEnv('TZ', zone);
      expect(Intl.DateTimeFormat().resolvedOptions().timeZone.replace('Calcutta', 'Kolkata')).toBe(zone);
    });
    afterEach(() => void vi.unstubAllEnvs());

    it.each([
      ['2026-11-20T08:00:00Z', '2026-11-20T08:00:00.000Z'],
      ['2026-11-20T08:00:00', '2026-11-20T08:00:00.000Z'],
      ['2026-11-20T08:00:00+00:00', '2026-11-20T08:00:00.000Z'],
      ['2026-11-20T08:00:00+02:00', '2026-11-20T06:00:00.000Z'],
      ['2026-11-20T08:00:00-05:30', '2026-11-20T13:30:00.000Z'],
      ['2026-11-20T08:00:00+0200', '2026-11-20T06:00:00.000Z'],
      ['2026-11-20T00:30:00+02:00', '2026-11-19T22:30:00.000Z'],
      ['2026-11-20T08:00:00.5Z', '2026-11-20T08:00:00.500Z'],
      ['2026-11-20T08:00:00.123456', '2026-11-20T08:00:00.123Z'],
      ['2026-11-20T08:00:00.123956+00:00', '2026-11-20T08:00:00.123Z'],
      ['2026-11-20T08:00:00.999999999Z', '2026-11-20T08:00:00.999Z'],
      ['2026-11-20 08:00:00', '2026-11-20T08:00:00.000Z'],
      ['2026-11-20 08:00:00.123456+02:00', '2026-11-20T06:00:00.123Z'],
      ['2026-11-20t08:00:00z', '2026-11-20T08:00:00.000Z'],
      ['2024-02-29T08:00:00Z', '2024-02-29T08:00:00.000Z'],
      ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
      ['0001-01-01 00:00:00', '0001-01-01T00:00:00.000Z'],
      ['0001-01-01t00:00:00z', '0001-01-01T00:00:00.000Z'],
      ['0001-01-01T00:00:00+0000', '0001-01-01T00:00:00.000Z'],
      ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
    ])('%s is %s', async (text, startedAt) => {
      expect(await read({ ...datafoldBody, started_at: text })).toEqual({
        data: { datafoldRun: { ...run, startedAt } },
      });
    });

    it.each([
      ['no day of the year', '2026-02-30T08:00:00Z'],
      ['no leap day of its year', '2026-02-29T08:00:00Z'],
      ['no month', '2026-13-01T08:00:00Z'],
      ['no hour', '2026-11-20T24:00:00Z'],
      ['no minute', '2026-11-20T08:60:00Z'],
      ['no offset', '2026-11-20T08:00:00+29:00'],
      ['before the year 0', '0000-01-01T00:30:00+05:00'],
      ['after the year 9999', '9999-12-31T23:30:00-05:00'],
      ['a date alone', '2026-11-20'],
      ['a time alone', '08:00:00'],
      ['another way to write a date', '20 Nov 2026 08:00:00 GMT'],
      ['seconds as text', '1763625600'],
      ['a date and more', '2026-11-20T08:00:00Z or later'],
      ['a date on a separate line', '2026-11-20T08:00:00Z\n'],
      ['nothing', ''],
      ['a word', 'yesterday'],
    ])('is null with an error, when it is %s: %j', async (_what, text) => {
      expect(await read({ ...datafoldBody, started_at: text })).toEqual(broken('startedAt'));
    });
  },
);
