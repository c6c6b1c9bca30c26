/** From an answer to the JSON object in it. */
import type { Answer } from './attempt.ts';
import { Fault, toStatusFault } from './fault.ts';
import { isObject, parseJson, toDigits } from './json.ts';
import { parseRetryAfter } from './retry-after.ts';

/** A JSON object as an upstream sent it: nothing in it is certain yet. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * The JSON object that the answer holds; `null` when it says that there is no such thing (404, 410).
 * @param echoes fields that must say, where they are there, what was asked for
 * @throws {Fault} when there is no such object
 */
export function readBody({ status, headers, body }: Answer, echoes: Readonly<Record<string, string>>): Body | null {
  if (status === 404 || status === 410) return null;
  if (status !== 200) throw toStatusFault(status, parseRetryAfter(headers['retry-after'], Date.now()));
  const json = readObject(headers['content-type'], body);
  for (const [field, asked] of Object.entries(echoes)) {
    const value = json[field];
    // A missing id says nothing; a different one says that this is somebody else's run.
    if (value != null && value !== asked && toDigits(value) !== asked)
      throw new Fault('UPSTREAM_BAD_RESPONSE', 'id_mismatch');
  }
  return json;
}

function readObject(contentType: string | string[] | undefined, body: Buffer): Body {
  // No content type at all is forgiven, as the text itself has to be an object.
  if (contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(String(contentType)))
    throw unreadable();
  let json: unknown;
  try {
    json = parseJson(body.toString('utf8'));
  } catch (error) {
    // Nested over thousands of levels, beside a number that has to be read digit for digit.
    if (error instanceof RangeError) throw new Fault('UPSTREAM_RESPONSE_TOO_LARGE', 'depth');
    throw unreadable();
  }
  if (!isObject(json)) throw unreadable();
  return json;
}

/** Often one bad node behind a balancer, so it may pass. */
const unreadable = () => new Fault('UPSTREAM_BAD_RESPONSE', 'body', { retryable: true });
