/** From an answer to the JSON object in it. */

import { unreadable } from '../json/items.ts';
import { isObject, parseJson, toDigits } from '../json/json.ts';
import { findMembers, type Members, ParsedMembers } from '../json/members.ts';
import { lastPlace, sign, skipSpace } from '../json/scan.ts';
import type { Answer } from './attempt.ts';
import type { Credential } from './credential.ts';
import { toBodyFault, toCredentialFault, toEchoFault, toIdFault, toStatusFault, toWaitFault } from './fault.ts';
import type { UpstreamRequest } from './request.ts';
import { parseRetryAfter } from './retry-after.ts';

/** A JSON object as an upstream sent it: nothing in it is certain yet, and in a large one not even that it is JSON. */
export type Body = Members;

export interface ReadBodyOptions {
  /** The longest `Retry-After` that is waited for, in milliseconds. */
  readonly maxRetryAfterMs: number;
  /** The largest body that is parsed whole, in bytes. */
  readonly wholeAnswerBytes: number;
}

/**
 * The JSON object that an answer holds; `null` when it says that there is no such thing (404, 410).
 * @param credential what was sent with the request: it must not come back
 * @throws {Fault} when there is no such object
 */
export type ReadBody = (answer: Answer, request: UpstreamRequest, credential: Credential) => Body | null;

export const createReadBody =
  ({ maxRetryAfterMs, wholeAnswerBytes }: ReadBodyOptions): ReadBody =>
  (answer, { echoes, isUnchecked }, { owner, secret }) => {
    const { status, headers, body } = answer;
    if (status === 404 || status === 410) return null;
    if (status === 401) throw toCredentialFault(owner);
    if (status === 429 || status === 503) {
      const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
      if (status === 429 || retryAfterMs !== undefined) throw toWaitFault(status, retryAfterMs, maxRetryAfterMs);
    }
    if (status !== 200) throw toStatusFault(status, isUnchecked);
    // As a free text of a run it would be handed on.
    if (secret !== undefined && body.includes(secret)) throw toEchoFault();
    // No content type at all is forgiven, as the text itself has to be an object.
    if (!isJson(headers['content-type'])) throw toBodyFault();
    const members = toBody(answer, wholeAnswerBytes);
    for (const field in echoes) {
      const value = members.get(field);
      if (value === unreadable) throw toBodyFault();
      const asked = echoes[field];
      // A missing id says nothing; a different one says that this is somebody else's run.
      if (value != null && value !== asked && toDigits(value) !== asked) throw toIdFault();
    }
    return members;
  };

/**
 * The same object again, from what `toBytes` made of it.
 * @throws {Fault} when it has been spoilt since
 */
export function fromBytes(bytes: Buffer, wholeAnswerBytes: number): Body {
  const start = skipSpace(bytes, 0);
  if (bytes.length > wholeAnswerBytes && isObjectAt(bytes, start)) return findMembers(bytes, start);
  return new ParsedMembers(parseObject(bytes), bytes);
}

const isJson = (contentType: string | string[] | undefined): boolean =>
  contentType === undefined ||
  contentType === 'application/json' ||
  /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(String(contentType));

/** A large body is read where it is asked for alone, provided that it is there to its end. */
function toBody({ headers, body }: Answer, wholeAnswerBytes: number): Body {
  const start = skipSpace(body, 0);
  const isClosed = isObjectAt(body, start);
  if (body.length > wholeAnswerBytes && isClosed && isMeasured(headers)) return findMembers(body, start);
  return new ParsedMembers(parseObject(body), body);
}

const isObjectAt = (bytes: Buffer, start: number): boolean =>
  bytes[start] === sign.openObject && bytes[lastPlace(bytes)] === sign.closeObject;

/** Whether HTTP said where the body ends: undici has seen to it then. Otherwise it ends with the connection, cut off or not. */
const isMeasured = (headers: Answer['headers']): boolean =>
  headers['content-length'] !== undefined || /\bchunked$/i.test(String(headers['transfer-encoding']));

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = parseJson(body.toString());
  } catch {
    throw toBodyFault();
  }
  if (!isObject(json)) throw toBodyFault();
  return json;
}
