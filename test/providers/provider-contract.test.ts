import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { itIsARunProvider } from './provider-contract.ts';

/** What no id of any provider is: mostly escapes from its segment of a path. */
const neverIds = ['', ' ', '.', '..', '../7', '%2e%2e', '7/..', '7%2f8', '7?x=1', '7#f', '7;a=b', '7\\8', '7\r\nx: y'];

itIsARunProvider({
  key: datafoldKey,
  path: datafoldPath,
  authorization: 'Key canary-datafold-key',
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
  fakeUpstream: 'datafold',
  otherUpstream: 'olostep',
});

itIsARunProvider({
  key: olostepKey,
  path: olostepPath,
  authorization: 'Bearer canary-olostep-key',
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
  fakeUpstream: 'olostep',
  otherUpstream: 'datafold',
});
