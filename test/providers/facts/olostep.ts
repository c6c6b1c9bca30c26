/** What the conformance suite has to know of Olostep. */
import { olostepBody, olostepKey, olostepPath } from '../../support/bodies.ts';
import { neverIds, type ProviderFacts } from '../provider-facts.ts';

export const facts: ProviderFacts = {
  key: olostepKey,
  path: olostepPath,
  headers: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  body: olostepBody,
  strangers: {
    "another run's id": { ...olostepBody, run_id: 'run_other' },
    "another monitor's id": { ...olostepBody, monitor_id: 'monitor_other' },
    'an id in other letters': { ...olostepBody, run_id: olostepBody.run_id.toUpperCase() },
    'an id that is a number': { ...olostepBody, run_id: 42 },
    'an id that is a boolean': { ...olostepBody, run_id: false },
    'an id that is a list': { ...olostepBody, run_id: [olostepBody.run_id] },
    'an id that is an object': { ...olostepBody, monitor_id: {} },
  },
  impossibleIds: [
    ...neverIds,
    ...['7', 'monitor_', 'run_', 'monitor_a/../../x', 'run_a/../../x', 'run_a%2f', 'monitor_é', 'run_\u202e', 'RUN_a'],
    ...['xrun_a', ' run_a', 'run_a ', 'run_a\n', 'monitor_a\n', `run_${'a'.repeat(129)}`, `monitor_${'a'.repeat(129)}`],
  ],
  expectedKey: 'Expected Olostep ids: monitor_… and run_…, each followed by 1 to 128 of A-Z a-z 0-9 _ -.',
  paymentRequired: 'UPSTREAM_AUTH_FAILED',
  emptyList: { path: '/v1/monitors', body: { monitors: [], count: 0 } },
  absentKey: { provider: 'OLOSTEP', monitorId: 'monitor_absent', runId: 'run_absent' },
};
