/** Lists of texts: one that isn't a text costs itself, and not the list. */
import { describe, expect, it } from 'vitest';
import {
  datafoldBody,
  datafoldKey,
  datafoldMonitorBody,
  datafoldMonitorPath,
  datafoldPath,
  olostepMonitorBody,
  olostepMonitorPath,
} from '../support/bodies.ts';
import { createWorld, type World } from '../support/world.ts';

const bad: readonly unknown[] = [7, null, true, {}, ['b'], JSON.rawJSON('12345678901234567890')];

/** Where the list is in the answer of its monitor or run, and how it comes to be there. */
interface Case {
  readonly query: string;
  readonly path: readonly (string | number)[];
  serve(world: World, list: unknown): void;
}

const datafoldRun = (): Case => ({
  query: '{ datafoldRun(monitorId: 7, runId: 42) { state warnings } }',
  path: ['datafoldRun', 'warnings'],
  serve: ({ datafold }, warnings) => datafold.on(datafoldPath, { body: { ...datafoldBody, warnings } }),
});
const datafoldMonitor = (
  selection: string,
  path: Case['path'],
  toBody: (list: unknown) => object = (tags) => ({ tags }),
): Case => ({
  query: `{ monitor(key: { provider: DATAFOLD, monitorId: "7" }) { name ... on DatafoldMonitor { ${selection} } } }`,
  path: ['monitor', ...path],
  serve: ({ datafold }, list) =>
    datafold.on(datafoldMonitorPath, { body: { ...datafoldMonitorBody, ...toBody(list) } }),
});
const notification = (type: string, typeName: string, name: string) =>
  datafoldMonitor(
    `notifications { ... on Datafold${typeName}Notification { ${name} } }`,
    ['notifications', 0, name],
    (list) => ({ notifications: [{ type, integration: 5, channel: '#a', [name]: list }] }),
  );
const olostepMonitor = (selection: string, path: Case['path'], toBody: (list: unknown) => object): Case => ({
  query: `{ monitor(key: { provider: OLOSTEP, monitorId: "${olostepMonitorBody.id}" }) {
    name ... on OlostepMonitor { ${selection} }
  } }`,
  path: ['monitor', ...path],
  serve: ({ olostep }, list) =>
    olostep.on(`${olostepMonitorPath}?include_total_count=false`, { body: { ...olostepMonitorBody, ...toBody(list) } }),
});
const policy = (name: string, member: string) =>
  olostepMonitor(`sourcePolicy { ${name} }`, ['sourcePolicy', name], (list) => ({ source_policy: { [member]: list } }));

const cases: Readonly<Record<string, Case>> = {
  'DatafoldRun.warnings': datafoldRun(),
  'DatafoldMonitor.tags': datafoldMonitor('tags', ['tags']),
  'DatafoldEmailNotification.recipients': notification('email', 'Email', 'recipients'),
  'DatafoldEmailNotification.features': notification('email', 'Email', 'features'),
  'DatafoldPagerdutyNotification.features': notification('pagerduty', 'Pagerduty', 'features'),
  'DatafoldWebhookNotification.features': notification('webhook', 'Webhook', 'features'),
  'DatafoldSlackNotification.mentions': notification('slack', 'Slack', 'mentions'),
  'DatafoldSlackNotification.features': notification('slack', 'Slack', 'features'),
  'DatafoldTeamsNotification.mentions': notification('teams', 'Teams', 'mentions'),
  'DatafoldTeamsNotification.features': notification('teams', 'Teams', 'features'),
  'OlostepTracked.urls': olostepMonitor('tracked { urls }', ['tracked', 'urls'], (urls) => ({ tracked: { urls } })),
  'OlostepSourcePolicy.includeUrls': policy('includeUrls', 'include_urls'),
  'OlostepSourcePolicy.excludeUrls': policy('excludeUrls', 'exclude_urls'),
  'OlostepSourcePolicy.includeDomains': policy('includeDomains', 'include_domains'),
  'OlostepSourcePolicy.excludeDomains': policy('excludeDomains', 'exclude_domains'),
  'OlostepNotification.events': olostepMonitor('notification { events }', ['notification', 'events'], (events) => ({
    notification: { events },
  })),
  'OlostepNotificationChannel.events': olostepMonitor(
    'notification { channels { events } }',
    ['notification', 'channels', 0, 'events'],
    (events) => ({ notification: { channels: [{ type: 'email', events }] } }),
  ),
};

const at = (data: unknown, path: readonly (string | number)[]): unknown =>
  // biome-ignore lint/suspicious/noExplicitAny: a place may be anywhere
  path.reduce((value: any, step) => value[step], data);

describe.each(Object.entries(cases))('text lists: %s', (_name, { query, path, serve }) => {
  it('has what is a text, and has an error for each of the others', async () => {
    const world = await createWorld({ limits: { compileAfterUses: 1 } });
    serve(world, ['a', ...bad, '']);

    for (let time = 1; time <= 2; time++) {
      const { data, errors } = await world.execute(query);

      expect(at(data, path)).toEqual(['a', ...bad.map(() => null), '']);
      expect(errors?.map((error) => [error.path, error.extensions.code])).toEqual(
        bad.map((_item, place) => [[...path, place + 1], 'UPSTREAM_BAD_RESPONSE']),
      );
    }
  });
});

it.each([
  [20, 20],
  [21, 1],
  [100_000, 1],
])(
  'text lists: with %i that are none has %i errors, as more than twenty are no such list',
  async (count, errorCount) => {
    const world = await createWorld();
    const { query, path, serve } = datafoldRun();
    serve(world, ['a', ...Array(count).fill(7), 'b']);

    const { data, errors } = await world.execute(query);

    expect(errors).toHaveLength(errorCount);
    expect(at(data, path)).toEqual(errorCount === 1 ? null : ['a', ...Array(count).fill(null), 'b']);
  },
);

it('text lists: with one that is none makes an entry that stands for ten seconds alone, as the next answer may be better', async () => {
  const stored: { freshUntil: number; readAt: number }[] = [];
  const world = await createWorld({
    runCache: {
      read: (names) => names.map(() => undefined),
      write: (_name, copy) => void stored.push(copy),
      drop() {},
      forget() {},
      async close() {},
    },
  });
  const { serve } = datafoldRun();

  for (const list of [['a'], ['a', 7]]) {
    serve(world, list);
    await world.execute('query ($keys: [MonitorRunKey!]!) { monitorRuns(keys: $keys) { phase } }', {
      keys: [datafoldKey],
    });
  }

  expect(stored.map(({ freshUntil, readAt }) => freshUntil - readAt)).toEqual([3_600_000, 10_000]);
});
