/** How to ask Olostep for a run. */
import type { ProviderDefinition } from '../provider.ts';
import { toOlostepRun } from './run.ts';

/**
 * Olostep documents the prefixes alone (`^monitor_`, `^run_`), open at the end: closed here, so that no id can leave its
 * place in a path. Samples are the prefix and 10 lower-case letters or digits.
 */
const monitorId = /^monitor_[A-Za-z0-9_-]{1,128}$/;
const runId = /^run_[A-Za-z0-9_-]{1,128}$/;

export const olostep: ProviderDefinition = {
  defaultBaseUrl: 'https://api.olostep.com',
  authorization: (apiKey) => `Bearer ${apiKey}`,
  isKey: (key) => monitorId.test(key.monitorId) && runId.test(key.runId),
  expectedKey: 'Expected Olostep ids: monitor_… and run_…, each followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  toRequest: (key) => ({
    path: `/v1/monitors/${key.monitorId}/runs/${key.runId}`,
    echoes: { monitor_id: key.monitorId, run_id: key.runId },
  }),
  toRun: toOlostepRun,
  loadSandbox: () => import('./sandbox.ts'),
};
