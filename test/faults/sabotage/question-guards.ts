/** What makes filtered lists whole and honest: without one of them a monitor is lost, shown twice or taken for another. */
import type { Guard } from './guard.ts';

const pages = 'src/loaders/monitor-pages.ts';
const filter = 'src/loaders/monitor-filter.ts';
const worlds = ['test/resolvers/monitor-list-worlds.test.ts'];
const lists = ['test/resolvers/monitor-list-filters.test.ts'];

export const questionGuards: readonly Guard[] = [
  {
    name: 'monitor list: gaps behind the last monitor of a page are of the next page',
    file: pages,
    from: '(this.isFull ? this.#missingBehind : this.#missing).push(missing);',
    to: 'this.#missing.push(missing);',
    tests: worlds,
  },
  {
    name: 'monitor list: gaps behind the last monitor are named where the next page goes on behind them',
    file: pages,
    from: 'const missing = next === undefined ? this.#missing : [...this.#missing, ...this.#missingBehind];',
    to: 'const missing = this.#missing;',
    tests: worlds,
  },
  {
    name: 'monitor list: a page that no call is left for ends early',
    file: pages,
    from: 'if (calls > 0 && (isOneProvider || error instanceof OperationTooCostly))',
    to: 'if (calls > 1e9)',
    tests: worlds,
  },
  {
    name: 'monitor list: tags are checked in the response',
    file: filter,
    from: '(tags.length === 0 ? true : hasAll(facts.tags?.(row), tags))',
    to: '(facts.tags === undefined && tags.length > 0 ? hasAll(undefined, tags) : true)',
    tests: lists,
  },
  {
    name: 'monitor list: a row that does not say is no match and no absence',
    file: filter,
    from: 'return isSure ? true : undefined;',
    to: 'return isSure;',
    tests: lists,
  },
  {
    name: 'monitor list: a cursor is of its arguments',
    file: pages,
    from: 'cursor?.list === fingerprint && ',
    to: '',
    tests: ['test/providers/datafold-monitor.test.ts'],
  },
];
