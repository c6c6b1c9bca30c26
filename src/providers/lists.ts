/** The lists of providers: windows, pages and rows, and the one form of cursors. */
import { createHash } from 'node:crypto';
import type { ProviderError } from '../core/errors.ts';
import type { UpstreamRequest } from '../upstream/call-context.ts';
import type { Body } from '../upstream/read-response.ts';

/** Calls the provider; `null` when it has no such object. */
export type Get = (request: UpstreamRequest) => Promise<Body | null>;

/** A list that is read from its beginning. */
export interface ListScan<Row> {
  readonly first: UpstreamRequest;
  read(page: Body): WalkedPage<Row>;
}

/** What is in a page of such a list. */
interface WalkedPage<Row> {
  /** Its rows, without those that can't be read. */
  readonly rows: readonly Row[];
  /** How to request the page after it, if there is one. */
  readonly next?: UpstreamRequest | undefined;
  /** All further pages, where the first one says how many there are: they can be requested in parallel. */
  readonly rest?: readonly UpstreamRequest[] | undefined;
  /** How many items the list has, if the page says so. */
  readonly count?: number | undefined;
  /** Whether the list has more: rows that can't be read, or pages that can't be requested. @default false */
  readonly unread?: boolean;
  /** None of these rows is later than this, in Unix milliseconds, where the list is newest first. @default unknown */
  readonly latestUnread?: number | undefined;
}

/** A run in a list. */
export interface RunRow {
  readonly runId: string;
  readonly row: Body;
  /** The time that the list goes by, in Unix milliseconds; `undefined` when the row doesn't say, or says no valid time. */
  readonly time: number | undefined;
  /** Whether the row leaves open what an answer of the run's own would say of its outcome. @default false */
  readonly lacksOutcome?: boolean;
}

/** What names a page of a list of runs: its number, or the provider's cursor. */
export type PageToken = string | number;

/** The pages of a monitor's list of runs, newest first. Pure. */
export interface RunListPages {
  /** Whether pages are numbered from 1, so that reading can begin at any of them. */
  readonly isNumbered: boolean;
  /**
   * The request of a page.
   * @param token the page; `undefined` for the first
   * @param isFromClient whether the token comes from a client's cursor: the provider may refuse it
   */
  toRequest(monitorId: string, token: PageToken | undefined, pageSize: number, isFromClient: boolean): UpstreamRequest;
  /**
   * What a page holds.
   * @throws {ProviderError} when it isn't the page that was requested, or no page at all
   */
  read(monitorId: string, token: PageToken | undefined, pageSize: number, page: Body): RunListPage;
}

/** A page of a monitor's list of runs. */
export interface RunListPage {
  /** In the order of the list; an error in place of a row that can't be read. */
  readonly rows: readonly (RunRow | ProviderError)[];
  /** The next page; `undefined` when this is the last. */
  readonly next: PageToken | undefined;
  /** How many runs the list has; `undefined` when the page doesn't say. */
  readonly count: number | undefined;
  /** How many rows a full page has. */
  readonly size: number;
  /** Whether the list says that it has more runs than its pages give. */
  readonly isIncomplete: boolean;
}

/** A monitor in a list. */
export interface MonitorRow {
  readonly monitorId: string;
  readonly row: Body;
  /** When its last run started, in Unix milliseconds; `undefined` when the row doesn't say, or a later run may have no start. */
  readonly lastRunAt: number | undefined;
  /**
   * What the row says of the last run, as text: as long as it is the same, the monitor has had no other run. `undefined` when the row
   * doesn't say.
   */
  readonly lastRunMark: string | undefined;
  /** When the last run started, where the row says that it goes on, in Unix milliseconds. @default the row doesn't say so */
  readonly runningSince?: number | undefined;
  /** Whether the row says by two fields that the monitor has no run. */
  readonly hasNeverRun: boolean;
  /** When the monitor was created, in Unix milliseconds; `undefined` when the row doesn't say. */
  readonly createdAt: number | undefined;
}

/** A page of a list. */
export interface Page<Row> {
  /** Each row with its cursor; an error in place of one that can't be read. */
  readonly items: readonly { readonly cursor: string; readonly row: Row | ProviderError }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number | null | ProviderError;
  /** Where reading stopped, on a page without items that has a next one. @default the cursor of the last item */
  readonly endCursor?: string;
  /** Whether the list is in another order than it is taken for. @default false */
  readonly isOutOfOrder?: boolean;
  /** The row below the last item, where {@link RunWindow.hasBelow} requests it and the response has it. */
  readonly below?: Row | ProviderError;
}

/** Which runs of a list. */
export interface RunWindow {
  /** How many at most: 0 to 100. */
  readonly first: number;
  /** Maximum page size that is requested of the provider. */
  readonly pageSize: number;
  readonly after?: string | null | undefined;
  /** RFC 3339, in UTC. */
  readonly startedAfter?: string | null | undefined;
  readonly startedBefore?: string | null | undefined;
  /** The time, in Unix milliseconds. */
  readonly now: number;
  /** Whether the row below the page is requested along with it, where that needs no further call. @default false */
  readonly hasBelow?: boolean;
}

/** Which monitors of the list. */
export interface MonitorWindow {
  /** How many at most: 0 to 100. */
  readonly first: number;
  /** Maximum page size that is requested of the provider. */
  readonly pageSize: number;
  readonly after?: string | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  /** Whether deleted ones are listed, where the provider still has them. @default false */
  readonly includeDeleted?: boolean;
}

/** The most characters of a cursor: those of this service stay well below, and longer ones aren't worth decoding. */
export const maxCursorChars = 8_192;

/**
 * A cursor of a list: JSON in base64url, for all providers. Each list checks what its own cursors hold.
 * @param value JSON
 */
export const encodeCursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Stands for the arguments that must be the same on each page, in a cursor. @param values JSON */
export const toFingerprint = (values: unknown): string =>
  createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 16);

/** What a client's cursor holds, which may be anything; `undefined` when it can't be decoded. */
export function decodeCursor(cursor: string): unknown {
  if (cursor.length > maxCursorChars) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** The same of a cursor that holds a list; an empty one for any other. */
export function decodeTuple(cursor: string): readonly unknown[] {
  const value = decodeCursor(cursor);
  return Array.isArray(value) ? value : [];
}
