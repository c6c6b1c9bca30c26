/** Numbers that a JavaScript number doesn't hold, in the place of anything that a provider says: never a bug of ours. */
import { expect, it } from 'vitest';
import {
  datafoldBody,
  datafoldMonitorBody,
  datafoldMonitorPath,
  datafoldMonitorRow,
  datafoldPath,
  olostepBody,
  olostepKey,
  olostepMonitorBody,
  olostepMonitorPath,
  olostepPath,
} from '../support/bodies.ts';
import type { Handler } from '../support/fake-upstream.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { createListingWorld, type World } from '../support/world.ts';

const numbers = [
  ...['12345678901234567890.5', '1e400', '1e18', '1000000000000000000', '-0', '1763625600.000000000000'],
  `1${'0'.repeat(400)}`,
];

const json = JSON.stringify;
/** Each leaf of the value in turn, as a text of JSON with the number in its place. */
function* withEach(value: unknown, number: string, write: (text: string) => string = String): Generator<string> {
  if (typeof value !== 'object' || value === null) {
    yield write(number);
    return;
  }
  if (Array.isArray(value)) {
    for (const [place, item] of value.entries()) {
      const around = (text: string) =>
        write(`[${value.map((other, index) => (index === place ? text : json(other))).join()}]`);
      yield* withEach(item, number, around);
    }
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    const around = (text: string) => {
      const others = Object.entries(value).map(([key, other]) => `${json(key)}:${key === name ? text : json(other)}`);
      return write(`{${others.join()}}`);
    };
    yield* withEach(item, number, around);
  }
}

const run = `id phase outcome startedAt
  ... on DatafoldRun { state rawState diffId error warnings }
  ... on OlostepRun {
    changed summary snapshotUrl snapshotAt finishedAt snapshot logGroup
    events { totalCount nodes { id timestamp ingestedAt stream message kind event } }
  }`;
const monitor = `id name enabled createdAt lastRunAt
  ... on DatafoldMonitor {
    modifiedAt lastAlertAt type rawType state rawState tags owner description
    schedule {
      __typename
      ... on DatafoldHourlySchedule { every }
      ... on DatafoldDailySchedule { dailyEvery: every hour utcAt }
      ... on DatafoldCrontabSchedule { cron }
    }
    datasets { connectionId table column filter metric query }
    alert {
      ... on DatafoldDiffAlert { differentRowsCount differentRowsPercent matchRatioMin }
      ... on DatafoldAutomaticAlert { sensitivity }
      ... on DatafoldAbsoluteAlert { min max }
      ... on DatafoldPercentageAlert { increase decrease }
    }
    notifications {
      __typename
      ... on DatafoldEmailNotification { recipients features }
      ... on DatafoldPagerdutyNotification { integrationId features }
      ... on DatafoldWebhookNotification { integrationId features }
      ... on DatafoldSlackNotification { integrationId channel mentions features }
      ... on DatafoldTeamsNotification { integrationId channel mentions features }
    }
  }
  ... on OlostepMonitor {
    updatedAt query status rawStatus errorMessage webhookUrl outputSchema metadata agentId snapshotCount diagram
    schedule { frequency cron timezone nextRunAt }
    tracked { type urls webQuery }
    sourcePolicy { includeUrls excludeUrls includeDomains excludeDomains }
    notification { events channels { type target events } }
    lastRun { runId status changed ranAt }
  }`;
const datafoldKey = '{ provider: DATAFOLD, monitorId: "7" }';
const olostepMonitorKey = `{ provider: OLOSTEP, monitorId: "${olostepKey.monitorId}" }`;
const page = '{ totalCount pageInfo { hasNextPage endCursor }';
const runQuery = (key: string) => `{ monitorRun(key: { ${key} }) { ${run} } }`;
const monitorQuery = (key: string) => `{ monitor(key: ${key}) { ${monitor} } }`;
const runsQuery = (key: string) => `{
  monitor(key: ${key}) {
    runs ${page} nodes { id phase outcome ... on OlostepRun { changed summary snapshotUrl snapshotAt } } }
    early: runs(startedBefore: "2026-01-01T00:00:00Z") ${page} nodes { id } }
  }
  runs ${page.replace('totalCount', '')} nodes { id } gaps { code } }
}`;
const listQuery = (provider: string) => `{
  monitorList(provider: ${provider}) ${page} nodes { id name enabled createdAt } }
  runs(providers: [${provider}]) { nodes { id } gaps { code } }
}`;

const alerts = [
  { type: 'automatic', sensitivity: 50 },
  { type: 'absolute', min: 1, max: 2 },
  { type: 'percentage', increase: 1, decrease: 2 },
];
const notifications = ['pagerduty', 'webhook', 'slack', 'teams'].map((type) => ({
  ...{ type, integration: 5, channel: '#a', mentions: ['@b'], features: ['attach_csv'] },
}));
const datafoldPage = { count: 1, page: 1, page_size: 20, total_pages: 1 };
const listedRun = { run_id: 42, monitor_id: 7, state: 'ok', started_at: '2026-11-20T08:00:00Z', diff_id: 5 };
const snapshot = {
  id: 'event_a',
  run_id: olostepKey.runId,
  created: 1763625609,
  changed: true,
  summary: 'a',
  snapshot_url: 'b',
};

