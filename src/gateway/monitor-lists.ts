/** What the lists of monitors say of every monitor, by their pages alone: no monitor and no run is fetched. */
import type { Account } from '../core/accounts.ts';
import type { Limits } from '../core/limits.ts';
import type { RunOutcome } from '../generated/types.ts';
import { RequestFetcher, type RequestFetcherOptions } from '../loaders/request-fetcher.ts';
import { type Log, RequestLog } from '../observability/logger.ts';
import type { CredentialOf } from '../providers/accounts.ts';
import { providers } from '../providers/index.ts';
import { OperationCall } from '../upstream/call-context.ts';
import { CancelSource, OperationDeadline, type TimeoutQueue } from '../upstream/deadline.ts';

/** A monitor, as its row has it. `undefined` where the row doesn't say. */
export interface MonitorStatus {
  readonly monitorId: string;
  readonly name: string | null | undefined;
  readonly isEnabled: boolean | undefined;
  /** `null` while the last run goes on, and for a monitor without a run. */
  readonly lastOutcome: RunOutcome | null | undefined;
  /** In Unix milliseconds; `null` for a monitor that has never run. */
  readonly lastRunAt: number | null | undefined;
}

/** The list of the monitors of one account. */
export interface MonitorList extends Account {
  /**
   * Reads the list, one upstream call a page; each page has the deadline of an operation.
   * @throws {ProviderError} when a page can't be read
   */
  readPages(): AsyncGenerator<readonly MonitorStatus[]>;
}

export interface MonitorListsOptions extends Pick<RequestFetcherOptions, 'upstreams' | 'responses'> {
  /** The credentials of the moment, as keys may change. */
  readonly credentialsOf: () => CredentialOf;
  readonly accounts: readonly Account[];
  readonly deadlines: TimeoutQueue;
  readonly log: Log;
  readonly limits: Limits;
}

/** The id of its lines in the log, as no request has made its calls. */
const requestId = 'monitor-lists';

export function createMonitorLists(options: MonitorListsOptions): readonly MonitorList[] {
  const { credentialsOf, deadlines, log, limits } = options;

  async function* readPages(account: Account): AsyncGenerator<readonly MonitorStatus[]> {
    const { walk, facts } = providers[account.provider].monitors;
    const scan = walk(limits.listPageSize);
    for (let request: typeof scan.first | undefined = scan.first; request !== undefined; ) {
      const requestLog = new RequestLog(log, requestId, limits.maxLogLines);
      const call = new OperationCall(requestLog, new OperationDeadline(deadlines, new CancelSource()));
      // Operations of clients go first.
      call.isReport = true;
      try {
        call.start();
        const page = await new RequestFetcher({ ...options, credentialOf: credentialsOf(), call }).get(
          account,
          request,
        );
        // What has been deleted meanwhile may have left no such page.
        if (page === null) return;
        const { rows, next } = scan.read(page);
        yield rows.map(({ monitorId, row }) => ({
          monitorId,
          name: facts.name(row),
          isEnabled: facts.enabled?.(row),
          lastOutcome: facts.lastOutcome(row),
          lastRunAt: facts.lastRunAt(row),
        }));
        request = next;
      } finally {
        call.complete();
        requestLog.complete();
      }
    }
  }

  return options.accounts.map((account) => ({ ...account, readPages: () => readPages(account) }));
}
