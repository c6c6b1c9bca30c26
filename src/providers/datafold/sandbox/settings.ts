/**
 * What the monitors of Datafold's sandbox are set to, by their ids, and what their runs say. The texts of the real ones aren't
 * documented.
 */

import { type Choices, createDice } from '../../sandbox/dice.ts';
import type { components } from '../openapi.d.ts';
import type { FinalState, Monitor } from './monitors.ts';

type MonitorFull = components['schemas']['MonitorFull'];

/** The part of a monitor that its owner decides. */
type Settings = Readonly<
  Required<Pick<MonitorFull, 'tags' | 'owner' | 'description' | 'schedule' | 'dataset' | 'alert' | 'notifications'>>
>;

const hourly: MonitorFull['schedule'] = { interval: { every: 'hour', type: 'hourly' } };

/** Between them they have every shape that is documented, and what may be null is null somewhere. */
export const settings: Readonly<Record<number, Settings>> = {
  1: {
    tags: ['shop', 'critical'],
    owner: 'data@shop.example',
    description: 'Orders come in around the clock: an hour without any is an outage.',
    schedule: hourly,
    dataset: [{ connection_id: 4, table: 'shop.orders', column: null, filter: null, metric: 'row_count', query: null }],
    alert: { type: 'automatic', sensitivity: 80 },
    notifications: [
      { type: 'pagerduty', integration: 11, features: ['notify_first_triggered_only'] },
      { type: 'slack', integration: 12, channel: '#data-alerts', mentions: ['@oncall'], features: ['attach_csv'] },
    ],
  },
  2: {
    tags: ['shop', 'payments'],
    owner: 'payments@shop.example',
    description: null,
    schedule: hourly,
    dataset: [{ connection_id: 4, table: 'shop.payments', metric: 'freshness' }],
    alert: { type: 'absolute', min: null, max: 7_200 },
    notifications: [{ type: 'teams', integration: 13, channel: 'Payments', mentions: [], features: null }],
  },
  3: {
    tags: ['shop', 'crm'],
    owner: 'crm@shop.example',
    description: 'Newsletters need an address.',
    schedule: { interval: { every: 'day', type: 'daily', hour: 6, utc_at: null } },
    dataset: [{ connection_id: 4, table: 'shop.customers', column: 'email', metric: 'fill_rate' }],
    alert: { type: 'automatic', sensitivity: 50 },
    notifications: [{ type: 'email', recipients: ['crm@shop.example', 'data@shop.example'], features: ['attach_csv'] }],
  },
  4: {
    tags: ['shop', 'crm'],
    owner: null,
    description: 'Tells of columns that come, go or change their type.',
    schedule: { interval: { every: 'day', type: 'daily', hour: null, utc_at: '05:30:00' } },
    dataset: [{ connection_id: 4, table: 'shop.customers' }],
    alert: null,
    notifications: [{ type: 'webhook', integration: 14, features: ['notify_every_run'] }],
  },
  5: {
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
  6: {
    tags: ['shop'],
    owner: 'data@shop.example',
    description: 'Returns are separate lines.',
    schedule: { cron: '0 */12 * * *', type: 'crontab' },
    dataset: [{ connection_id: 4, query: 'select * from shop.order_lines where quantity < 0' }],
    alert: null,
    notifications: [],
  },
  7: {
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
  8: {
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
  9: {
    tags: null,
    owner: null,
    description: null,
    schedule: { type: 'none' },
    dataset: [{ connection_id: 4, table: 'shop.gift_cards', column: 'code' }],
    alert: null,
    notifications: [],
  },
  10: {
    tags: ['legacy'],
    owner: null,
    description: 'No owner.',
    schedule: { interval: { every: 'day', type: 'daily', hour: 4 } },
    dataset: [{ connection_id: 5, table: 'legacy.fax_orders', metric: 'row_count' }],
    alert: { type: 'absolute', min: 1, max: null },
    notifications: [{ type: 'email', recipients: [], features: ['disable_recovery_notifications'] }],
  },
};

const warnings: Readonly<Record<Monitor['type'], Choices<string>>> = {
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

const errors: Choices<(table: string) => string> = [
  () => 'The warehouse closed the connection, three times in a row.',
  () => 'The query ran for longer than 300 s and was stopped.',
  (table) => `Permission denied for table ${table}.`,
  (table) => `Table ${table} was locked by another transaction.`,
];

/** What a run ended with. */
export function toMessages(seed: number, monitor: Monitor, run: number, finalState: FinalState) {
  const dice = createDice(seed, 'datafold messages', monitor.id, run);
  return {
    warnings: toWarnings(),
    // Only a run that couldn't be carried out has an error. Datafold doesn't promise so; it is the plainest reading.
    error: finalState === 'error' ? toError() : null,
  };

  function toWarnings(): string[] {
    switch (finalState) {
      case 'learning':
        return [`Learning what is usual: ${run} of ${monitor.learning} runs.`];
      case 'skipped':
        return ['The run before it had not ended.'];
      case 'cancelled':
        return ['Stopped by a user.'];
      case 'alert':
        return [dice.pick(warnings[monitor.type])];
      default:
        return dice.between(1, 5) === 1 ? [dice.pick(warnings[monitor.type])] : [];
    }
  }

  function toError(): string {
    if (monitor.table.startsWith('legacy.')) return `Table ${monitor.table} does not exist.`;
    return dice.pick(errors)(monitor.table);
  }
}
