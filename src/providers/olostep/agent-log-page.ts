/** A page of a run's log: the Relay connection over the events of one answer. */
import type { CostBudget } from '../../core/cost-budget.ts';
import { BadUserInput } from '../../core/errors.ts';
import { once } from '../../core/lazy.ts';
import { presentText } from '../../core/operation-params.ts';
import type { AgentLogEventConnection, OlostepRunEventsArgs } from '../../generated/types.ts';
import { decodeTuple, encodeCursor } from '../cursor.ts';
import type { Fields } from '../provider.ts';
import { type Log, toLogEvent } from './agent-log.ts';

const maxPerPage = 1_000;
/** What a line costs that is only looked through, and an event that is selected, beside its texts. */
const bytesPerLine = 16;
const bytesPerEvent = 1_000;

/**
 * The page that the arguments select. `after` counts in the whole log, whatever `kind` leaves of it.
 * @param inOwnTurn reads a field later, where the log is large
 */
export function toLogPage(
  log: Log,
  args: OlostepRunEventsArgs,
  costBudget: CostBudget,
  inOwnTurn: <Value>(field: () => Value) => () => Value | Promise<Value>,
): Fields<AgentLogEventConnection> {
  const { first, kind } = args;
  const after = presentText(args.after);
  const size = first ?? 100;
  if (size < 0 || size > maxPerPage) throw new BadUserInput('Expected `first` between 0 and 1,000.', 'OLOSTEP');
  costBudget.spend(log.length * bytesPerLine);
  const start = after == null ? 0 : toPlace(log, after) + 1;

  // Without a filter an event's number is its place, and the log is read no further than the page goes.
  const matches = kind == null ? undefined : log.findPlaces(kind);
  const totalCount = matches?.length ?? log.length;
  const skipped = matches?.filter((place) => place < start).length ?? start;
  const count = Math.min(size, totalCount - skipped);
  costBudget.spend(count * bytesPerEvent);
  let isPaid = true;
  /** Once more for each other place that the answer has them in: both ways to them have aliases. */
  const pay = () => {
    if (!isPaid) costBudget.spend(count * bytesPerEvent);
    isPaid = false;
  };

  const placeOf = (index: number) => (matches === undefined ? skipped + index : (matches[skipped + index] ?? 0));
  const lines = once(() =>
    matches === undefined ? log.slice(skipped, skipped + count) : log.pick(matches.slice(skipped, skipped + count)),
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
      hasNextPage: skipped + count < totalCount,
      hasPreviousPage: skipped > 0,
      startCursor: () => (count === 0 ? null : cursorOf(placeOf(0))),
      endCursor: () => (count === 0 ? null : cursorOf(placeOf(count - 1))),
    },
    totalCount,
  };
}

/** A cursor is an event's place in the log and its id, so that it still finds the event when lines come in before it. */
const toCursor = (log: Log, place: number) => encodeCursor([place, log.idAt(place)]);

/** The place that a cursor stands for. */
function toPlace(log: Log, cursor: string): number {
  const [place, id] = parseCursor(cursor);
  if (place < log.length && log.idAt(place) === id) return place;
  const moved = id === null ? undefined : log.findId(id);
  if (moved === undefined) throw unknownCursor();
  return moved;
}

function parseCursor(cursor: string): [place: number, id: string | null] {
  const [place, id] = decodeTuple(cursor);
  const isPlace = typeof place === 'number' && Number.isSafeInteger(place) && place >= 0;
  if (isPlace && (id === null || typeof id === 'string')) return [place, id];
  throw unknownCursor();
}

const unknownCursor = () => new BadUserInput('Expected `after` to be the cursor of an event of this run.', 'OLOSTEP');
