/** From an answer to the JSON object in it. */

import type { UpstreamLimits } from '../core/limits.ts';
import { lazyObject, type Members, ParsedObject } from '../json/lazy-object.ts';
import {
  isObject,
  orUnreadable,
  parseJson,
  toDigits,
  tooLarge,
  unreadable,
  withoutByteOrderMark,
} from '../json/lossless.ts';
import { lastPlace, mayHoldMore, measureClosed, sign, skipSpace } from '../json/scan.ts';
import type { Answer } from './attempt.ts';
import type { Credential } from './credential.ts';
import { type ReadStatus, toErrorFailure } from './error-response.ts';
import { toBodyFailure, toEchoFailure, toIdFailure, toSizeFailure } from './failure.ts';
import { isJson } from './json-response.ts';
import type { UpstreamRequest } from './request.ts';

/** A JSON object as an upstream sent it: nothing in it is certain yet, and in a large one not even that it is JSON. */
export type Body = Members;

/** How much of a body is parsed. */
export type ParseLimits = Pick<UpstreamLimits, 'lazyParseThresholdBytes' | 'maxValues'>;

export interface ReadBodyOptions extends ParseLimits {
  /** What the provider means by its statuses. @default what HTTP says */
  readonly readStatus?: ReadStatus | undefined;
}

/**
 * The JSON object that an answer holds; `null` when it says that there is no such object (404 or 410, in JSON). Of a large answer
 * it may come later.
 * @param credential what was sent with the request: it must not come back
 * @throws {UpstreamFailure} when there is no such object
 */
export type ReadBody = (
  answer: Answer,
  request: UpstreamRequest,
  credential: Credential,
) => Body | null | Promise<Body | null>;

/** Larger bodies are read in steps. */
const maxBytesAtOnce = 128 * 1024;

/** All of a larger body is skipped in steps; of a smaller one what is in front of a selected member, at once, in some milliseconds. */
const maxBytesUnindexed = 2 * 1024 * 1024;

export const createReadBody =
  (options: ReadBodyOptions): ReadBody =>
  (answer, request, credential) => {
    const { readStatus } = options;
    const { key, digest } = credential;
    const { status, body } = answer;
    if (status !== 200) {
      const { isClientControlled } = request;
      const failure = toErrorFailure(answer, { credential, isClientControlled, readStatus });
      if (failure !== undefined) throw failure;
      return null;
    }
    const isEcho = key?.isIn(body, digest) ?? false;
    if (isEcho instanceof Promise || body.length > maxBytesAtOnce)
      return readLarge(isEcho, answer, request, digest, options);
    if (isEcho) throw toEchoFailure();
    return toChecked(toBody(answer, options), request);
  };

/**
 * Reads a large body in steps.
 * @param isEcho whether the body holds the key: as a free text of a run it would be handed on
 * @param owner for whom: the digest of the credential
 */
async function readLarge(
  isEcho: boolean | Promise<boolean>,
  answer: Answer,
  request: UpstreamRequest,
  owner: string,
  limits: ParseLimits,
): Promise<Body> {
  if (await isEcho) throw toEchoFailure();
  const body = toBody(answer, limits);
  if (answer.body.length > maxBytesUnindexed) await body.index?.(owner);
  return loadRows(toChecked(body, request), answer.body.length, request, owner);
}

/**
 * Parses the rows of a large response in steps.
 * @param length of the response, in bytes
 * @param owner for whom: the digest of the credential
 */
export function loadRows(
  body: Body,
  length: number,
  { rows }: Pick<UpstreamRequest, 'rows'>,
  owner: string,
): Body | Promise<Body> {
  if (rows === undefined || length <= maxBytesAtOnce) return body;
  const loading = body.items(rows)?.load?.(owner);
  return loading === undefined ? body : loading.then(() => body);
}

/** The object, checked against what was requested. */
function toChecked(members: Body, { echoes }: UpstreamRequest): Body {
  for (const field in echoes) {
    const value = members.get(field);
    if (value === unreadable) throw toBodyFailure();
    if (value === tooLarge) throw toSizeFailure();
    const requested = echoes[field];
    // A missing id says nothing; a different one says that this is another run.
    if (value != null && value !== requested && toDigits(value) !== requested) throw toIdFailure();
  }
  return members;
}

/**
 * The same object again, from what `toBytes` made of it.
 * @throws {UpstreamFailure} when it has been spoilt since
 */
export function fromBytes(bytes: Buffer, limits: ParseLimits): Body {
  const start = skipSpace(bytes, 0);
  if (bytes.length > limits.lazyParseThresholdBytes && isObjectAt(bytes, start))
    return lazyObject(bytes, start, limits.maxValues);
  return toParsed(bytes, limits);
}

/** Of a large body only what is selected is read, provided that it is there to its end. */
function toBody({ headers, body: bytes }: Answer, limits: ParseLimits): Body {
  if (!isJson(headers['content-type'])) throw toBodyFailure();
  const body = withoutByteOrderMark(bytes);
  const start = skipSpace(body, 0);
  const isClosed = isObjectAt(body, start);
  if (body.length > limits.lazyParseThresholdBytes && isClosed && isMeasured(headers))
    return lazyObject(body, start, limits.maxValues);
  return toParsed(body, limits);
}

const isObjectAt = (bytes: Buffer, start: number): boolean =>
  bytes[start] === sign.openObject && bytes[lastPlace(bytes)] === sign.closeObject;

/** Whether HTTP said where the body ends: undici has seen to it then. Otherwise it ends with the connection, cut off or not. */
const isMeasured = (headers: Answer['headers']): boolean =>
  headers['content-length'] !== undefined || /\bchunked$/i.test(String(headers['transfer-encoding']));

function toParsed(bytes: Buffer, { maxValues }: ParseLimits): Body {
  const { length } = bytes;
  if (mayHoldMore(0, length, maxValues) && measureClosed(bytes, 0, length, maxValues).values > maxValues)
    throw toSizeFailure();
  const object = orUnreadable(() => parseJson(bytes.toString()));
  if (!isObject(object)) throw toBodyFailure();
  return new ParsedObject(object, bytes);
}
