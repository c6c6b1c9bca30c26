/** From an answer to the JSON object in it. */

import { withoutByteOrderMark } from '../json/byte-order-mark.ts';
import { unreadable } from '../json/items.ts';
import { toDigits } from '../json/json.ts';
import { findMembers, type Members, ParsedMembers } from '../json/members.ts';
import { lastPlace, sign, skipSpace } from '../json/scan.ts';
import type { Answer } from './attempt.ts';
import type { Credential } from './credential.ts';
import { type ReadStatus, toErrorFault } from './error-response.ts';
import { toBodyFault, toEchoFault, toIdFault } from './fault.ts';
import { isJson, parseObject } from './json-response.ts';
import type { UpstreamRequest } from './request.ts';

/** A JSON object as an upstream sent it: nothing in it is certain yet, and in a large one not even that it is JSON. */
export type Body = Members;

export interface ReadBodyOptions {
  /** The longest `Retry-After` that is waited for, in milliseconds. */
  readonly maxRetryAfterMs: number;
  /** The largest body that is parsed whole, in bytes. */
  readonly wholeAnswerBytes: number;
  /** What the provider means by statuses of its own. @default what HTTP says */
  readonly readStatus?: ReadStatus | undefined;
}

/**
 * The JSON object that an answer holds; `null` when it says that there is no such thing (404 or 410, in JSON). Of a large answer
 * it may come later.
 * @param credential what was sent with the request: it must not come back
 * @throws {Fault} when there is no such object
 */
export type ReadBody = (
  answer: Answer,
  request: UpstreamRequest,
  credential: Credential,
) => Body | null | Promise<Body | null>;

/** Larger bodies are searched for the key in several steps. */
const maxBytesAtOnce = 256 * 1024;

export const createReadBody =
  (options: ReadBodyOptions): ReadBody =>
  (answer, request, credential) => {
    const { maxRetryAfterMs, readStatus } = options;
    const { key } = credential;
    const { status, body } = answer;
    if (status !== 200) {
      const { isUnchecked } = request;
      const fault = toErrorFault(answer, { credential, isUnchecked, maxRetryAfterMs, readStatus });
      if (fault !== undefined) throw fault;
      return null;
    }
    if (key === undefined) return toCheckedBody(answer, request, options);
    if (body.length <= maxBytesAtOnce) return toUnlessEcho(key.isIn(body), answer, request, options);
    return key.isInLarge(body).then((isEcho) => toUnlessEcho(isEcho, answer, request, options));
  };

/** @param isEcho whether the body holds the key: as a free text of a run it would be handed on */
function toUnlessEcho(isEcho: boolean, answer: Answer, request: UpstreamRequest, options: ReadBodyOptions): Body {
  if (isEcho) throw toEchoFault();
  return toCheckedBody(answer, request, options);
}

/** The object, held against what was asked for. */
function toCheckedBody(answer: Answer, { echoes }: UpstreamRequest, { wholeAnswerBytes }: ReadBodyOptions): Body {
  if (!isJson(answer.headers['content-type'])) throw toBodyFault();
  const members = toBody(answer, wholeAnswerBytes);
  for (const field in echoes) {
    const value = members.get(field);
    if (value === unreadable) throw toBodyFault();
    const asked = echoes[field];
    // A missing id says nothing; a different one says that this is somebody else's run.
    if (value != null && value !== asked && toDigits(value) !== asked) throw toIdFault();
  }
  return members;
}

/**
 * The same object again, from what `toBytes` made of it.
 * @throws {Fault} when it has been spoilt since
 */
export function fromBytes(bytes: Buffer, wholeAnswerBytes: number): Body {
  const start = skipSpace(bytes, 0);
  if (bytes.length > wholeAnswerBytes && isObjectAt(bytes, start)) return findMembers(bytes, start);
  return toParsed(bytes);
}

/** A large body is read where it is asked for alone, provided that it is there to its end. */
function toBody({ headers, body: bytes }: Answer, wholeAnswerBytes: number): Body {
  const body = withoutByteOrderMark(bytes);
  const start = skipSpace(body, 0);
  const isClosed = isObjectAt(body, start);
  if (body.length > wholeAnswerBytes && isClosed && isMeasured(headers)) return findMembers(body, start);
  return toParsed(body);
}

const isObjectAt = (bytes: Buffer, start: number): boolean =>
  bytes[start] === sign.openObject && bytes[lastPlace(bytes)] === sign.closeObject;

/** Whether HTTP said where the body ends: undici has seen to it then. Otherwise it ends with the connection, cut off or not. */
const isMeasured = (headers: Answer['headers']): boolean =>
  headers['content-length'] !== undefined || /\bchunked$/i.test(String(headers['transfer-encoding']));

function toParsed(bytes: Buffer): Body {
  const object = parseObject(bytes);
  if (object === undefined) throw toBodyFault();
  return new ParsedMembers(object, bytes);
}
