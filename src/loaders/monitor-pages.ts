/**
 * A page of a filtered list of monitors, or of the lists of several accounts one after the other. It reads the pages of the accounts'
 * lists until it has as many monitors as are wanted, and its cursor is an account and that account's cursor: nothing is skipped where a
 * page ends, or a call fails.
 */

import { type Account, toAccountId } from '../core/accounts.ts';
import { BadUserInput, OperationTooCostly, ProviderError } from '../core/errors.ts';
import { decodeCursor, encodeCursor, type MonitorRow, type Page } from '../providers/lists.ts';

/** A monitor of the page; an error in place of a row that can't be read. */
export interface FoundMonitor {
  readonly account: Account;
  readonly cursor: string;
  readonly row: MonitorRow | ProviderError;
}

/** Why monitors may be missing: one of them, or any of the account: `null`. */
export interface MissingMonitor {
  readonly account: Account;
  readonly monitorId: string | null;
  /** `undefined` for a monitor whose row doesn't say whether it is wanted. */
  readonly error: unknown;
}

export interface MonitorPages {
  readonly found: readonly FoundMonitor[];
  readonly missing: readonly MissingMonitor[];
  readonly hasNextPage: boolean;
  /** Where reading stopped, on a page without monitors that has a next one. */
  readonly endCursor: string | undefined;
}

export interface MonitorPagesOptions {
  /** Those whose lists are read, in this order. */
  readonly accounts: readonly Account[];
  /** Whether an account that fails is an error of the field: the client names it. */
  readonly isOneAccount: boolean;
  /** Stands for the arguments that must be the same on each page. */
  readonly fingerprint: string;
  readonly first: number;
  readonly after: string | undefined;
  /** How many rows of a list are requested at once, as most of them may not match. @default as many as are wanted */
  readonly pageSize: number | undefined;
  /** A page of an account's list. @throws {ProviderError | OperationTooCostly} when it can't be read */
  readPage(account: Account, first: number, after: string | undefined): Promise<Page<MonitorRow>>;
  /** Whether the monitor of a row is wanted; `undefined` when the row doesn't say. */
  matches(account: Account, row: MonitorRow): boolean | undefined;
}

/** A place in the lists: the account's cursor behind which to go on; `undefined` for the beginning of its list. */
interface Place {
  readonly account: Account;
  readonly after: string | undefined;
}

/**
 * @throws {BadUserInput} when `after` is no cursor of these arguments
 * @throws {OperationTooCostly} when no call is left for the first page of a list
 * @throws {ProviderError} when the one account that the client names has failed before anything was read
 */
export async function readMonitorPages(options: MonitorPagesOptions): Promise<MonitorPages> {
  const { accounts, isOneAccount, first, readPage } = options;
  const start = parsePlace(options);
  const page = new PageBuilder(options);
  let calls = 0;
  for (const account of accounts.slice(start === undefined ? 0 : accounts.indexOf(start.account))) {
    let after = start?.account === account ? start.after : undefined;
    // Whether the next list has a monitor isn't worth a call.
    if (page.isFull && first > 0) return page.toPart({ account, after });
    for (;;) {
      let read: Page<MonitorRow>;
      try {
        read = await readPage(account, options.pageSize ?? first - page.length, after);
      } catch (error) {
        if (error instanceof BadUserInput) throw error;
        // What has been read is shown, and the next page goes on here.
        if (calls > 0 && (isOneAccount || error instanceof OperationTooCostly)) return page.toPart({ account, after });
        if (isOneAccount || !(error instanceof ProviderError)) throw error;
        page.addMissing({ account, monitorId: null, error });
        break;
      }
      calls++;
      for (const item of read.items) if (!page.add(account, item)) return page.toPart(undefined);
      if (!read.hasNextPage) break;
      after = read.items.at(-1)?.cursor ?? read.endCursor;
      if (page.isFull || after === undefined) return page.toPart(after === undefined ? undefined : { account, after });
    }
  }
  return page.toEnd();
}

class PageBuilder {
  readonly #options: MonitorPagesOptions;
  readonly #found: FoundMonitor[] = [];
  readonly #missing: MissingMonitor[] = [];
  /** Those behind the last monitor of a full page: of the next page, if there is one. */
  #missingBehind: MissingMonitor[] = [];

  constructor(options: MonitorPagesOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#found.length;
  }

  get isFull(): boolean {
    return this.#found.length >= this.#options.first;
  }

  addMissing(missing: MissingMonitor): void {
    (this.isFull ? this.#missingBehind : this.#missing).push(missing);
  }

  /** @returns `false` when the page is full, and the row is the first of the next page */
  add(account: Account, { row, cursor }: Page<MonitorRow>['items'][number]): boolean {
    const verdict = this.#toVerdict(account, row);
    if (verdict === undefined) {
      const isBad = row instanceof ProviderError;
      this.addMissing({ account, monitorId: isBad ? null : row.monitorId, error: isBad ? row : undefined });
    }
    if (verdict !== true) return true;
    if (this.isFull) return false;
    this.#found.push({ account, row, cursor: this.#toCursor({ account, after: cursor }) });
    return true;
  }

  /** Whether the row is wanted. Without a filter, an error takes the place of one that can't be read. */
  #toVerdict(account: Account, row: MonitorRow | ProviderError): boolean | undefined {
    if (row instanceof ProviderError) return this.#options.pageSize === undefined ? true : undefined;
    return this.#options.matches(account, row);
  }

  /** The page that ends here: the next one begins at `next`, or behind the last monitor. */
  toPart(next: Place | undefined): MonitorPages {
    const endCursor = next && this.#toCursor(next);
    const last = this.#found.at(-1);
    // The rows behind the last monitor have been read: the next page needn't read them again.
    const found = last && endCursor ? [...this.#found.slice(0, -1), { ...last, cursor: endCursor }] : this.#found;
    const missing = next === undefined ? this.#missing : [...this.#missing, ...this.#missingBehind];
    return { found, missing, hasNextPage: true, endCursor: last === undefined ? endCursor : undefined };
  }

  toEnd(): MonitorPages {
    const missing = [...this.#missing, ...this.#missingBehind];
    return { found: this.#found, missing, hasNextPage: false, endCursor: undefined };
  }

  #toCursor({ account, after }: Place): string {
    const { fingerprint } = this.#options;
    return encodeCursor({ list: fingerprint, account: toAccountId(account), after } satisfies MonitorCursor);
  }
}

interface MonitorCursor extends Omit<Place, 'account'> {
  readonly list: string;
  /** As `toAccountId` gives it. */
  readonly account: string;
}

/** @throws {BadUserInput} when it is none of these arguments */
function parsePlace({ after, fingerprint, accounts, isOneAccount }: MonitorPagesOptions): Place | undefined {
  if (after === undefined) return undefined;
  const cursor = decodeCursor(after) as Partial<Record<keyof MonitorCursor, unknown>> | null | undefined;
  const account = accounts.find((one) => toAccountId(one) === cursor?.account);
  const isText = cursor?.after === undefined || typeof cursor.after === 'string';
  if (cursor?.list === fingerprint && account !== undefined && isText)
    return { account, after: cursor.after as string | undefined };
  throw new BadUserInput(
    'Expected `after` to be a cursor of the same `monitorList`, with the same arguments and accounts.',
    isOneAccount ? accounts[0] : undefined,
  );
}
