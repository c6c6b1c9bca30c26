/** Example's monitors: the watches. */
import type { MonitorKey } from '../../core/accounts.ts';
import type { ExampleMonitor } from '../../generated/types.ts';
import type { Body } from '../../upstream/read-response.ts';
import {
  identifyMonitor,
  later,
  type MonitorFields,
  namesOf,
  type Origins,
  type Reading,
  toListedFields,
} from '../fields.ts';
import { wholeMonitorList } from '../lists/whole-list.ts';
import type { MonitorDefinition } from '../provider.ts';
import { createReader } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { Watch } from './openapi-checks.ts';
import { isWatchId, toMilliseconds, toTime } from './values.ts';

const read = createReader<components['schemas']['Watch']>('EXAMPLE', Watch);

const origins: Origins<ExampleMonitor> = {
  name: 'either',
  enabled: 'either',
  createdAt: 'either',
  lastRunAt: 'either',
  lastOutcome: 'either',
  url: 'either',
  note: 'detail',
};
const unlisted = namesOf(origins, 'detail');

/** What a response and a row both have. */
function toFields(key: MonitorKey, body: Body, reading: Reading) {
  const paused = read(body, 'paused');
  return {
    ...identifyMonitor(key, reading),
    __typename: 'ExampleMonitor' as const,
    name: () => read(body, 'title'),
    enabled: typeof paused === 'boolean' ? !paused : paused,
    createdAt: () => toTime(read(body, 'created')),
    lastRunAt: () => toTime(read(body, 'last_checked')),
    lastOutcome: () => null,
    url: () => read(body, 'url'),
  };
}

export const monitors: MonitorDefinition = {
  typeName: 'ExampleMonitor',
  isKey: isWatchId,
  expectedKey: 'Expected an Example id: 1 to 64 of a-z 0-9 -.',
  toRequest: (monitorId) => ({ kind: 'monitor', path: `/api/watches/${monitorId}`, echoes: { id: monitorId } }),
  toMonitor: (key, body, reading): MonitorFields<ExampleMonitor> => ({
    ...toFields(key, body, reading),
    note: () => read(body, 'note'),
  }),
  toListedMonitor: (key, row, reading): MonitorFields<ExampleMonitor> => {
    return {
      ...toFields(key, row, reading),
      note: later<ExampleMonitor>(({ monitors }) => monitors.load(key, unlisted, reading.allowStale))('note'),
    };
  },
  listed: toListedFields(origins),
  facts: {
    name(row) {
      const title = read(row, 'title');
      return title instanceof Error ? undefined : title;
    },
    lastOutcome: () => null,
    lastRunAt: (row) => toMilliseconds(row.get('last_checked')),
  },
  ...wholeMonitorList({
    provider: 'EXAMPLE',
    request: { path: '/api/watches', echoes: {} },
    member: 'watches',
    isId: isWatchId,
    toId: (item) => item.id,
    toRow: (item) => ({
      lastRunAt: toMilliseconds(item.last_checked),
      lastRunMark: typeof item.last_checked === 'number' ? String(item.last_checked) : undefined,
      hasNeverRun: false,
      createdAt: toMilliseconds(item.created),
    }),
  }),
};
