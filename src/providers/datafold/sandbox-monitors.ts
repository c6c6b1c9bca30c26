/**
 * The monitors of Datafold's sandbox: a shop that watches its warehouse. What their owners have set has, between them, every shape that
 * is documented, and what may be null is null somewhere. The texts of real runs aren't documented.
 */
import { type Choices, day, hour, minute, second, type Timetable } from '../sandbox.ts';
import type { components } from './openapi.d.ts';

/** The states in which a run ends. */
export type FinalState = Exclude<components['schemas']['MonitorRunState'], 'created' | 'queued' | 'checking'>;

type MonitorFull = components['schemas']['MonitorFull'];

/** The part of a monitor that its owner decides. */
type Settings = Readonly<
  Required<Pick<MonitorFull, 'tags' | 'owner' | 'description' | 'schedule' | 'dataset' | 'alert' | 'notifications'>>
>;

const hourly: MonitorFull['schedule'] = { interval: { every: 'hour', type: 'hourly' } };

export interface Monitor extends Timetable {
  readonly id: number;
  readonly name: string;
  readonly type: 'diff' | 'metric' | 'schema' | 'test';
  readonly table: string;
  /** How many of its first runs only learnt what is usual. */
  readonly learning?: number;
  /** How the others end. */
  readonly finalStates: Choices<FinalState>;
  /** Runs whose final state doesn't depend on the seed: examples may name them. */
  readonly known?: Readonly<Record<number, FinalState>>;
  readonly settings: Settings;
}

const calm: Choices<FinalState> = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'alert'];
const lively: Choices<FinalState> = ['ok', 'ok', 'ok', 'ok', 'alert', 'alert', 'error', 'skipped'];

