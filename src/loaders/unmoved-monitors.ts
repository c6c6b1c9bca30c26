/**
 * Which pages of runs are as they were, as far as the list of monitors tells. It is our reading, no document's: as long as the row of
 * a monitor says the same of its last run, the monitor has had no other run, and a page of runs that have all finished is unchanged. So
 * is a page whose newest run goes on, as long as the row says that this run does.
 * Each new page is compared with the one before it, and once an interval one is read that needn't be. Where they differ although
 * the row is as it was, the reading is wrong for this account: nothing is inferred for it any more.
 */
import { LRUCache } from 'lru-cache';
import { type Account, defaultAccount } from '../core/accounts.ts';
import { defaultLimits, type Limits } from '../core/limits.ts';
import type { Provider } from '../generated/types.ts';
import type { Log } from '../observability/logger.ts';
import { providers } from '../providers/index.ts';
import type { MonitorRow } from '../providers/lists.ts';
import type { Credential } from '../upstream/credential.ts';
import type { Body } from '../upstream/read-response.ts';

export interface UnmovedMonitorsOptions {
  readonly log: Log;
  readonly limits: Pick<Limits, 'maxReuseMs' | 'maxUnmovedMonitors'>;
}

/** Whose monitor it is. */
export interface MonitorOwner {
  readonly account: Account;
  readonly credential: Pick<Credential, 'digest'>;
}

/** A page of the newest runs of a monitor, as it was received. */
interface ReceivedPage {
  readonly path: string;
  readonly body: Body;
  /** Unix milliseconds. */
  readonly readAt: number;
}

/** What such a page says. */
interface RunsPage extends Omit<ReceivedPage, 'body'> {
  /** Its runs, and how each ended; `undefined` where one behind the newest may still change. */
  readonly runs: string | undefined;
  /** When its newest run started, if that goes on, in Unix milliseconds. */
  readonly runningSince: number | undefined;
  /** The time of its newest run, in Unix milliseconds. */
  readonly newestAt: number;
}

/** What the list of monitors says of one, and for how long. All times are Unix milliseconds. */
interface Monitor {
  readonly mark: string;
  /** When the last run started. */
  readonly lastRunAt: number;
  readonly runningSince: number | undefined;
  /** When a row said so first, and last. */
  readonly since: number;
  until: number;
  readonly pages: Map<string, RunsPage>;
  /** When a page was received that differs from the one before it, though no row has said so yet. */
  differsAt: number | undefined;
}

interface Inference {
  nextSweepAt: number;
  isOff: boolean;
}

/** Clients request pages of a few sizes. */
const maxPagesPerMonitor = 4;

/** More rows than any page has. */
const maxPageLength = 1_000;

export class UnmovedMonitors {
  readonly #log: Log;
  readonly #maxReuseMs: number;
  readonly #monitors: LRUCache<string, Monitor>;
  readonly #accounts: LRUCache<string, Inference>;

  constructor({ log, limits }: UnmovedMonitorsOptions) {
    this.#log = log;
    this.#maxReuseMs = limits.maxReuseMs;
    this.#monitors = new LRUCache({ max: limits.maxUnmovedMonitors });
    this.#accounts = new LRUCache({ max: limits.maxUnmovedMonitors });
  }

  /** Notes what a row of the list of monitors says. @param readAt when it was received, in Unix milliseconds */
  noteRow(owner: MonitorOwner, row: MonitorRow, readAt: number): void {
    const { monitorId, lastRunMark, runningSince, lastRunAt = runningSince } = row;
    const key = toKey(owner, monitorId);
    const known = this.#monitors.get(key);
    if (known !== undefined && readAt < known.until) return;
    if (lastRunMark === undefined || lastRunAt === undefined) {
      // A row that doesn't say proves nothing.
      this.#monitors.delete(key);
    } else if (known?.mark === lastRunMark) {
      known.until = readAt;
      if (known.differsAt !== undefined && readAt > known.differsAt) this.#switchOff(owner, monitorId);
    } else {
      const pages = new Map<string, RunsPage>();
      const since = { since: readAt, until: readAt, differsAt: undefined };
      this.#monitors.set(key, { mark: lastRunMark, lastRunAt, runningSince, pages, ...since });
    }
  }

