/** The pages of a run's log, forwards and backwards. Of the log's lines only those of the page are parsed. */
import type { CostBudget } from '../../core/cost-budget.ts';
import { BadUserInput } from '../../core/errors.ts';
import { once } from '../../core/lazy.ts';
import { presentText } from '../../core/operation-params.ts';
import type { AgentLogEventConnection, OlostepRunEventsArgs } from '../../generated/types.ts';
import type { Fields } from '../fields.ts';
import { decodeTuple, encodeCursor } from '../lists.ts';
import { type Log, toLogEvent } from './agent-log.ts';

const defaultPerPage = 100;
const maxPerPage = 1_000;
/** What a line costs that is only looked through, and an event that is selected, beside its texts. */
const bytesPerLine = 16;
const bytesPerEvent = 1_000;

/**
 * Checks what can be checked without the log.
 * @throws {BadUserInput}
 */
export function checkPageArguments({ first, last }: OlostepRunEventsArgs): void {
  if (first != null && last != null) throw new BadUserInput('Expected `first` or `last`, not both.', 'OLOSTEP');
  checkPageSize('first', first);
  checkPageSize('last', last);
}

function checkPageSize(name: string, size: number | null | undefined): void {
  if (size != null && (size < 0 || size > maxPerPage))
    throw new BadUserInput(`Expected \`${name}\` between 0 and 1,000.`, 'OLOSTEP');
}

/**
 * The page that the arguments select, by Relay's pagination algorithm: `after` and `before` bound the log, `first` and `last` the page.
 * The cursors count in the whole log, whatever `kind` leaves of it. The first 100 events where neither `first` nor `last` is given.
 * @param inOwnTurn reads a field later, where the log is large
 * @param args as {@link checkPageArguments} accepts them
 * @throws {BadUserInput} when a cursor is none of this log
 */
export function toLogPage(
  log: Log,
  args: OlostepRunEventsArgs,
  costBudget: CostBudget,
  inOwnTurn: <Value>(field: () => Value) => () => Value | Promise<Value>,
): Fields<AgentLogEventConnection> {
  const { last, kind } = args;
  const first = args.first ?? (last == null ? defaultPerPage : null);
  costBudget.spend(log.length * bytesPerLine);
  const after = findBound(log, 'after', args.after);
  const before = findBound(log, 'before', args.before);

  // Without a filter an event's number is its place, and the log is read no further than the page goes.
  const matches = kind == null ? undefined : log.findPlaces(kind);
  const totalCount = matches?.length ?? log.length;
  const countBefore = (place: number) => matches?.filter((match) => match < place).length ?? place;
  // The numbers of the events between the cursors, and of those among them that are on the page.
  const from = after === undefined ? 0 : countBefore(after + 1);
  const end = before === undefined ? totalCount : countBefore(before);
  const to = Math.max(from, end);
  const between = to - from;
  const count = Math.min(between, first ?? last ?? 0);
  const start = first == null ? to - count : from;
  costBudget.spend(count * bytesPerEvent);
  let isPaid = true;
  /** Once more for each other place that the answer has them in: both ways to them have aliases. */
  const pay = () => {
    if (!isPaid) costBudget.spend(count * bytesPerEvent);
    isPaid = false;
  };

  const placeOf = (index: number) => (matches === undefined ? start + index : (matches[start + index] ?? 0));
  const lines = once(() =>
    matches === undefined ? log.slice(start, start + count) : log.pick(matches.slice(start, start + count)),
  );
  const cursorOf = (place: number) => toCursor(log, place);

  return {
    __typename: 'AgentLogEventConnection',
    edges: inOwnTurn(() => {
      pay();
      return lines().map((line, index) => ({
        __typename: 'AgentLogEventEdge' as const,
        cursor: () => cursorOf(placeOf(index)),
        node: toLogEvent(line),
      }));
    }),
    nodes: inOwnTurn(() => {
      pay();
      return lines().map(toLogEvent);
    }),
    pageInfo: {
      __typename: 'PageInfo',
      hasNextPage: first == null ? end < totalCount : between > first,
      hasPreviousPage: last == null ? from > 0 : between > last,
      startCursor: () => (count === 0 ? null : cursorOf(placeOf(0))),
      endCursor: () => (count === 0 ? null : cursorOf(placeOf(count - 1))),
    },
    totalCount,
  };
}

/** A cursor is an event's place in the log and its id, so that it still finds the event when lines come in before it. */
const toCursor = (log: Log, place: number) => encodeCursor([place, log.idAt(place)]);

/** The place that a cursor stands for; `undefined` without one. An empty text counts as none. */
function findBound(log: Log, name: string, argument: string | null | undefined): number | undefined {
  const cursor = presentText(argument);
  if (cursor == null) return undefined;
  const [place, id] = decodeTuple(cursor);
  const unknownCursor = () =>
    new BadUserInput(`Expected \`${name}\` to be the cursor of an event of this run.`, 'OLOSTEP');
  const isPlace = typeof place === 'number' && Number.isSafeInteger(place) && place >= 0;
  if (!isPlace || (id !== null && typeof id !== 'string')) throw unknownCursor();
  if (place < log.length && log.isIdAt(place, id)) return place;
  const moved = id === null ? undefined : log.findId(id);
  if (moved === undefined) throw unknownCursor();
  return moved;
}
