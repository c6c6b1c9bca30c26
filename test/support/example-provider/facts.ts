/** What the conformance suite has to know of Example. */
import { neverIds, type ProviderFacts } from '../provider-facts.ts';

const body = { id: '1763625600', watch: 'page-1', at: 1_763_625_600, changed: true, error: null, diff: '+ 5.50 EUR' };

export const facts: ProviderFacts = {
  key: { provider: 'EXAMPLE', monitorId: 'page-1', runId: '1763625600' },
  path: '/api/watches/page-1/history/1763625600',
  headers: (apiKey) => ({ 'x-api-key': apiKey }),
  refusesKeyWith: [403],
  body,
  strangers: {
    "another run's id": { ...body, id: '1763625601' },
    "another monitor's id": { ...body, watch: 'page-2' },
    'an id that is a boolean': { ...body, id: true },
    'an id that is a list': { ...body, watch: ['page-1'] },
  },
  impossibleIds: [...neverIds, 'page_1', 'PAGE', 'é', 'a'.repeat(65)],
  expectedKey: 'Expected Example ids: a watch of 1 to 64 of a-z 0-9 -, and a check of 1 to 12 digits.',
  paymentRequired: 'QUOTA_EXCEEDED',
  emptyList: { path: '/api/watches', body: { watches: [] } },
  absentKey: { provider: 'EXAMPLE', monitorId: 'absent', runId: '404' },
};
