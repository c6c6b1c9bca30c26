/** Reads the pages of the providers' lists for a run feed, within its budget and the operation's deadline. */
import { type Account, type AccountId, type RunKey, toAccountId } from '../../core/accounts.ts';
import { BadUserInput, isTimeout, OperationTooCostly, ProviderError } from '../../core/errors.ts';
import type { Provider } from '../../generated/types.ts';
import type { FeedGaps } from '../../loaders/gaps.ts';
import type { Get, RunRow } from '../../providers/lists.ts';
import type { UpstreamRequest } from '../../upstream/call-context.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { FeedCache } from './feed-cache.ts';
import type { FeedArguments, FeedContext, FeedDefinition, RunFeedBudget } from './feed-context.ts';
import type { FeedRow, ReadPage } from './feed-order.ts';
import { type Fleet, readFleet } from './fleet.ts';
import type { RunStream } from './run-stream.ts';

export interface PageReaderOptions {
  readonly args: FeedArguments;
  readonly context: FeedContext;
  readonly definitions: Readonly<Record<Provider, FeedDefinition>>;
  readonly budget: RunFeedBudget;
  readonly cache: FeedCache | undefined;
  readonly gaps: FeedGaps;
  /** How many calls what is selected of the runs may take: they are left for it. */
  readonly reservedCalls: number;
}

/** At least so many calls are left for the runs when the lists of monitors have been read. */
const minRunCalls = 2;
/** So long before the operation's deadline the feed stops reading, so that what it has read is answered. */
const marginMs = 250;

export class PageReader {
  readonly #options: PageReaderOptions;
  /** When the lists of monitors were read that are not from the cache: rows of an older one are not shown. */
  readonly readAtOf = new Map<AccountId, number>();
  /** Streams of which a page was refused, as there was no call left for it: none comes back. */
  readonly #refused = new Set<RunStream>();

  constructor(options: PageReaderOptions) {
    this.#options = options;
  }

  /**
   * Those of the streams, in their order, whose next page may still be requested. A page that another feed of the operation has
   * requested costs nothing.
   */
  takeReadable(streams: readonly RunStream[]): readonly RunStream[] {
    if (this.#remainingMs() <= 0) return [];
    let left = this.#callsLeft();
    return streams.filter((stream) => !this.#refused.has(stream) && (this.#isRequested(stream) || left-- > 0));
  }

  #isRequested(stream: RunStream): boolean {
    return this.#options.context.fetches.isRequested(stream.account, this.#toRequest(stream));
  }

  #toRequest({ account: { provider }, monitorId, token, isFromClient }: RunStream): UpstreamRequest {
    const { definitions, context } = this.#options;
    return definitions[provider].runs.pages.toRequest(monitorId, token, context.limits.listPageSize, isFromClient);
  }

  /** How many pages may still be requested. */
  #callsLeft(): number {
    const { budget, context, reservedCalls } = this.#options;
    if (this.#remainingMs() <= 0) return 0;
    return Math.min(budget.left, context.fetches.left - reservedCalls);
  }

