/** What Olostep says of a monitor of its sandbox. */
import { createDice } from '../../sandbox/dice.ts';
import { countRuns, day, hour, second, toBeginning } from '../../sandbox/timetable.ts';
import type { components } from '../openapi.d.ts';
import type { Monitor } from './monitors.ts';

type Schemas = components['schemas'];

/** A row of the events page, of which these are sure to be there. */
export type Snapshot = Schemas['MonitorEvent'] & {
  readonly id: string;
  readonly run_id: string;
  readonly created: number;
  readonly changed: boolean | null;
};

/** The monitor of the record, and its time. */
export interface Told {
  readonly seed: number;
  readonly monitorId: string;
  readonly monitor: Monitor;
  /** Unix milliseconds, both of them. */
  readonly origin: number;
  readonly time: number;
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
}

/** All that there is to say. */
export function toRecord({ seed, monitorId, monitor, origin, time, snapshots }: Told): Schemas['Monitor'] {
  const { query, url, status = 'active', errorMessage, settings } = monitor;
  const isPlanned = status !== 'provisioning' && status !== 'failed';
  const created = Math.floor((origin + toBeginning(monitor, 1)) / second) - 600;
  const [last] = snapshots;
  return {
    id: monitorId,
    object: 'monitor',
    query,
    status,
    ...(errorMessage !== undefined && { error_message: errorMessage }),
    // The words of `type` aren't documented; this one is ours.
    ...(isPlanned && {
      tracked: { type: 'urls', urls: [url], web_query: null },
      agent: { id: toAgentId(seed, monitor) },
    }),
    schedule: toSchedule(monitor, origin, time),
    ...settings,
    last_run: last === undefined ? null : toLastRun(last),
    created,
    updated: last?.created ?? created,
    total_count: snapshots.length,
    mermaid_diagram: isPlanned ? `graph TD\n  fetch["${url}"] --> extract --> compare` : null,
  };
}

/** The agent that does the work of a monitor. */
export const toAgentId = (seed: number, { url }: Monitor): string =>
  `fda_${createDice(seed, 'olostep agent', url).word(4)}`;

const schedules = new Map([
  [hour, { frequency: 'every hour', cron: '0 * * * ? *' }],
  [6 * hour, { frequency: 'every 6 hours', cron: '0 */6 * * ? *' }],
  [day, { frequency: 'every day', cron: '0 8 * * ? *' }],
]);

/** What the owner has requested. The sandbox runs faster than that, so that a person sees it move. */
function toSchedule(monitor: Monitor, origin: number, time: number): Schemas['MonitorSchedule'] {
  const next = countRuns(monitor, time - origin) + 1;
  return {
    ...schedules.get(monitor.every),
    timezone: 'UTC',
    next_run_at: monitor.live === undefined ? null : new Date(origin + toBeginning(monitor, next)).toISOString(),
  };
}

/** Of a run that left no snapshot, what Olostep says isn't documented: it is omitted. */
const toLastRun = ({ run_id: id, changed, created }: Snapshot): Schemas['MonitorLastRun'] => ({
  id,
  status: 'completed',
  change_detected: changed === true,
  ran_at: new Date(created * second).toISOString(),
});
