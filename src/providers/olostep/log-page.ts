/** A page of a run's log: the Relay connection over the events of one answer. */
import type { Allowance } from '../../allowance.ts';
import { BadUserInput } from '../../errors.ts';
import type { AgentLogEventConnection, OlostepRunEventsArgs } from '../../generated/types.ts';
import type { Fields } from '../provider.ts';
import { idOf, toKind, toLogEvent } from './log-event.ts';

const mostPerPage = 1_000;
/** What a line costs that is only looked through, and an event that is selected, beside its texts. */
const bytesPerLine = 16;
const bytesPerEvent = 1_000;

/** The page that the arguments ask for. `after` counts in the whole log, whatever `kind` leaves of it. */
export function toLogPage(
  log: readonly unknown[],
  { first, after, kind }: OlostepRunEventsArgs,
  allowance: Allowance,
): Fields<AgentLogEventConnection> {
  const size = first ?? 100;
  if (size < 0 || size > mostPerPage) throw new BadUserInput('Expected `first` between 0 and 1,000.', 'OLOSTEP');
  const start = after == null ? 0 : toPlace(log, after) + 1;

  allowance.spend(log.length * bytesPerLine);
  const matches = [...log.keys()].filter((place) => kind == null || toKind(log[place]) === kind);
  const rest = matches.filter((place) => place >= start);
  const page = rest.slice(0, size);
  allowance.spend(page.length * bytesPerEvent);
  const cursorAt = (place: number | undefined) => (place === undefined ? null : toCursor(log, place));

  return {
    __typename: 'AgentLogEventConnection',
    edges: () =>
      page.map((place) => ({
        __typename: 'AgentLogEventEdge',
        cursor: () => toCursor(log, place),
        node: toLogEvent(log[place]),
      })),
    nodes: () => page.map((place) => toLogEvent(log[place])),
    pageInfo: () => ({
      __typename: 'PageInfo',
      hasNextPage: rest.length > page.length,
      hasPreviousPage: matches.length > rest.length,
      startCursor: cursorAt(page[0]),
      endCursor: cursorAt(page.at(-1)),
    }),
    totalCount: matches.length,
  };
}

/** A cursor is an event's place in the log and its id, so that it still finds the event when lines come in before it. */
const toCursor = (log: readonly unknown[], place: number) =>
  Buffer.from(JSON.stringify([place, idOf(log[place])])).toString('base64url');

/** The place that a cursor stands for. */
function toPlace(log: readonly unknown[], cursor: string): number {
  const [place, id] = parseCursor(cursor);
  if (place < log.length && idOf(log[place]) === id) return place;
  const moved = id === null ? -1 : log.findIndex((line) => idOf(line) === id);
  if (moved === -1) throw unknownCursor();
  return moved;
}

function parseCursor(cursor: string): [place: number, id: string | null] {
  try {
    const [place, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Number.isSafeInteger(place) && place >= 0 && (id === null || typeof id === 'string')) return [place, id];
  } catch {
    // Not one of ours.
  }
  throw unknownCursor();
}

const unknownCursor = () => new BadUserInput('Expected `after` to be the cursor of an event of this run.', 'OLOSTEP');
