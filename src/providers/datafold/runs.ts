/** How to ask Datafold for runs. */
import { BadUserInput, type ProviderError } from '../../errors.ts';
import { isAbsent, isObject, toDigits } from '../../json/json.ts';
import { ParsedMembers } from '../../json/members.ts';
import { fromMilliseconds } from '../date-time.ts';
import type { RunDefinition, RunRow, RunWindow } from '../provider.ts';
import { toBadField } from '../reader.ts';
import { parseCursor } from './cursor.ts';
import { isId } from './id.ts';
import { type List, walkList } from './list.ts';
import { readListPart } from './list-page.ts';
import { isRunAsDocumented, toDatafoldRun, toListedDatafoldRun } from './run.ts';
import { createRunPages } from './run-pages.ts';
import { toMilliseconds } from './values.ts';

export const runs: RunDefinition = {
  typeName: 'DatafoldRun',
  isKey: ({ monitorId, runId }) => isId(monitorId) && isId(runId),
  expectedKey: 'Expected Datafold ids: whole numbers in decimal digits, 19 at most, without sign or leading zeros.',
  toRequest: ({ monitorId, runId }) => ({
    path: `/api/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toDatafoldRun,
  toListedRun: toListedDatafoldRun,
  listed: { fields: new Set(['phase', 'outcome', 'startedAt', 'state', 'rawState', 'diffId']), only: new Set() },
  mostPages: 10,
  // A single answer has a state always: a row without one leaves the word to that.
  walk: (monitorId, pageSize) => walkList(toList(monitorId, {}), pageSize, ({ lacksOutcome }) => !lacksOutcome),
  async readPage(get, monitorId, window) {
    const { first, pageSize, after, startedAfter, startedBefore } = window;
    const name = JSON.stringify(['runs', monitorId, startedAfter ?? null, startedBefore ?? null]);
    const cursor = parseCursor(name, after, expectedCursor);
    // New runs would shift what is behind them: the pages are those of the time of the first one.
    const until = cursor?.until ?? toEnd(window);
    const list = toList(monitorId, { ...(startedAfter && { start_time: startedAfter }), end_time: until });
    const page = await readListPart(get, list, { after: cursor, first, pageSize, cursor: { list: name, until } });
    // A cursor may be good no more where its monitor is.
    if (page === null && cursor !== undefined) throw new BadUserInput(expectedCursor, 'DATAFOLD');
    return page;
  },
  pages: createRunPages((monitorId) => toList(monitorId, {})),
  endurance({ phase, outcome }, record, isRow) {
    // A monitor that still learns may be evaluated anew; whatever else has ended stays, as far as is known ([I] of the states).
    if (phase !== 'FINISHED' || outcome === 'LEARNING') return 'none';
    return isRunAsDocumented(record, isRow) ? 'lasting' : 'unsure';
  },
};

const expectedCursor = 'Expected `after` to be the cursor of a run of this monitor and window.';

const toList = (monitorId: string, query: List<RunRow>['query']): List<RunRow> => ({
  path: `/api/v1/monitors/${monitorId}/runs`,
  query,
  member: 'runs',
  toRow: (item) => toRow(monitorId, item),
});

/** The run in an item, unless it is another monitor's. */
function toRow(monitorId: string, item: unknown): RunRow | ProviderError {
  if (!isObject(item)) return toBadField('DATAFOLD');
  const { run_id, monitor_id, started_at, state } = item;
  const runId = toDigits(run_id);
  const isForeign = !isAbsent(monitor_id) && monitor_id !== monitorId && toDigits(monitor_id) !== monitorId;
  if (runId === undefined || !isId(runId) || isForeign) return toBadField('DATAFOLD');
  const lacksOutcome = typeof state !== 'string';
  return { runId, row: new ParsedMembers(item), time: toMilliseconds(started_at), lacksOutcome };
}

/** The end of the window, or now, whichever comes first. Both are texts of one form, which sort as their times do. */
function toEnd({ startedBefore, now }: RunWindow): string {
  const time = fromMilliseconds(now) ?? '';
  return startedBefore && startedBefore < time ? startedBefore : time;
}
