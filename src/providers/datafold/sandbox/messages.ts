/** What the runs of Datafold's sandbox say. The texts of the real ones aren't documented. */
import { type Choices, createDice } from '../../sandbox/dice.ts';
import type { FinalState, Monitor } from './monitors.ts';

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
