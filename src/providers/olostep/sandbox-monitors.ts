/** The monitors of Olostep's sandbox, which are the pages that a shop watches, and what the agents of their runs write. */
import { type Choices, createDice, type Dice, day, hour, minute, second, type Timetable } from '../sandbox.ts';
import type { components } from './openapi.d.ts';

/**
 * How a run goes:
 * - `whole`: from work_received to run_complete, then a snapshot
 * - `long`: the same, with a log of about 5,000 events
 * - `garbled`: the same, with a line that isn't JSON
 * - `lost`: the agent dies; the log breaks off and there will be no snapshot
 * - `silent`: the agent never says a word
 */
type Course = 'whole' | 'long' | 'garbled' | 'lost' | 'silent';

/** What a monitor's owner has set, as Olostep says it. */
type Settings = Pick<
  components['schemas']['Monitor'],
  'source_policy' | 'notification' | 'webhook' | 'output_schema' | 'metadata'
>;

export interface Monitor extends Timetable {
  /** Otherwise it comes from the seed. */
  readonly id?: string;
  readonly query: string;
  readonly url: string;
  /** What its runs find, as Olostep would say it; `null` for nothing new. */
  readonly findings: Choices<string | null>;
  /** The key of a parsed log line that holds its kind: `event` unless it says otherwise. Which it is isn't documented. */
  readonly kindKey?: 'type';
  /** How its runs go. */
  readonly courses: Choices<Course>;
  /** The runs of which neither the id nor the course, nor what they find if it says so, depends on the seed: examples may name them. */
  readonly known?: Readonly<
    Record<number, { readonly id: string; readonly course: Course; readonly finding?: string }>
  >;
  /** @default active */
  readonly status?: components['schemas']['MonitorStatus'];
  /** Why it failed. */
  readonly errorMessage?: string;
  readonly settings?: Settings;
  /** Whether the list says when it ran last and how that ended: clients expect it, and no document says so. @default true */
  readonly isLastRunListed?: false;
}

/** What is set, by the time between the runs. */
export const schedules: ReadonlyMap<number, components['schemas']['MonitorSchedule']> = new Map([
  [hour, { frequency: 'every hour', cron: '0 * * * ? *' }],
  [6 * hour, { frequency: 'every 6 hours', cron: '0 */6 * * ? *' }],
  [day, { frequency: 'every day', cron: '0 8 * * ? *' }],
]);

const steady: Choices<Course> = ['whole', 'whole', 'whole', 'whole', 'whole', 'whole', 'garbled'];
/** More often than not, nothing is new. */
const rarely = [null, null, null, null] as const;

const cheaper = 'Lever One costs 551.65 EUR, 15 % less.';

const shaky: Choices<Course> = ['whole', 'whole', 'whole', 'whole', 'garbled', 'lost', 'silent'];

export const monitors: readonly Monitor[] = [
  {
    id: 'monitor_n8q2x4m1ak',
    query: 'Tell me when a price of their espresso machines changes.',
    url: 'https://espresso.example/machines',
    findings: [...rarely, cheaper, 'Grinder Mini costs 129.00 EUR again.'],
    courses: steady,
    known: {
      21: { id: 'run_ag3ntl0st0', course: 'lost' },
      22: { id: 'run_s1l3ntrun0', course: 'silent' },
      23: { id: 'run_g4rbl3dl0g', course: 'garbled' },
      24: { id: 'run_k3v9c1p7zd', course: 'whole', finding: cheaper },
      // Begins a few seconds before the origin, to be watched: it ends within a minute.
      25: { id: 'run_w4tchm3n0w', course: 'whole' },
    },
    settings: {
      source_policy: {
        include_urls: ['https://espresso.example/machines'],
        exclude_urls: [],
        include_domains: ['espresso.example'],
        exclude_domains: null,
      },
      notification: {
        events: ['changed', 'first_snapshot'],
        channels: [
          { type: 'email', target: 'shop@coffee.example', events: ['changed'] },
          // Such a URL is a secret: it is enough to write to the channel.
          { type: 'slack', target: 'https://hooks.slack.example/services/T0SHOP/B0PRICES/pr1c3s', events: null },
        ],
      },
      webhook: { url: 'https://hooks.coffee.example/prices' },
      output_schema: { type: 'object', properties: { products: { type: 'array' } } },
      metadata: { team: 'prices' },
    },
    history: 24,
    every: hour,
    live: { from: -8 * second, every: 2 * minute },
  },
  {
    id: 'monitor_j0bb04rd42',
    query: 'Which jobs do they offer, on all the pages of their board?',
    url: 'https://jobs.example/openings',
    findings: [...rarely, 'New: Data engineer, remote.', 'New: Pipeline plumber, Lisbon. Gone: Warehouse keeper.'],
    courses: steady,
    known: { 14: { id: 'run_l0ngl0gxxl', course: 'long' } },
    history: 14,
    every: day,
    live: { from: 40 * second, every: 4 * minute },
  },
  {
    query: 'Is our payment provider up?',
    url: 'https://status.payments.example',
    findings: [...rarely, 'Payouts are degraded.', 'All systems are operational again.'],
    courses: shaky,
    settings: {
      notification: { events: ['changed'], channels: [{ type: 'sms', target: '+3515550100' }] },
      webhook: null,
      metadata: { team: 'checkout', severity: 'high' },
    },
    history: 48,
    every: hour,
    live: { from: 15 * second, every: 90 * second },
  },
  {
    query: 'What is new in the parser that we use?',
    url: 'https://parser.example/changelog',
    findings: [...rarely, 'Version 4.17.0: the flag --verbose is now verbose.'],
    kindKey: 'type',
    courses: steady,
    history: 20,
    every: day,
    live: { from: 65 * second, every: 5 * minute },
  },
  {
    query: 'Which bread does the bakery across the street have today?',
    url: 'https://bakery.example/today',
    findings: [...rarely, 'Walnut batard, 4.80 EUR.', 'Seeded spelt, 5.50 EUR, is sold out.'],
    courses: steady,
    isLastRunListed: false,
    history: 12,
    every: day,
    live: { from: 30 * second, every: 3 * minute },
  },
  {
    // Paused for the winter: the island is closed.
    query: 'Do the ferries run on time?',
    url: 'https://ferry.example/timetable',
    findings: [...rarely, 'The 09:15 is delayed by fog.', 'All ferries are on time again.'],
    courses: shaky,
    status: 'paused',
    settings: { webhook: null, output_schema: null },
    history: 18,
    every: 6 * hour,
  },
  {
    query: 'Tell me when the roastery sells green beans again.',
    url: 'https://roastery.example/green-beans',
    findings: rarely,
    courses: steady,
    status: 'provisioning',
    history: 0,
    every: hour,
  },
  {
    query: 'Watch the auction behind the log-in.',
    url: 'https://auction.example/members',
    findings: rarely,
    courses: steady,
    status: 'failed',
    errorMessage: 'The page requires a log-in.',
    history: 0,
    every: hour,
  },
  {
    query: 'Is the old shop still open?',
    url: 'https://old-shop.example',
    findings: [...rarely, 'The shop is closed on Mondays.'],
    courses: steady,
    status: 'deleted',
    history: 6,
    every: day,
  },
];

type AgentLogEvent = components['schemas']['AgentLogEvent'];

/** The run of the log. */
interface Told {
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