const monitors: readonly Monitor[] = [
  {
    id: 1,
    name: 'Orders: row count',
    type: 'metric',
    table: 'shop.orders',
    finalStates: calm,
    history: 72,
    every: hour,
    // Its run 73 is `checking` at the origin.
    live: { from: -30 * second, every: 90 * second },
    settings: {
      tags: ['shop', 'critical'],
      owner: 'data@shop.example',
      description: 'Orders come in around the clock: an hour without any is an outage.',
      schedule: hourly,
      dataset: [
        { connection_id: 4, table: 'shop.orders', column: null, filter: null, metric: 'row_count', query: null },
      ],
      alert: { type: 'automatic', sensitivity: 80 },
      notifications: [
        { type: 'pagerduty', integration: 11, features: ['notify_first_triggered_only'] },
        { type: 'slack', integration: 12, channel: '#data-alerts', mentions: ['@oncall'], features: ['attach_csv'] },
      ],
    },
  },
  {
    id: 2,
    name: 'Payments: freshness',
    type: 'metric',
    table: 'shop.payments',
    finalStates: lively,
    history: 60,
    every: hour,
    // Its run 61 is `queued` at the origin.
    live: { from: -20 * second, every: 2 * minute },
    settings: {
      tags: ['shop', 'payments'],
      owner: 'payments@shop.example',
      description: null,
      schedule: hourly,
      dataset: [{ connection_id: 4, table: 'shop.payments', metric: 'freshness' }],
      alert: { type: 'absolute', min: null, max: 7_200 },
      notifications: [{ type: 'teams', integration: 13, channel: 'Payments', mentions: [], features: null }],
    },
  },
  {
    id: 3,
    name: 'Customers: null rate of email',
    type: 'metric',
    table: 'shop.customers',
    learning: 14,
    finalStates: calm,
    history: 30,
    every: day,
    live: { from: 20 * second, every: 3 * minute },
    settings: {
      tags: ['shop', 'crm'],
      owner: 'crm@shop.example',
      description: 'Newsletters need an address.',
      schedule: { interval: { every: 'day', type: 'daily', hour: 6, utc_at: null } },
      dataset: [{ connection_id: 4, table: 'shop.customers', column: 'email', metric: 'fill_rate' }],
      alert: { type: 'automatic', sensitivity: 50 },
      notifications: [
        { type: 'email', recipients: ['crm@shop.example', 'data@shop.example'], features: ['attach_csv'] },
      ],
    },
  },
  {
    id: 4,
    name: 'Customers: schema',
    type: 'schema',
    table: 'shop.customers',
    finalStates: calm,
    known: { 18: 'alert', 19: 'ok' },
    history: 28,
    every: day,
    live: { from: 75 * second, every: 5 * minute },
    settings: {
      tags: ['shop', 'crm'],
      owner: null,
      description: 'Tells of columns that come, go or change their type.',
      schedule: { interval: { every: 'day', type: 'daily', hour: null, utc_at: '05:30:00' } },
      dataset: [{ connection_id: 4, table: 'shop.customers' }],
      alert: null,
      notifications: [{ type: 'webhook', integration: 14, features: ['notify_every_run'] }],
    },
  },
  {
    id: 5,
    name: 'Shipments: null rate of delivered_at',
    type: 'metric',
    table: 'logistics.shipments',
    finalStates: lively,
    known: { 20: 'skipped' },
    history: 45,
    every: 6 * hour,
    live: { from: 50 * second, every: 150 * second },
    settings: {
      tags: ['logistics'],
      owner: 'logistics@shop.example',
      description: null,
      schedule: { cron: '0 */6 * * *', type: 'crontab' },
      dataset: [
        {
          connection_id: 5,
          table: 'logistics.shipments',
          column: 'delivered_at',
          filter: "shipped_at < current_date - interval '14 days'",
          metric: 'fill_rate',
        },
      ],
      alert: { type: 'percentage', increase: null, decrease: 10 },
      notifications: [{ type: 'email', recipients: ['logistics@shop.example'] }],
    },
  },
  {
    id: 6,
    name: 'Order lines: no negative quantities',
    type: 'test',
    table: 'shop.order_lines',
    finalStates: calm,
    history: 36,
    every: 12 * hour,
    live: { from: 35 * second, every: 4 * minute },
    settings: {
      tags: ['shop'],
      owner: 'data@shop.example',
      description: 'Returns are separate lines.',
      schedule: { cron: '0 */12 * * *', type: 'crontab' },
      dataset: [{ connection_id: 4, query: 'select * from shop.order_lines where quantity < 0' }],
      alert: null,
      notifications: [],
    },
  },
  {
    id: 7,
    name: 'Orders: staging against production',
    type: 'diff',
    table: 'shop.orders',
    finalStates: lively,
    // Its run 43 begins at the origin, to be watched: created, queued, checking and, within a minute, ok.
    known: { 40: 'ok', 41: 'error', 42: 'alert', 43: 'ok' },
    history: 42,
    every: 6 * hour,
    live: { from: 0, every: 2 * minute },
    settings: {
      tags: ['shop', 'critical', 'migration'],
      owner: 'data@shop.example',
      description: 'Before every release: what staging makes of the orders is what production has.',
      schedule: { cron: '0 2,8,14,20 * * *', type: 'crontab' },
      dataset: [
        { connection_id: 4, table: 'shop.orders' },
        { connection_id: 6, table: 'staging.orders' },
      ],
      alert: { type: 'diff', different_rows_count: 0, different_rows_percent: null, match_ratio_min: null },
      notifications: [
        { type: 'slack', integration: 12, channel: '#releases', mentions: [], features: ['attach_csv'] },
        { type: 'webhook', integration: 15, features: null },
      ],
    },
  },
  {
    id: 8,
    name: 'Invoices: ledger against billing',
    type: 'diff',
    table: 'finance.invoices',
    finalStates: lively,
    known: { 31: 'cancelled' },
    history: 33,
    every: day,
    live: { from: 60 * second, every: 5 * minute },
    settings: {
      tags: ['finance', 'critical'],
      owner: 'finance@shop.example',
      description: 'The ledger and the billing service have to agree to the cent.',
      schedule: { interval: { every: 'day', type: 'daily', utc_at: '06:00:00' } },
      dataset: [
        { connection_id: 7, table: 'finance.invoices' },
        { connection_id: 8, table: 'billing.invoices' },
      ],
      alert: { type: 'diff', different_rows_count: 10, different_rows_percent: 1, match_ratio_min: 0.99 },
      notifications: [{ type: 'pagerduty', integration: 11, features: [] }],
    },
  },
  {
    id: 9,
    name: 'Gift cards: every code is unique',
    type: 'test',
    table: 'shop.gift_cards',
    finalStates: calm,
    // A person stopped its last run, and paused it.
    known: { 24: 'cancelled' },
    history: 24,
    every: day,
    settings: {
      tags: null,
      owner: null,
      description: null,
      schedule: { type: 'none' },
      dataset: [{ connection_id: 4, table: 'shop.gift_cards', column: 'code' }],
      alert: null,
      notifications: [],
    },
  },
  {
    id: 10,
    name: 'Fax orders: row count',
    type: 'metric',
    table: 'legacy.fax_orders',
    // Since its table is gone, no person dares to delete it.
    finalStates: ['error'],
    history: 21,
    every: day,
    live: { from: 90 * second, every: 10 * minute },
    settings: {
      tags: ['legacy'],
      owner: null,
      description: 'No owner.',
      schedule: { interval: { every: 'day', type: 'daily', hour: 4 } },
      dataset: [{ connection_id: 5, table: 'legacy.fax_orders', metric: 'row_count' }],
      alert: { type: 'absolute', min: 1, max: null },
      notifications: [{ type: 'email', recipients: [], features: ['disable_recovery_notifications'] }],
    },
  },
];

