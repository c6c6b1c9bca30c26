/** The same screens by the providers' REST APIs, as a careful team would write it by hand. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Provider } from '../../src/generated/types.ts';
import {
  type Dashboard,
  newestRuns,
  type Report,
  type RunKey,
  reportPauseMs,
  reportTries,
  type Screens,
} from './screens.ts';

/** GETs a JSON object of a provider, at a path of its API. */
// biome-ignore lint/suspicious/noExplicitAny: what a provider sends
export type GetJson = (path: string) => Promise<any>;

interface TimedRun extends RunKey {
  readonly time: number;
  readonly isOver: boolean;
}

interface Row {
  readonly provider: Provider;
  readonly monitorId: string;
  readonly lastRunAt: number;
  readonly isRed: boolean;
}

const redStates: ReadonlySet<unknown> = new Set(['alert', 'error']);
const pageSize = 100;
/** How many calls a report makes at a time. */
const reportCalls = 10;

export function createRestScreens(get: GetJson): Screens {
  const listDatafold = async (): Promise<Row[]> => {
    const toPath = (page: number) => `/api/v1/monitors?page=${page}&page_size=${pageSize}`;
    const first = await get(toPath(1));
    const rest = Array.from({ length: first.total_pages - 1 }, (_, page) => get(toPath(page + 2)));
    const rows = [first, ...(await Promise.all(rest))].flatMap(({ monitors }) => monitors);
    return rows.map(({ id, last_run, state }) => ({
      ...{ provider: 'DATAFOLD', monitorId: `${id}`, lastRunAt: Date.parse(last_run), isRed: redStates.has(state) },
    }));
  };
  const listOlostep = async (): Promise<Row[]> => {
    const { monitors } = await get('/v1/monitors');
    return monitors.map(({ id, last_run }: { id: string; last_run?: { ran_at: string } }) => ({
      ...{ provider: 'OLOSTEP', monitorId: id, lastRunAt: Date.parse(last_run?.ran_at ?? ''), isRed: false },
    }));
  };
  const listRuns = async ({ provider, monitorId }: Row, size: number, page = 1): Promise<readonly TimedRun[]> => {
    if (provider === 'OLOSTEP') {
      const { data } = await get(`/v1/monitors/${monitorId}/events?limit=${size}`);
      return data.map(({ run_id, created }: { run_id: string; created: number }) => ({
        ...{ provider, monitorId, runId: run_id, time: created * 1_000, isOver: true },
      }));
    }
    const { runs } = await get(`/api/v1/monitors/${monitorId}/runs?page=${page}&page_size=${size}`);
    return runs.map(({ run_id, started_at, state }: { run_id: number; started_at: string; state: string }) => ({
      ...{ provider, monitorId, runId: `${run_id}`, time: Date.parse(started_at), isOver: state !== 'checking' },
    }));
  };
  const readDetail = async (row: Row): Promise<string | undefined> => {
    const [last] = await listRuns(row, 1);
    if (last === undefined) return undefined;
    const { error } = await get(`/api/v1/monitors/${row.monitorId}/runs/${last.runId}`);
    return error ?? undefined;
  };

  return {
    async dashboard(): Promise<Dashboard> {
      const lists = await Promise.allSettled([listDatafold(), listOlostep()]);
      const rows = lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
      if (rows.length === 0) throw new Error('No provider answers');
      const latest = rows.sort((one, other) => other.lastRunAt - one.lastRunAt).slice(0, newestRuns);
      const [runs, red] = await Promise.all([
        Promise.allSettled(latest.map((row) => listRuns(row, newestRuns))),
        Promise.all(
          rows
            .filter(({ isRed }) => isRed)
            .map(async (row) => ({
              monitorId: row.monitorId,
              detail: await readDetail(row).catch(() => undefined),
              isMarked: false,
            })),
        ),
      ]);
      const shown = runs
        .flatMap((list) => (list.status === 'fulfilled' ? list.value : []))
        .sort((one, other) => other.time - one.time)
        .slice(0, newestRuns)
        .map((run) => ({ ...run, isMarked: false }));
      const isMarked = [...lists, ...runs].some(({ status }) => status === 'rejected');
      return { runs: shown, red, hasDatafold: lists[0].status === 'fulfilled', isMarked };
    },
    async run({ provider, monitorId, runId }) {
      if (provider === 'DATAFOLD')
        return (await get(`/api/v1/monitors/${monitorId}/runs/${runId}`)).state !== 'checking';
      return (await get(`/v1/monitors/${monitorId}/runs/${runId}`)).snapshot !== null;
    },
    log: async ({ monitorId, runId }) => (await get(`/v1/monitors/${monitorId}/runs/${runId}`)).events.length,
    async report(windowMs): Promise<Report> {
      const since = Date.now() - windowMs;
      const rows = (await Promise.all([patiently(listDatafold), patiently(listOlostep)])).flat();
      const runs: RunKey[] = [];
      const left = [...rows];
      const work = async () => {
        for (let row = left.shift(); row !== undefined; row = left.shift()) {
          const current = row;
          const found = await patiently(() => listRuns(current, pageSize));
          runs.push(...found.filter(({ time }) => time >= since));
        }
      };
      await Promise.all(Array.from({ length: reportCalls }, work));
      return { runs, isComplete: true };
    },
  };
}

async function patiently<Result>(task: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await task();
    } catch (error) {
      if (tries === reportTries) throw error;
      await sleep(reportPauseMs);
    }
  }
}
