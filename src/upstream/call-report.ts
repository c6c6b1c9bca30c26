/** What a request costs at the providers, what it was spared, and why. */
import { type Account, type AccountId, isDefaultAccount, toAccountId } from '../core/accounts.ts';
import type { Provider } from '../generated/types.ts';
import type { ProviderCalls } from '../observability/observer.ts';

/** A step of a plan, for people: how many calls are planned, and why. */
export interface PlannedStep {
  /** `DETAIL`: each run or monitor separately. `LIST`: pages of a list. `CACHE`: the run cache. */
  readonly source: 'DETAIL' | 'LIST' | 'CACHE';
  /** The list: for runs, the id of their monitor. */
  readonly list?: string;
  /** How many runs or monitors it is for. */
  readonly count: number;
  /** How many calls it takes if nothing is missing. */
  readonly calls: number;
  readonly reason: string;
}

/** A step, and for whom: without `account` for the default one. */
type ReportedStep = PlannedStep & { readonly provider: Provider; readonly account?: string };

/** As clients see it. */
export interface UpstreamExtension {
  readonly calls: number;
  /** By account: `DATAFOLD`, `DATAFOLD@eu`. */
  readonly providers: Readonly<
    Record<
      string,
      {
        readonly calls: number;
        readonly paced: number;
        readonly stale: number;
        readonly saved: Readonly<Record<string, number>>;
      }
    >
  >;
  readonly plan: readonly ReportedStep[];
}

/** The most steps that are noted. A step makes a call as a rule, and hundreds of steps without cost are of no use. */
const maxSteps = 250;

/** Of one request. A class, as every request has one, and methods of a prototype cost it nothing. */
export class CallReport {
  /** Whether the client wants more than the number of calls. */
  readonly isVerbose: boolean;
  readonly #of: Partial<Record<AccountId, ProviderCalls>> = {};
  readonly #steps: ReportedStep[] = [];
  /** Where the client wants the report. */
  #requested: Set<string> | undefined;
  /** Those that are noted. They stay so when the operation begins again, as its calls do. */
  #pages: Set<string> | undefined;
  /** When the oldest response was received that the answer is made of, and that was not fetched for it. Unix milliseconds. */
  #oldestReadAt = Number.POSITIVE_INFINITY;

  constructor(isVerbose: boolean) {
    this.isVerbose = isVerbose;
  }

  of(account: Account): ProviderCalls {
    return this.#callsOf(toAccountId(account));
  }

  #callsOf(id: AccountId): ProviderCalls {
    this.#of[id] ??= {
      ...{ calls: 0, paced: 0, stale: 0 },
      ...{ deduplicated: 0, fromLists: 0, cacheHits: 0, coalesced: 0, fresh: 0, unchanged: 0 },
    };
    return this.#of[id];
  }

  /** Notes that an object is requested, once or again: where it is explained, as it costs something for each. */
  recordRequested(account: Account, id: string): void {
    const name = `${toAccountId(account)} ${id}`;
    this.#requested ??= new Set();
    if (this.#requested.has(name)) this.of(account).deduplicated++;
    else this.#requested.add(name);
  }

  /** Notes what is planned, as far as there is room. */
  explain(account: Account, toSteps: () => readonly PlannedStep[]): void {
    if (!this.isVerbose || this.#steps.length >= maxSteps) return;
    for (const step of toSteps().slice(0, maxSteps - this.#steps.length))
      this.#steps.push({ ...toShown(account), ...step });
  }

  /**
   * Notes that a page of a list is read: once, as it is one call however often it is requested.
   * @param page which of the list's pages
   */
  recordPage(account: Account, step: PlannedStep, ...page: readonly unknown[]): void {
    if (!this.isVerbose || this.#steps.length >= maxSteps) return;
    const name = JSON.stringify([toAccountId(account), step.list, ...page]);
    this.#pages ??= new Set();
    if (this.#pages.has(name)) return;
    this.#pages.add(name);
    this.#steps.push({ ...toShown(account), ...step });
  }

  /** Forgets what has been requested: the operation is executed from its beginning, by what has been fetched already. */
  reset(): void {
    this.#requested?.clear();
    for (const id in this.#of) this.#callsOf(id as AccountId).deduplicated = 0;
  }

  /** Notes that a response is used that was received earlier. @param readAt Unix milliseconds */
  noteReadAt(readAt: number): void {
    if (readAt < this.#oldestReadAt) this.#oldestReadAt = readAt;
  }

  /** How old the answer is, in whole seconds; `undefined` when all of it was fetched for it. */
  ageSeconds(): number | undefined {
    if (this.#oldestReadAt === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, Math.floor((Date.now() - this.#oldestReadAt) / 1_000));
  }

  /** By the account, of those that were needed. */
  get ofAccounts(): Readonly<Partial<Record<AccountId, ProviderCalls>>> {
    return this.#of;
  }

  /** All calls, of all accounts. */
  calls(): number {
    let calls = 0;
    for (const id in this.#of) calls += this.#callsOf(id as AccountId).calls;
    return calls;
  }

  show(): UpstreamExtension {
    const providers = (Object.entries(this.#of) as [AccountId, ProviderCalls][]).map(
      ([id, { calls, paced, stale, deduplicated, fromLists, cacheHits, coalesced, fresh, unchanged }]) => [
        id,
        {
          calls,
          paced,
          stale,
          saved: { dedupe: deduplicated, lists: fromLists, cache: cacheHits, inFlight: coalesced, fresh, unchanged },
        },
      ],
    );
    return { calls: this.calls(), providers: Object.fromEntries(providers), plan: this.#steps };
  }
}

const toShown = ({ provider, account }: Account) =>
  isDefaultAccount({ account }) ? { provider } : { provider, account };

/** The header that tells how old the oldest part of an answer is, in seconds (RFC 9111, 5.1). */
export const ageHeader = 'age';

/** The header by which a client requests the call report, with any value; in the response it has the number of calls. */
export const callReportHeader = 'x-upstream-calls';
