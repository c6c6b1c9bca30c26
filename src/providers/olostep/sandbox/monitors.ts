/** The monitors of Olostep's sandbox: the pages that a shop watches. */
import { type Choices, day, hour, minute, second, type Timetable } from '../../sandbox/dice.ts';
import type { components } from '../openapi.d.ts';

/**
 * How a run goes:
 * - `whole`: from work_received to run_complete, then a snapshot
 * - `long`: the same, with a log of about 5,000 events
 * - `garbled`: the same, with a line that isn't JSON
 * - `lost`: the agent dies; the log breaks off and there will be no snapshot
 * - `silent`: the agent never says a word
 */
export type Course = 'whole' | 'long' | 'garbled' | 'lost' | 'silent';

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
  /** Whether the list says when it ran last: of its rows no document says so. */
  readonly isLastRunListed?: true;
}

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
    isLastRunListed: true,
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
    isLastRunListed: true,
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
    isLastRunListed: true,
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
