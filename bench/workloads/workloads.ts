/** What the contenders are requested to do. */
import { delayedRuns, listedRuns, promptRuns } from '../upstream/runs.ts';
import { bothProviders } from './both-providers.ts';
import { largeRunIds, largeRunPage } from './large-run.ts';
import { manyRuns } from './many-runs.ts';
import { newDocument, oneRun } from './one-run.ts';
import type { Requests } from './requests.ts';

export interface Workload {
  readonly title: string;
  /** How many clients send requests at a time. */
  readonly clients: number;
  /** How many times as long as others a round of it lasts: the slower the answers, the more an unfinished one counts. */
  readonly length?: number;
  /** A round has so many requests, and takes as long as they do; each has another number in its document. */
  readonly requests?: number;
  /** Those who take part, by their names. @default all but `forwarding` */
  readonly only?: readonly string[];
  readonly variants: Requests;
}

/** How many runs a request selects, where the cost of each is compared. */
export const keyCounts = [1, 2, 5, 10, 20, 50, 100];

const ofKeys = (keys: number): Workload => ({
  title: `${keys} distinct runs, answered at once`,
  clients: 4,
  only: ['bare', 'ours'],
  variants: manyRuns(promptRuns.slice(0, keys)),
});

/** Each is timed in rounds, with all contenders that support it. */
export const workloads: Readonly<Record<string, Workload>> = {
  W1: { title: 'one run, 5 fields', clients: 16, variants: oneRun },
  'W1-c1': { title: 'one run, 5 fields, one client', clients: 1, variants: oneRun },
  'W1-c128': { title: 'one run, 5 fields, 128 clients', clients: 128, variants: oneRun },
  W2: { title: 'one run of each provider, all fields of 5 events', clients: 16, variants: bothProviders },
  W3: {
    title: '100 keys, 50 distinct runs, upstream 20 ms',
    clients: 16,
    variants: manyRuns([...delayedRuns, ...delayedRuns]),
  },
  W3list: {
    title: 'the same, all of one monitor: a page of its runs has what is selected',
    clients: 16,
    variants: { ...manyRuns([...listedRuns, ...listedRuns]), oursCalls: 1 },
  },
  W4ids: { title: 'a run of 10,000 events (1 MB), its ids', clients: 4, variants: largeRunIds },
  W4page: { title: 'a page of 1,000 events of that run, all fields', clients: 4, length: 2, variants: largeRunPage },
  unseen: {
    title: '5,000 documents, each another text',
    clients: 16,
    requests: 5_000,
    only: ['ours', 'mercurius'],
    variants: newDocument,
  },
  forwarded: { title: 'W1 with the keys of 128 callers', clients: 16, only: ['ours', 'forwarding'], variants: oneRun },
  ...Object.fromEntries(keyCounts.map((keys) => [`keys-${keys}`, ofKeys(keys)])),
};