  #remainingMs(): number {
    return this.#options.context.remainingMs() - marginMs;
  }

  /** The monitors of an account, from the cache or its list. */
  async readFleet(account: Account): Promise<Fleet> {
    const id = toAccountId(account);
    const { context, definitions, args, cache } = this.#options;
    const cached = await cache?.getList(account);
    this.readAtOf.set(id, cached?.readAt ?? context.now);
    const pages = new Map<string, Body>();
    const read = this.#get(account, minRunCalls);
    let isStale = false;
    const get: Get = async (request) => {
      const known = cached?.pages.get(request.path);
      if (known !== undefined) return known;
      context.callReport.recordPage(account, monitorsStep, request.path);
      const page = await read(request);
      if (page !== null) {
        pages.set(request.path, page);
        this.#noteList(id, context.fetches.readAtOf(page));
        isStale ||= context.fetches.isStale(page);
      }
      return page;
    };
    const fleet = await readFleet({
      account,
      definition: definitions[account.provider].monitors,
      pageSize: context.limits.listPageSize,
      maxMonitors: context.limits.runFeedMaxMonitors,
      snapshotTime: args.snapshotTime,
      tags: args.tags,
      get,
      make: (page, read) => context.fetches.make(page, 'monitors', read),
    });
    if (pages.size > 0 && fleet.errors.length === 0 && !isStale)
      await cache?.setList(account, pages, this.readAtOf.get(id) ?? context.now);
    const readAt = this.readAtOf.get(id) ?? context.now;
    if (!isStale) for (const row of fleet.monitors) context.fetches.noteMonitor(account, row, readAt);
    return { ...fleet, isStale };
  }

  /** All pages of a list are as old as the oldest. @param readAt of a page that is reused */
  #noteList(id: AccountId, readAt = Number.POSITIVE_INFINITY): void {
    this.readAtOf.set(id, Math.min(readAt, this.readAtOf.get(id) ?? readAt));
  }

  /** Requests a page, as one of the budget; what the operation has requested already costs nothing. */
  #get(account: Account, minCallsLeft = 0): Get {
    const { args, context, budget } = this.#options;
    return async (request) => {
      if (!context.fetches.isRequested(account, request)) {
        if (this.#callsLeft() <= minCallsLeft) throw budget.toError();
        budget.spend();
        const body = await context.fetches.get(account, request, args.allowStale);
        // A response that is reused costs no call.
        if (body !== null && context.fetches.readAtOf(body) !== undefined) budget.refund();
        return body;
      }
      return context.fetches.get(account, request, args.allowStale);
    };
  }

  /** Reads the next page of each stream. What doesn't come before the deadline is left for the page behind this one. */
  async read(streams: readonly RunStream[]): Promise<readonly FeedRow[]> {
    const results = new Map<RunStream, { readonly page?: ReadPage | null; readonly error?: unknown }>();
    const reads = streams.map(async (stream) => {
      try {
        results.set(stream, { page: await this.#readPage(stream) });
      } catch (error) {
        results.set(stream, { error });
      }
    });
    await beforeDeadline(Promise.all(reads), this.#remainingMs());
    const isLate = this.#remainingMs() <= 0;
    return streams.flatMap((stream) => {
      const result = results.get(stream);
      if (result === undefined || (isLate && isTimeout(result.error))) return [];
      if (result.page === undefined) return this.#fail(stream, result.error);
      try {
        return this.#accept(stream, result.page);
      } catch (error) {
        return this.#fail(stream, error);
      }
    });
  }

  #accept(stream: RunStream, page: ReadPage | null): readonly FeedRow[] {
    if (page !== null) {
      const { added, problem } = stream.accept(page);
      if (problem !== undefined) this.#options.gaps.add(stream.account, stream.monitorId, problem);
      if (page.isStale) this.#options.gaps.addStale(stream.account, stream.monitorId);
      return added;
    }
    // Without a first page, the monitor was deleted after its list was read. Without another one, runs are lost.
    if (stream.isAtTop) stream.exhaust();
    else if (!stream.restart()) throw new ProviderError(stream.account, 'UPSTREAM_BAD_RESPONSE');
    return [];
  }

  #fail(stream: RunStream, error: unknown): readonly FeedRow[] {
    if (error instanceof OperationTooCostly) {
      this.#refused.add(stream);
      return [];
    }
    if (error instanceof BadUserInput && stream.restart()) return [];
    this.#options.gaps.add(stream.account, stream.monitorId, error);
    stream.isFailed = true;
    return [];
  }

  async #readPage(stream: RunStream): Promise<ReadPage | null> {
    const { context, definitions, args } = this.#options;
    const { account, monitorId, token } = stream;
    const { pages } = definitions[account.provider].runs;
    const pageSize = context.limits.listPageSize;
    const request = this.#toRequest(stream);
    context.callReport.recordPage(account, { ...runsStep, list: monitorId }, request.path);
    const body = await this.#get(account)({ ...request, isReport: true });
    if (body === null) return null;
    const page = context.fetches.make(body, 'runs', () => pages.read(monitorId, token, pageSize, body));
    const matches =
      args.outcomes === undefined && args.phases === undefined
        ? page.rows.map(() => true)
        : await Promise.all(page.rows.map((row) => this.#matches(stream, row)));
    const readAt = context.fetches.readAtOf(body) ?? context.now;
    return { ...page, token, matches, readAt, isStale: context.fetches.isStale(body) };
  }

  /** Whether the filter wants the run; `undefined` when the row can't be read. */
  async #matches({ account, monitorId }: RunStream, row: RunRow | ProviderError): Promise<boolean | undefined> {
    const { context, definitions, args } = this.#options;
    if (row instanceof Error) return undefined;
    const key: RunKey = { ...account, monitorId, runId: row.runId };
    const reading = { limits: context.limits, readAt: context.now, isStale: false };
    const { phase, outcome } = definitions[account.provider].runs.toListedRun(key, row.row, reading);
    // A row that doesn't say it would have to be loaded.
    const isInPhase = args.phases === undefined || (typeof phase === 'string' ? args.phases.has(phase) : undefined);
    if (isInPhase === false || args.outcomes === undefined) return isInPhase;
    if (row.lacksOutcome) return undefined;
    const found = typeof outcome === 'function' ? await outcome({} as never, context) : outcome;
    if (found instanceof Error) return undefined;
    return typeof found === 'string' && args.outcomes.has(found) ? isInPhase : false;
  }
}

async function beforeDeadline(work: Promise<unknown>, ms: number): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) return void (await work);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(ms, 0));
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

const monitorsStep = {
  source: 'LIST',
  count: 0,
  calls: 1,
  reason: 'The list of monitors says whose runs to read, and when each ran last.',
} as const;

const runsStep = {
  source: 'LIST',
  count: 0,
  calls: 1,
  reason: 'The monitor may have some of the newest runs.',
} as const;
