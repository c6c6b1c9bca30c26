/** What the conformance suite has to know of Datafold. */
import { datafoldBody, datafoldKey, datafoldPath } from '../../support/bodies.ts';
import { neverIds, type ProviderFacts } from '../provider-facts.ts';

export const facts: ProviderFacts = {
  key: datafoldKey,
  path: datafoldPath,
  headers: (apiKey) => ({ authorization: `Key ${apiKey}` }),
  body: datafoldBody,
  strangers: {
    "another run's id": { ...datafoldBody, run_id: 43 },
    "another monitor's id": { ...datafoldBody, monitor_id: 8 },
    'the two ids exchanged': { ...datafoldBody, run_id: 7, monitor_id: 42 },
    'an id that is a boolean': { ...datafoldBody, run_id: true },
    'an id that is a list': { ...datafoldBody, run_id: [42] },
    'an id that is an object': { ...datafoldBody, monitor_id: { id: 7 } },
    'an id that is a fraction': { ...datafoldBody, run_id: 42.5 },
  },
  impossibleIds: [
    ...neverIds,
    '-1',
    '+1',
    '01',
    '1e3',
    '1.0',
    '0x10',
    '1_000',
    ' 1',
    '1 ',
    '١',
    '１',
    '1'.repeat(20),
    '9223372036854775808',
  ],
  expectedKey:
    'Expected Datafold ids: whole numbers from 0 to 9223372036854775807, in decimal digits without sign or leading zeros.',
  paymentRequired: 'QUOTA_EXCEEDED',
  emptyList: {
    path: '/api/v1/monitors?page=1&page_size=1&order_by=id&sort_order=asc',
    body: { count: 0, page: 1, page_size: 1, total_pages: 0, monitors: [] },
  },
  absentKey: { provider: 'DATAFOLD', monitorId: '404', runId: '404' },
};
