/** A run's log. Of a large one, a line is parsed only when something is asked of it that can't be told from its bytes. */

import { once } from '../../core/once.ts';
import type { Table } from '../../json/column-index.ts';
import { createColumns } from '../../json/columns.ts';
import type { Items } from '../../json/lazy-array.ts';
import { isTime } from '../date-time.ts';
import type { Found } from '../response-reader.ts';
import { idOf, kindNames, readMilliseconds, readTime, runComplete, toKind } from './agent-log-event.ts';
import { AgentLogEvent as checks } from './openapi-checks.ts';

/** What is known of each line without parsing it, where the log is a table. */
export const logColumns = createColumns(
  [
    ...(['id', 'ts', 'ingestion_ts', 'stream', 'message', 'event'] as const),
    ...kindNames.map((name) => `event.${name}` as const),
  ],
  'event',
);

const columns = logColumns.of;
const kindColumns = kindNames.map((name) => columns[`event.${name}`]);

/** The column that says what a row tells of. */
export function findKindColumn(table: Table, row: number): number | undefined {
  for (const column of kindColumns) if (table.isText(row, column)) return column;
  return undefined;
}

export class Log {
  readonly #items: Items;
  readonly table: Table | undefined;

  constructor(items: Items) {
    this.#items = items;
    this.table = items.table;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Whether more values are in all lines together than may be parsed at once, and they have to be. */
  get isTooLarge(): boolean {
    return this.table === undefined && this.#items.isTooLarge?.() === true;
  }

  /** As in {@link Items}. */
  slice(start?: number, end?: number): readonly unknown[] {
    return this.#items.slice(start, end);
  }

  /** The lines at these places. */
  pick(places: readonly number[]): readonly unknown[] {
    return this.#items.pick?.(places) ?? places.map((place) => this.#lineAt(place));
  }

  idAt(place: number): string | null {
    return this.table === undefined ? idOf(this.#lineAt(place)) : (this.table.text(place, columns.id) ?? null);
  }

  timeAt(place: number): Found<number> {
    const { table } = this;
    if (table === undefined) return readMilliseconds(this.#lineAt(place));
    const time = table.integer(place, columns.ts);
    if (time !== undefined && isTime(time)) return time;
    return table.has(place, columns.ts) ? readTime(checks.ts, table.scalar(place, columns.ts)) : null;
  }

  /** Where the events of this kind are. @param most how many are looked for */
  findPlaces(kind: string, most = this.length): readonly number[] {
    const isOfKind = this.#toIsOfKind(kind);
    const places: number[] = [];
    for (let place = 0; place < this.length && places.length < most; place++) if (isOfKind(place)) places.push(place);
    return places;
  }

  /** Whether the event there has this id, or none. */
  hasId(place: number, id: string | null): boolean {
    return id === null ? this.idAt(place) === null : this.#toHasId(id)(place);
  }

  /** Where the first event of this id is. */
  findId(id: string): number | undefined {
    this.#expectAll();
    const hasId = this.#toHasId(id);
    for (let place = 0; place < this.length; place++) if (hasId(place)) return place;
    return undefined;
  }

  /** Where the log says that the run has ended, if it does. */
  readonly findEnd = once(() => this.findPlaces(runComplete, 1)[0]);

  /** The earliest time in the log; Olostep doesn't promise an order. An unreadable one counts only if there is no other. */
  findStart(): Found<number> {
    this.#expectAll();
    let earliest: Found<number> = null;
    for (let place = 0; place < this.length; place++) {
      const time = this.timeAt(place);
      const isEarlier = typeof time === 'number' ? typeof earliest !== 'number' || time < earliest : earliest === null;
      if (isEarlier) earliest = time;
    }
    return earliest;
  }

  #toIsOfKind(kind: string): (place: number) => boolean {
    const { table } = this;
    if (table === undefined) {
      const lines = this.slice();
      return (place) => toKind(lines[place]) === kind;
    }
    const json = Buffer.from(JSON.stringify(kind));
    return (place) => {
      const column = findKindColumn(table, place);
      if (column === undefined) return false;
      return table.isSame(place, column, kind, json);
    };
  }

  #toHasId(id: string): (place: number) => boolean {
    const { table } = this;
    if (table === undefined) return (place) => idOf(this.#lineAt(place)) === id;
    const json = Buffer.from(JSON.stringify(id));
    return (place) => table.isSame(place, columns.id, id, json);
  }

  /** Parses what has to be parsed of all lines, which is quicker at once than one by one. */
  #expectAll(): void {
    if (this.table === undefined) this.slice();
  }

  #lineAt(place: number): unknown {
    return this.slice(place, place + 1)[0];
  }
}
