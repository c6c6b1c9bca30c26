/** One DataLoader a request. */
import DataLoader from 'dataloader';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { type Context, toRun } from './graph.ts';
import type { GetBody } from './upstream-client.ts';

/** Every distinct run of a request is one call. */
export const createRuns = (getBody: GetBody): Context['runs'] =>
  new DataLoader<MonitorRunKey, unknown, string>(
    (keys) => Promise.all(keys.map(async (key) => toRun(key, await getBody(key)))),
    { cacheKeyFn: ({ provider, monitorId, runId }) => `${provider}/${monitorId}/${runId}` },
  );
