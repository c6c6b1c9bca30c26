/** What the agent of a run of Olostep's sandbox writes. */
import { createDice, type Dice } from '../../sandbox/dice.ts';
import type { components } from '../openapi.d.ts';
import type { Course, Monitor } from './monitors.ts';

type AgentLogEvent = components['schemas']['AgentLogEvent'];

/** The run of the log. */
export interface Told {
  readonly seed: number;
  readonly monitor: Monitor;
  readonly run: number;
  readonly course: Course;
  /** Unix milliseconds. */
  readonly beganAt: number;
  /** The stream that the agent writes to. */
  readonly stream: string;
  /** Whether the page says something else than at the run before. */
  readonly changed: boolean;
}

/** An event of which the times are sure. */
type TimedEvent = AgentLogEvent & Required<Pick<AgentLogEvent, 'ts' | 'ingestion_ts'>>;

/** The whole log, the lines that are still to come included. */
export function toLog({ seed, monitor, run, course, beganAt, stream, changed }: Told): TimedEvent[] {
  const dice = createDice(seed, 'olostep log', monitor.url, run);
  const lines = toLines(dice, monitor, course, changed);
  // A long log is written faster, yet for half an hour. Others take about as long as a person watches.
  const pause = course === 'long' ? 300 : 2_200;
  let ts = beganAt;
  return lines.map((line, place) => {
    ts += dice.between(pause / 2, (pause * 3) / 2);
    return {
      id: `38${ts}${String(place).padStart(6, '0')}`,
      ts,
      ingestion_ts: ts + dice.between(80, 900),
      stream,
      ...toText(line, monitor.kindKey ?? 'event'),
    };
  });
}

/** A line of the log: its kind and what more it says, or text that isn't JSON. */
type Line = readonly [kind: string, more: object] | string;

/** Of the kinds, `work_received`, `node_start` and `run_complete` are documented; the list is open, the others are ours. */
function toLines(dice: Dice, { url }: Monitor, course: Course, changed: boolean): Line[] {
  if (course === 'silent') return [];
  const pages = Array.from({ length: course === 'long' ? 1_250 : 3 }, (_, place) => place + 1);
  const lines: Line[] = [
    ['work_received', { url, reason: 'schedule' }],
    ...pages.flatMap((page): Line[] => [
      ['node_start', { node: 'fetch', page }],
      ['page_fetched', { page, status: 200, bytes: dice.between(18_000, 96_000) }],
      ['node_start', { node: 'extract', page }],
      ['node_end', { node: 'extract', page, values: dice.between(1, 24) }],
    ]),
    ['node_start', { node: 'compare' }],
    ['node_end', { node: 'compare', changed }],
    ['run_complete', { pages: pages.length }],
  ];
  if (course === 'lost') return lines.slice(0, dice.between(3, 11));
  // How an upstream gives a line that it can't parse isn't documented: taken for one without `event`.
  if (course === 'garbled')
    lines.splice(dice.between(3, 11), 0, 'browser[117]: page crashed (out of memory), reloading');
  return lines;
}

function toText(line: Line, kindKey: string): Pick<AgentLogEvent, 'message' | 'event'> {
  if (typeof line === 'string') return { message: line };
  const [kind, more] = line;
  const event = { [kindKey]: kind, ...more };
  return { message: JSON.stringify(event), event };
}
