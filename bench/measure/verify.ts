/** Whether a contender does what is requested: checked before it is timed, and after. */
import { deepStrictEqual } from 'node:assert';
import type { Upstream } from '../upstream/upstream.ts';
import type { SendRequest } from '../workloads/requests.ts';
import type { Gateway } from './gateway.ts';

const times = 3;

/**
 * Sends a few requests, and returns the length of a response.
 * @throws {Error} when an answer isn't what it should be, or costs more upstream calls or fewer
 */
export async function verify(
  name: string,
  gateway: Gateway,
  execute: SendRequest,
  upstream: Upstream,
): Promise<number> {
  const before = await upstream.count();
  let length = 0;
  for (let time = 0; time < times; time++) {
    const { value, bytes } = await gateway.answer(execute);
    deepStrictEqual(value, execute.expected, `${name} answered something else`);
    length = bytes;
  }
  const calls = ((await upstream.count()) - before) / times;
  if (calls !== execute.calls) throw new Error(`${name} made ${calls} upstream calls instead of ${execute.calls}`);
  return length;
}
