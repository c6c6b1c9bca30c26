/** The monitors of Datafold's sandbox: a shop that watches its warehouse. */
import { type Choices, day, hour, minute, second, type Timetable } from '../../sandbox/dice.ts';
import type { components } from '../openapi.d.ts';

/** The states in which a run ends. */
export type FinalState = Exclude<components['schemas']['MonitorRunState'], 'created' | 'queued' | 'checking'>;

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
}

const calm: Choices<FinalState> = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'alert'];
const lively: Choices<FinalState> = ['ok', 'ok', 'ok', 'ok', 'alert', 'alert', 'error', 'skipped'];

export const monitors: readonly Monitor[] = [
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
  },
];