/** What the shop's branch in another region watches: ids of another account are the same ones again. */
const monitorsOfEu: readonly Monitor[] = [
  {
    id: 1,
    name: 'Orders (EU): row count',
    type: 'metric',
    table: 'shop_eu.orders',
    finalStates: calm,
    known: { 24: 'ok' },
    history: 24,
    every: hour,
    settings: {
      tags: ['shop', 'critical'],
      owner: 'data@shop.example',
      description: null,
      schedule: hourly,
      dataset: [{ connection_id: 2, table: 'shop_eu.orders', metric: 'row_count' }],
      alert: { type: 'automatic', sensitivity: 80 },
      notifications: [],
    },
  },
  {
    id: 7,
    name: 'Orders (EU): staging against production',
    type: 'diff',
    table: 'shop_eu.orders',
    finalStates: lively,
    // In the default account, run 42 of monitor 7 is another one.
    known: { 41: 'ok', 42: 'ok' },
    history: 42,
    every: 6 * hour,
    settings: {
      tags: ['shop', 'migration'],
      owner: 'data@shop.example',
      description: null,
      schedule: { cron: '0 2,8,14,20 * * *', type: 'crontab' },
      dataset: [
        { connection_id: 2, table: 'shop_eu.orders' },
        { connection_id: 3, table: 'staging_eu.orders' },
      ],
      alert: { type: 'diff', different_rows_count: 0, different_rows_percent: null, match_ratio_min: null },
      notifications: [],
    },
  },
];

/** The monitors of an account. */
export const monitorsOf = (account: string | undefined): readonly Monitor[] =>
  account === undefined ? monitors : monitorsOfEu;

/** What a run may end with. The texts of real runs are not documented. */
export const warnings: Readonly<Record<Monitor['type'], Choices<string>>> = {
  diff: [
    'Compared a sample: 100,000 of 4,218,443 rows.',
    'Left out 214 rows without a primary key.',
    'Left out the column discount_code: its types differ (varchar, integer).',
  ],
  metric: [
    'Left out the last two hours: late rows still come in.',
    'Today has no partition yet; yesterday was measured.',
    'The usual range rests on fewer than 30 days.',
  ],
  schema: [
    'Names were compared without regard to case.',
    'The column loyalty_tier is new and has no description.',
    'Permission to read the comments of columns is missing.',
  ],
  test: ['Stored the first 1,000 failing rows, of more.', 'The filter leaves 3 % of the rows.'],
};

export const errors: Choices<(table: string) => string> = [
  () => 'The warehouse closed the connection, three times in a row.',
  () => 'The query ran for longer than 300 s and was stopped.',
  (table) => `Permission denied for table ${table}.`,
  (table) => `Table ${table} was locked by another transaction.`,
];
