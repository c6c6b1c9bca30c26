/** The fields of a large response: the event loop has a turn for each, as that may take tens of milliseconds. */
import { runInSteps } from '../core/run-in-steps.ts';
import type { Body } from '../upstream/read-response.ts';

/** The fields of a response of so many bytes are read at once. */
const maxBytesAtOnce = 256 * 1024;

/**
 * The same field, read later where the response is large.
 * @param owner for whom it is read: the digest of a credential
 */
export function inTurn<Parameters extends readonly unknown[], Value>(
  body: Pick<Body, 'byteLength'>,
  owner: string,
  field: (...parameters: Parameters) => Value,
): (...parameters: Parameters) => Value | Promise<Awaited<Value>> {
  if (body.byteLength <= maxBytesAtOnce) return field;
  return (...parameters) =>
    runInSteps(owner, () => ({ value: field(...parameters) })).then(({ value }) => value as Awaited<Value>);
}
