/** Example's runs: the checks of a watch. */
import type { RunKey } from '../../core/accounts.ts';
import type { ExampleRun, RunOutcome } from '../../generated/types.ts';
import type { Body } from '../../upstream/read-response.ts';
import {
  identifyRun,
  later,
  namesOf,
  type Origins,
  type RunFields,
  type RunReading,
  toListedFields,
} from '../fields.ts';
import { wholeRunList } from '../lists/whole-list.ts';
import type { RunDefinition } from '../provider.ts';
import { createReader } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { Check } from './openapi-checks.ts';
import { isCheckId, isWatchId, toMilliseconds, toTime } from './values.ts';

const read = createReader<components['schemas']['Check']>('EXAMPLE', Check);

const origins: Origins<ExampleRun> = {
  phase: 'either',
  outcome: 'either',
  startedAt: 'either',
  changed: 'either',
  error: 'either',
  diff: 'detail',
};
const unlisted = namesOf(origins, 'detail');

/** What a response and a row both have. */
const toFields = (key: RunKey, body: Body, reading: RunReading) => ({
  ...identifyRun(key, reading),
  __typename: 'ExampleRun' as const,
  phase: 'FINISHED' as const,
  outcome: toOutcome(body),
  startedAt: () => toTime(read(body, 'at')),
  changed: () => read(body, 'changed'),
  error: () => read(body, 'error'),
});

function toOutcome(body: Body): RunOutcome {
  if (typeof read(body, 'error') === 'string') return 'ERRORED';
  const changed = read(body, 'changed');
  return typeof changed === 'boolean' ? (changed ? 'FINDING' : 'PASSED') : 'UNKNOWN';
}

export const runs: RunDefinition = {
  typeName: 'ExampleRun',
  isKey: ({ monitorId, runId }) => isWatchId(monitorId) && isCheckId(runId),
  expectedKey: 'Expected Example ids: a watch of 1 to 64 of a-z 0-9 -, and a check of 1 to 12 digits.',
  toRequest: ({ monitorId, runId }) => ({
    kind: 'run',
    path: `/api/watches/${monitorId}/history/${runId}`,
    echoes: { watch: monitorId, id: runId },
  }),
  toRun: (key, body, reading): RunFields<ExampleRun> => ({
    ...toFields(key, body, reading),
    diff: () => read(body, 'diff'),
  }),
  toListedRun: (key, row, reading): RunFields<ExampleRun> => ({
    ...toFields(key, row, reading),
    diff: later<ExampleRun>(({ runs }) => runs.load(key, unlisted, reading.allowStale))('diff'),
  }),
  listed: toListedFields(origins),
  ...wholeRunList({
    provider: 'EXAMPLE',
    toRequest: (monitorId) => ({ path: `/api/watches/${monitorId}/history`, echoes: {} }),
    member: 'checks',
    isId: isCheckId,
    toId: (item) => item.id,
    timeOf: (item) => toMilliseconds(item.at),
    order: 'oldest-first',
  }),
  // A check is in the history once it has ended, and stays as it is.
  cacheability: () => 'lasting',
};
