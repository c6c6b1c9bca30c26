/** How to request monitors of Datafold. */
import type { ProviderError } from '../../core/errors.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject, toDigits } from '../../json/lossless.ts';
import type { MonitorDefinition, MonitorRow } from '../provider.ts';
import { invalidField } from '../response-reader.ts';
import { parseCursor } from './cursor.ts';
import { expectedId, isId } from './id.ts';
import { type List, walkList } from './list.ts';
import { readListPart } from './list-page.ts';
import { toDatafoldMonitor, toListedDatafoldMonitor } from './monitor.ts';
import { readState } from './state.ts';
import { toMilliseconds } from './values.ts';

export const monitors: MonitorDefinition = {
  typeName: 'DatafoldMonitor',
  isKey: isId,
  expectedKey: expectedId,
  toRequest: (monitorId) => ({ path: `/api/v1/monitors/${monitorId}`, echoes: { id: monitorId } }),
  toMonitor: toDatafoldMonitor,
  toListedMonitor: toListedDatafoldMonitor,
  listed: {
    fields: new Set([
      ...['name', 'enabled', 'createdAt', 'modifiedAt', 'lastRunAt', 'lastAlertAt'],
      ...['type', 'rawType', 'state', 'rawState', 'tags', 'owner'],
    ]),
    only: new Set(),
  },
  // `last_run` may be when the run was created ([U]), and `started_at` is when its check began, minutes later if it had to wait.
  lagMs: 5 * 60_000,
  maxPages: 10,
  walk: (pageSize) => walkList(toList(), pageSize, () => true),
  async readPage(get, { first, pageSize, after, tags }) {
    // The order of requested tags makes no other list.
    const name = JSON.stringify(['monitors', ...(tags?.toSorted() ?? [])]);
    const cursor = parseCursor(name, after, expectedCursor);
    const part = { after: cursor, first, pageSize, cursor: { list: name } };
    const page = await readListPart(get, toList(tags ?? []), part);
    // There is always a list of all monitors, if an empty one.
    if (page === null) throw invalidField('DATAFOLD');
    return page;
  },
};

const expectedCursor = 'Expected `after` to be the cursor of a monitor of this list, with the same `tags`.';

/** In the order of their ids, which grow: a new monitor comes last, and shifts no page. */
const toList = (tags: readonly string[] = []): List<MonitorRow> => ({
  path: '/api/v1/monitors',
  query: { order_by: 'id', sort_order: 'asc', ...(tags.length > 0 && { tags: tags.join(',') }) },
  member: 'monitors',
  toRow,
});

function toRow(item: unknown): MonitorRow | ProviderError {
  const monitorId = isObject(item) ? toDigits(item.id) : undefined;
  if (!isObject(item) || monitorId === undefined || !isId(monitorId)) return invalidField('DATAFOLD');
  return {
    monitorId,
    row: new ParsedObject(item),
    lastRunAt: toLastRunAt(item),
    lastRunMark: toLastRunMark(item),
    // One field alone may be null while the list of runs has some.
    hasNeverRun: item.last_run === null && item.state === null,
    createdAt: toMilliseconds(item.created_at),
  };
}

function toLastRunMark(item: Readonly<Record<string, unknown>>): string | undefined {
  const { last_run, state } = item;
  return toLastRunAt(item) === undefined || typeof state !== 'string' ? undefined : `${last_run} ${state}`;
}

/** States in which the newest run may have no start yet, or never one: `last_run` may be that of a run before it ([U]). */
const startless: ReadonlySet<unknown> = new Set(['PENDING', 'RUNNING', 'UNKNOWN', 'SKIPPED', 'CANCELLED']);

/** When a run started last, if the row is sure of it. */
function toLastRunAt({ last_run, state }: Readonly<Record<string, unknown>>): number | undefined {
  const { phase, outcome } = readState(state);
  return startless.has(phase) || startless.has(outcome) ? undefined : toMilliseconds(last_run);
}