const cases: readonly [
  name: string,
  bodies: readonly unknown[],
  query: string,
  at: (world: World, answer: Handler) => void,
][] = [
  [
    'a run of Datafold',
    [datafoldBody],
    runQuery('provider: DATAFOLD, monitorId: "7", runId: "42"'),
    ({ datafold }, answer) => datafold.on(datafoldPath, answer),
  ],
  [
    'a run of Olostep',
    [olostepBody],
    runQuery(`provider: OLOSTEP, monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}"`),
    ({ olostep }, answer) => olostep.on(olostepPath, answer),
  ],
  [
    'a monitor of Datafold',
    [
      datafoldMonitorBody,
      ...alerts.map((alert) => ({ id: 7, alert })),
      ...notifications.map((one) => ({ id: 7, notifications: [one] })),
    ],
    monitorQuery(datafoldKey),
    ({ datafold }, answer) => datafold.on(datafoldMonitorPath, answer),
  ],
  [
    'a monitor of Olostep',
    [olostepMonitorBody],
    monitorQuery(olostepMonitorKey),
    ({ olostep }, answer) => olostep.onAny(answer),
  ],
  [
    'the runs of a monitor of Datafold',
    [{ ...datafoldPage, runs: [listedRun, { ...listedRun, run_id: 43 }] }],
    runsQuery(datafoldKey),
    ({ datafold }, answer) => {
      datafold.onAny(answer);
      datafold.on(datafoldMonitorPath, { body: datafoldMonitorBody });
    },
  ],
  [
    'the runs of a monitor of Olostep',
    [{ data: [snapshot, { ...snapshot, run_id: 'run_b' }], has_more: false, next_cursor: null, total_count: 2 }],
    runsQuery(olostepMonitorKey),
    ({ olostep }, answer) => {
      olostep.onAny(answer);
      olostep.on(`${olostepMonitorPath}?include_total_count=false`, { body: olostepMonitorBody });
    },
  ],
  [
    'the monitors of Datafold',
    [{ ...datafoldPage, monitors: [datafoldMonitorRow] }],
    listQuery('DATAFOLD'),
    ({ datafold }, answer) => datafold.onAny(answer),
  ],
  [
    'the monitors of Olostep',
    [{ monitors: [olostepMonitorBody], count: 1 }],
    listQuery('OLOSTEP'),
    ({ olostep }, answer) => olostep.onAny(answer),
  ],
];

it.each(cases)('long numbers: in %s', fuzz, async (_name, bodies, query, serve) => {
  for (const lazyParseThresholdBytes of [1, 1_000_000]) {
    const world = await createListingWorld({
      limits: { lazyParseThresholdBytes, compileAfterUses: 1, maxAttempts: 1, breakerMinCalls: 1_000_000 },
    });
    let body = '';
    serve(world, (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(body);
    });
    for (const number of numbers.slice(0, casesOf(numbers.length, 2))) {
      for (const whole of bodies) {
        for (body of withEach(whole, number)) {
          const { errors = [] } = await world.execute(query);
          const bugs = errors.filter(({ extensions }) => extensions.code === 'INTERNAL_SERVER_ERROR');
          if (bugs.length > 0)
            expect
              .soft(
                bugs.map(({ path }) => path),
                `${number} in ${body}`,
              )
              .toEqual([]);
        }
      }
    }
    expect(world.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }
});

it('long numbers: is read as its value, even if it is written with very many digits', async () => {
  const world = await createListingWorld();
  const zeros = '000000000000000';
  world.olostep.onAny({
    body: json(olostepBody).replace('"ts":1763625600000,', `"ts":1763625600000.${zeros},`),
  });
  world.olostep.on(`${olostepMonitorPath}?include_total_count=true`, {
    body: json(olostepMonitorBody)
      .replace('"total_count":24,', `"total_count":24.${zeros},`)
      .replace('"created":1760000000,', `"created":1760000000.${zeros},`),
  });
  world.datafold.onAny({
    body: json({ ...datafoldPage, monitors: [datafoldMonitorRow] }).replace('"count":1,', `"count":1.${zeros},`),
  });

  const { data, errors } = await world.execute(`{
    olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") { startedAt }
    monitor(key: ${olostepMonitorKey}) { createdAt ... on OlostepMonitor { snapshotCount } }
    monitorList(provider: DATAFOLD) { totalCount }
  }`);

  expect(errors).toBeUndefined();
  expect(data).toEqual({
    olostepRun: { startedAt: '2025-11-20T08:00:00.000Z' },
    monitor: { createdAt: '2025-10-09T08:53:20.000Z', snapshotCount: 24 },
    monitorList: { totalCount: 1 },
  });
});
