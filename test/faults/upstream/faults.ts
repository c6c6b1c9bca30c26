/** Every bad response of a provider that was reached, but for those that take much to send. */
import { bodyFaults } from './body-faults.ts';
import { connectionFaults } from './connection-faults.ts';
import type { InjectedFault } from './fault.ts';
import { framingFaults } from './framing-faults.ts';
import { redirectFaults, retryAfterFaults, statusFaults } from './status-faults.ts';

export const faults: readonly InjectedFault[] = [
  ...connectionFaults,
  ...framingFaults,
  ...bodyFaults,
  ...statusFaults,
  ...retryAfterFaults,
  ...redirectFaults,
];