  /** Notes a page that has just been received, where a row of its monitor is known. */
  notePage(owner: MonitorOwner, monitorId: string, received: ReceivedPage): void {
    const monitor = this.#monitors.get(toKey(owner, monitorId));
    if (monitor === undefined || this.#accountOf(owner).isOff) return;
    const page = readRunsPage(owner.account.provider, monitorId, received);
    const { path, readAt } = page;
    const before = monitor.pages.get(path);
    // Both were received while the rows said the same.
    if (before !== undefined && before.readAt >= monitor.since && before.runs !== page.runs)
      monitor.differsAt ??= readAt;
    monitor.pages.delete(path);
    // Without the last run that the row tells of, there is one to come.
    if (page.runs === undefined || page.newestAt < monitor.lastRunAt) return;
    if (page.runningSince !== monitor.runningSince) return;
    if (monitor.pages.size >= maxPagesPerMonitor) monitor.pages.clear();
    monitor.pages.set(path, page);
  }

  /**
   * When the page was received that is as it was, in Unix milliseconds; `undefined` when that is unknown.
   * @param rowSince the row of the monitor must not be older, in Unix milliseconds
   */
  findPage(owner: MonitorOwner, monitorId: string, path: string, rowSince: number): number | undefined {
    const monitor = this.#monitors.get(toKey(owner, monitorId));
    const page = monitor?.pages.get(path);
    if (monitor === undefined || page === undefined || monitor.differsAt !== undefined) return undefined;
    if (page.readAt < monitor.since || monitor.until < rowSince) return undefined;
    if (this.#accountOf(owner).isOff || Date.now() - page.readAt >= this.#maxReuseMs) return undefined;
    return page.readAt;
  }

  /** Whether a page has to be requested that needn't be, to check what is inferred: once an interval. */
  takeCheck(owner: MonitorOwner): boolean {
    const now = Date.now();
    const account = this.#accountOf(owner);
    if (now < account.nextSweepAt) return false;
    account.nextSweepAt = now + this.#maxReuseMs;
    return true;
  }

  #accountOf({ credential: { digest } }: MonitorOwner): Inference {
    let account = this.#accounts.get(digest);
    if (account === undefined) {
      account = { nextSweepAt: Date.now() + this.#maxReuseMs, isOff: false };
      this.#accounts.set(digest, account);
    }
    return account;
  }

  #switchOff(owner: MonitorOwner, monitorId: string): void {
    this.#accountOf(owner).isOff = true;
    this.#monitors.delete(toKey(owner, monitorId));
    const { provider, account } = owner.account;
    this.#log.warn({ provider, account, monitorId }, 'runs changed behind an unchanged row');
  }
}

/** What a page says of its runs, as far as that is of use here. */
function readRunsPage(provider: Provider, monitorId: string, { path, body, readAt }: ReceivedPage): RunsPage {
  const { pages, toListedRun, cacheability } = providers[provider].runs;
  const said: string[] = [];
  let newestAt = Number.NEGATIVE_INFINITY;
  let runningSince: number | undefined;
  const toPage = (runs: string | undefined): RunsPage => ({ path, readAt, runs, runningSince, newestAt });
  try {
    for (const row of pages.read(monitorId, undefined, maxPageLength, body).rows) {
      if (row instanceof Error) return toPage(undefined);
      const { runId, time = newestAt } = row;
      const reading = { limits: defaultLimits, readAt, isStale: false };
      const run = toListedRun({ provider, account: defaultAccount, monitorId, runId }, row.row, reading);
      const isNewest = said.length === 0;
      if (isNewest && run.phase === 'RUNNING' && row.time !== undefined) runningSince = row.time;
      else if (cacheability(run, row.row, true) !== 'lasting') return toPage(undefined);
      said.push(`${runId} ${typeof run.outcome === 'function' ? run.phase : run.outcome}`);
      newestAt = Math.max(newestAt, time);
    }
  } catch {
    // It isn't a page of runs: the reader of the page says so.
    return toPage(undefined);
  }
  return toPage(said.join());
}

const toKey = ({ credential }: MonitorOwner, monitorId: string): string => `${credential.digest} ${monitorId}`;
