/** How to ask Datafold for a run. */
import type { ProviderDefinition } from '../provider.ts';
import { toDatafoldRun } from './run.ts';

/** Datafold numbers its monitors and runs. 19 digits hold every 64-bit integer. */
const id = /^(?:0|[1-9][0-9]{0,18})$/;

export const datafold: ProviderDefinition = {
  defaultBaseUrl: 'https://app.datafold.com',
  authorization: (apiKey) => `Key ${apiKey}`,
  isKey: ({ monitorId, runId }) => id.test(monitorId) && id.test(runId),
  expectedKey: 'Expected Datafold ids: whole numbers in decimal digits, 19 at most, without sign or leading zeros.',
  toRequest: ({ monitorId, runId }) => ({
    path: `/api/v1/monitors/${monitorId}/runs/${runId}`,
    echoes: { monitor_id: monitorId, run_id: runId },
  }),
  toRun: toDatafoldRun,
  loadSandbox: () => import('./sandbox.ts'),
};
