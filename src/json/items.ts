/** The items of a JSON list, each parsed when it is first asked for. */
import type { Columns } from './columns.ts';
import { parseJson } from './json.ts';
import { readTable } from './read-table.ts';
import { skipNested, skipSpace } from './scan.ts';
import type { Table } from './table.ts';

/** Stands in the place of what turns out, once it is asked for, not to be JSON. */
export const unreadable = Symbol('unreadable');

/** A list whose items are parsed when they are asked for, or one that is parsed already. */
export interface Items {
  readonly length: number;
  /** The items from `start` on, without those from `end` on; one that isn't JSON is {@link unreadable}. */
  slice(start?: number, end?: number): readonly unknown[];
  /** The same as rows, where that was asked for, and there is nothing out of the ordinary about any of them. */
  readonly table?: Table;
}

/** What is to be known of a list's items beside what they are. */
export interface AsTable {
  readonly columns: Columns;
  /** Over how many levels a member may be nested. */
  readonly levels: number;
}

/** Of a longer list nobody reads a part, and to note where so many items are would take longer than to parse them. */
const mostItems = 200_000;

/**
 * Finds the items of the list that begins at `start`, and parses none; without `items` when there are too many.
 * @throws {SyntaxError} when it has no end
 */
export function findItems(
  bytes: Buffer,
  start: number,
  asTable?: AsTable,
): { readonly end: number; readonly items?: Items } {
  const table = asTable && readTable(bytes, start, asTable.columns, asTable.levels);
  if (table !== undefined) return { end: table.end, items: { ...createItems(bytes, table.bounds), table } };
  /** Where a bracket or a comma of the list stands: between two of them is an item. */
  const bounds = [start];
  const end = skipNested(bytes, start, bounds, mostItems);
  if (bounds.length === mostItems) return { end };
  const isEmpty = bounds.length === 1 && skipSpace(bytes, start + 1) === end - 1;
  bounds.push(end - 1);
  return { end, items: isEmpty ? [] : createItems(bytes, bounds) };
}

function createItems(bytes: Buffer, bounds: readonly number[]): Items {
  const length = bounds.length - 1;
  let parsed: unknown[] | undefined;

  /** All at once, which is quicker; one by one only to find which of them isn't JSON. */
  const parse = (start: number, end: number): readonly unknown[] => {
    const items = parseItems(bytes.toString('utf8', (bounds[start] ?? 0) + 1, bounds[end]));
    if (items.length === end - start) return items;
    if (end - start === 1) return [unreadable];
    return Array.from({ length: end - start }, (_, place) => parse(start + place, start + place + 1)[0]);
  };

  return {
    length,
    slice(start = 0, end = length) {
      parsed ??= new Array<unknown>(length);
      const last = Math.min(end, length);
      for (let place = start; place < last; place++) {
        if (parsed[place] !== undefined) continue;
        let next = place + 1;
        while (next < last && parsed[next] === undefined) next++;
        for (const item of parse(place, next)) parsed[place++] = item;
      }
      return parsed.slice(start, last);
    },
  };
}

/** The values in the text, with commas between them; none when it isn't JSON. */
function parseItems(text: string): readonly unknown[] {
  try {
    return parseJson(`[${text}]`) as readonly unknown[];
  } catch {
    return [];
  }
}
