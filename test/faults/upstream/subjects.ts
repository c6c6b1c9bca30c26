/** Both providers, as the blocks need them: any number of runs, each with its key, its path and its answer. */
import { datafoldBody, olostepBody } from '../../support/bodies.ts';

export interface Subject {
  readonly provider: 'DATAFOLD' | 'OLOSTEP';
  /** The variable that says where its API is. */
  readonly variable: string;
  /** The word before the key in `Authorization`. */
  readonly scheme: string;
  /** The header that carries a caller's own key. */
  readonly header: string;
  toKey(run: number): { readonly provider: string; readonly monitorId: string; readonly runId: string };
  toPath(run: number): string;
  /** The answer about a run, as documented. */
  toBody(run: number): Readonly<Record<string, unknown>>;
}

export const datafold: Subject = {
  provider: 'DATAFOLD',
  variable: 'DATAFOLD_BASE_URL',
  scheme: 'Key',
  header: 'x-datafold-api-key',
  toKey: (run) => ({ provider: 'DATAFOLD', monitorId: '7', runId: String(run) }),
  toPath: (run) => `/api/v1/monitors/7/runs/${run}`,
  toBody: (run) => ({ ...datafoldBody, run_id: run }),
};

export const olostep: Subject = {
  provider: 'OLOSTEP',
  variable: 'OLOSTEP_BASE_URL',
  scheme: 'Bearer',
  header: 'x-olostep-api-key',
  toKey: (run) => ({ provider: 'OLOSTEP', monitorId: 'monitor_a', runId: `run_${run}` }),
  toPath: (run) => `/v1/monitors/monitor_a/runs/run_${run}`,
  toBody: (run) => ({ ...olostepBody, monitor_id: 'monitor_a', run_id: `run_${run}` }),
};

export const subjects = [datafold, olostep] as const;

export const otherThan = (subject: Subject): Subject => (subject === datafold ? olostep : datafold);

/** The number of the run that a path names. */
export const toRun = (path: string): number => Number(/(\d+)$/.exec(path)?.[1] ?? Number.NaN);
