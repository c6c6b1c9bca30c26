/** From an answer to the JSON object in it. */
import type { Answer } from './attempt.ts';
import type { Credential } from './credential.ts';
import {
  toBodyFault,
  toCredentialFault,
  toEchoFault,
  toIdFault,
  toSizeFault,
  toStatusFault,
  toWaitFault,
} from './fault.ts';
import { isObject, parseJson, toDigits } from './json.ts';
import { parseRetryAfter } from './retry-after.ts';

/** A JSON object as an upstream sent it: nothing in it is certain yet. */
export type Body = Readonly<Record<string, unknown>>;

/** What the answer is held against. */
export interface Expectation {
  /** Fields of the body that must say, where they are there, what was asked for. */
  readonly echoes: Readonly<Record<string, string>>;
  /** What was sent with the request: it must not come back. */
  readonly credential: Credential;
  /** The longest `Retry-After` that is waited for, in milliseconds. */
  readonly maxRetryAfterMs: number;
}

/**
 * The JSON object that the answer holds; `null` when it says that there is no such thing (404, 410).
 * @throws {Fault} when there is no such object
 */
export function readBody(answer: Answer, { echoes, credential, maxRetryAfterMs }: Expectation): Body | null {
  const { status, headers, body } = answer;
  if (status === 404 || status === 410) return null;
  if (status === 401) throw toCredentialFault(credential.owner);
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    throw toWaitFault(status, retryAfterMs, maxRetryAfterMs);
  }
  if (status !== 200) throw toStatusFault(status);
  if (repeats(credential, body)) throw toEchoFault();
  const json = readObject(headers['content-type'], body);
  for (const [field, asked] of Object.entries(echoes)) {
    const value = json[field];
    // A missing id says nothing; a different one says that this is somebody else's run.
    if (value != null && value !== asked && toDigits(value) !== asked) throw toIdFault();
  }
  return json;
}

/** Whether the key is somewhere in the body: as a free text of a run it would be handed on. Too short a key is a word. */
function repeats({ authorization }: Credential, body: Buffer): boolean {
  const key = authorization.slice(authorization.indexOf(' ') + 1);
  return key.length >= 16 && body.includes(key);
}

function readObject(contentType: string | string[] | undefined, body: Buffer): Body {
  // No content type at all is forgiven, as the text itself has to be an object.
  if (contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(String(contentType)))
    throw toBodyFault();
  let json: unknown;
  try {
    json = parseJson(body.toString('utf8'));
  } catch (error) {
    // Nested over thousands of levels, beside a number that has to be read digit for digit.
    if (error instanceof RangeError) throw toSizeFault('depth');
    throw toBodyFault();
  }
  if (!isObject(json)) throw toBodyFault();
  return json;
}
