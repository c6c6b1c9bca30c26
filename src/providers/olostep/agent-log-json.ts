/** The events of a large log as JSON, from the JSON that they came in. What isn't as documented is left to `agent-log-event.ts`. */
import type { CostBudget } from '../../core/cost-budget.ts';
import type { AgentLogEvent, AgentLogEventEdge } from '../../generated/types.ts';
import type { Table } from '../../json/column-index.ts';
import { type JsonBytes, putTogether } from '../../json/json-buffer.ts';
import { sign } from '../../json/skip.ts';
import { toTimeBytes } from '../date-time.ts';
import type { JsonField, JsonList } from '../raw-json.ts';
import { findKindColumn, logColumns } from './agent-log.ts';

/** Where events come from, and where they go. */
interface Writing {
  readonly table: Table;
  cursorOf(row: number): string;
  /** What they are paid for from. */
  readonly costBudget: CostBudget;
  readonly into: JsonBytes;
}

/** Writes an event, or something of it, and says whether it could: an error is not for JSON. @throws {OperationTooCostly} */
type Write = (writing: Writing, row: number) => boolean;

/** How the fields of a type are written, given what is selected of them. */
type Writes<Type> = { readonly [Name in keyof Type]-?: (selected: readonly JsonField[]) => Write };

export interface EventRows extends Omit<Writing, 'into'> {
  readonly count: number;
  rowOf(index: number): number;
}

/**
 * The `nodes` or `edges` of a page, as JSON in UTF-8; `undefined` where anything of it is an error, which has its price as well.
 * @throws {OperationTooCostly}
 */
export function writeLogEvents(rows: EventRows, { name, fields }: JsonList): Buffer | undefined {
  const write = name === 'nodes' ? toWriteObject(eventFields, fields) : toWriteObject(edgeFields, fields);
  const { count, rowOf, costBudget } = rows;
  return putTogether((into) => {
    const writing = { ...rows, into };
    into.add(sign.openList);
    for (let index = 0; index < count; index++) {
      if (index > 0) into.add(sign.comma);
      if (index === sampleRows) into.reserve(Math.ceil((1.1 * into.length * count) / sampleRows));
      if (!write(writing, rowOf(index))) return false;
    }
    into.add(sign.closeList);
    costBudget.assertNotExhausted();
    return true;
  });
}

/** From so many events on it is known how large all of them will be, more or less. */
const sampleRows = 100;

const { of: columns } = logColumns;

const eventFields: Writes<AgentLogEvent> = {
  __typename: () => toWriteWord('"AgentLogEvent"'),
  id: () => toWriteText(columns.id),
  timestamp: () => toWriteTime(columns.ts),
  ingestedAt: () => toWriteTime(columns.ingestion_ts),
  stream: () => toWriteText(columns.stream),
  message: () => toWriteText(columns.message),
  kind: () => (writing, row) => {
    const column = findKindColumn(writing.table, row);
    return column === undefined ? writeNull(writing) : writeText(writing, row, column);
  },
  event: () => (writing, row) => {
    const { table, costBudget, into } = writing;
    if (!table.isObject(row, columns.event)) return !table.has(row, columns.event) && writeNull(writing);
    costBudget.assertNotExhausted();
    // Its white space isn't passed on, and yet has to be looked at.
    costBudget.spend(Math.max(table.sizeOf(row), table.lengthOf(row, columns.event)));
    table.write(row, columns.event, into);
    return true;
  },
};

const edgeFields: Writes<AgentLogEventEdge> = {
  __typename: () => toWriteWord('"AgentLogEventEdge"'),
  cursor:
    () =>
    ({ cursorOf, costBudget, into }, row) => {
      const cursor = cursorOf(row);
      costBudget.chargeString(cursor.length);
      into.put(Buffer.from(`"${cursor}"`));
      return true;
    },
  node: (selected) => toWriteObject(eventFields, selected),
};

function toWriteObject<Type>(writes: Writes<Type>, selected: readonly JsonField[]): Write {
  const fields = selected.map(({ key, name, fields = [] }, place) => {
    const head = Buffer.from(`${place === 0 ? '' : ','}"${key}":`);
    return { head, write: writes[name as keyof Type](fields) };
  });
  return (writing, row) => {
    const { into } = writing;
    into.add(sign.openObject);
    for (const { head, write } of fields) {
      into.put(head);
      if (!write(writing, row)) return false;
    }
    into.add(sign.closeObject);
    return true;
  };
}

function toWriteWord(word: string): Write {
  const bytes = Buffer.from(word);
  return ({ into }) => {
    into.put(bytes);
    return true;
  };
}

const writeNull = toWriteWord('null') as (writing: Writing) => boolean;

/** An upstream field that is documented as a text: as it came, and `null` where there is none. */
const toWriteText =
  (column: number): Write =>
  (writing, row) =>
    writing.table.isText(row, column)
      ? writeText(writing, row, column)
      : !writing.table.has(row, column) && writeNull(writing);

function writeText({ table, costBudget, into }: Writing, row: number, column: number): boolean {
  costBudget.chargeString(table.lengthOf(row, column) - 2);
  table.write(row, column, into);
  return true;
}

/** One that is documented as Unix milliseconds. */
const toWriteTime =
  (column: number): Write =>
  (writing, row) => {
    const { table, into } = writing;
    const milliseconds = table.integer(row, column);
    if (milliseconds === undefined) return !table.has(row, column) && writeNull(writing);
    const time = toTimeBytes(milliseconds);
    if (time === undefined) return false;
    into.put(time);
    return true;
  };
