/** From an answer to the JSON object in it, or to the failure that its status, its headers or its body stand for. */
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
import type { UpstreamRequest } from './call-context.ts';
import type { Credential } from './credential.ts';
import {
  toBodyFailure,
  toBusyFailure,
  toCredentialFailure,
  toEchoFailure,
  toIdFailure,
  toRouteFailure,
  toSizeFailure,
  toStatusFailure,
  toWaitFailure,
  type UpstreamFailure,
} from './failure.ts';

/** A JSON object as an upstream sent it: nothing in it is certain yet, and in a large one not even that it is JSON. */
export type Body = Members;

/** How much of a body is parsed. */
export type ParseLimits = Pick<UpstreamLimits, 'lazyParseThresholdBytes' | 'maxValues'>;

export interface ReadBodyOptions extends ParseLimits, StatusMeanings {}

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
    const { refusesKeyWith, readStatus } = options;
    const { key, digest } = credential;
    const { status, body } = answer;
    if (status !== 200) {
      const { isClientControlled } = request;
      const failure = toErrorFailure(answer, { credential, isClientControlled, refusesKeyWith, readStatus });
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

/** Whether a response says that it is JSON. No content type at all is forgiven, as the text itself has to be an object. */
export const isJson = (contentType: string | string[] | undefined): boolean =>
  contentType === undefined || contentType === 'application/json' || areJson(String(contentType));

/** A proxy may say the type a second time (RFC 9110, 5.3): that is no harm as long as each of them is JSON. */
const areJson = (contentTypes: string): boolean =>
  contentTypes
    .replaceAll(quoted, '')
    .split(',')
    .every((type) => /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type));

/** A value of a parameter in quotes, which may contain commas. */
const quoted = /"[^"]*"/g;

/** The object; `undefined` when the text is something else. */
export function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const json = parseJson(bytes.toString());
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a response is a JSON object. */
export const holdsObject = ({ headers, body }: Answer): boolean =>
  isJson(headers['content-type']) && parseObject(withoutByteOrderMark(body)) !== undefined;

/** A response with another status than 200, as a provider that knows its own is shown it. */
export interface ErrorResponse {
  readonly status: number;
  /** The value of a header, given its name in lower case. */
  header(name: string): string | undefined;
  /** Its body, as far as it is read: for a look at what it says, never for clients or the log. */
  text(): string;
}

/**
 * What a provider means by a response where that isn't what HTTP says: that it doesn't accept the key, that it has no such
 * route, that it is busy; `undefined` where it is what HTTP says.
 */
export type ReadStatus = (response: ErrorResponse) => 'bad-key' | 'unknown-route' | 'busy' | undefined;

/** What a provider means by its statuses. */
export interface StatusMeanings {
  /** Those that say that it doesn't accept the key. @default [401] */
  readonly refusesKeyWith?: readonly number[] | undefined;
  /** @default what HTTP says */
  readonly readStatus?: ReadStatus | undefined;
}

export interface ErrorReading extends StatusMeanings {
  readonly credential: Credential;
  /** Whether a cursor or tags of a client may be why. */
  readonly isClientControlled: boolean | undefined;
}

const unauthorized: readonly number[] = [401];

/** What is wrong; `undefined` when nothing is: the provider says that there is no such object. */
export function toErrorFailure(
  answer: Answer,
  { credential, isClientControlled, refusesKeyWith = unauthorized, readStatus }: ErrorReading,
): UpstreamFailure | undefined {
  const { status, headers } = answer;
  const meaning = readStatus?.({
    status,
    header: (name) => headers[name]?.toString(),
    text: () => answer.body.toString(),
  });
  if (refusesKeyWith.includes(status) || meaning === 'bad-key') return toCredentialFailure(credential.owner, status);
  if (meaning === 'unknown-route') return toRouteFailure(status);
  if (meaning === 'busy' || status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], headers.date);
    if (status === 429 || retryAfterMs !== undefined) return toWaitFailure(status, retryAfterMs);
  }
  if (meaning === 'busy') return toBusyFailure(status);
  // A proxy, or a path that leads elsewhere, answers so too, but not in the provider's form.
  if (status === 404 || status === 410) return holdsObject(answer) ? undefined : toRouteFailure(status);
  return toStatusFailure(status, isClientControlled);
}

/**
 * The wait that a `Retry-After` header names, in milliseconds: whole seconds, however many, or an HTTP date (RFC 9110, 10.2.3).
 * `undefined` without the header, NaN when it says neither.
 * @param date the answer's own `Date`: the clock that an HTTP date is of, which may be another than the one of this machine
 */
export function parseRetryAfter(value: Header, date: Header): number | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  const sent = toTime(date);
  return Math.max(0, toTime(text) - (Number.isNaN(sent) ? Date.now() : sent));
}

type Header = string | string[] | undefined;

/** The time of an HTTP date, in Unix milliseconds. It begins with the day's name; Date.parse alone would take `-1` for one. */
const toTime = (text: Header): number =>
  /^[A-Z][a-z]{2,8},? /.test(String(text)) ? Date.parse(String(text)) : Number.NaN;

/** Types that say what responded. Others may be anything, even a key that was sent. */
const known: ReadonlySet<string> = new Set([
  ...[
    'application/json',
    'application/problem+json',
    'application/xml',
    'application/xhtml+xml',
    'application/javascript',
  ],
  ...['application/octet-stream', 'application/x-www-form-urlencoded', 'application/grpc', 'application/pdf'],
  ...['text/html', 'text/plain', 'text/xml', 'text/css', 'text/csv', 'text/javascript', 'text/event-stream'],
  ...['multipart/form-data', 'image/png', 'image/svg+xml'],
]);

/** One of the known types, `other` or `none`; several of them where a response has several. */
export function toLoggedType(header: string | string[] | undefined): string {
  if (header === undefined) return 'none';
  const types = String(header)
    .split(',', 3)
    .map((text) => text.split(';', 1)[0]?.trim().toLowerCase() ?? '')
    .map((type) => (known.has(type) ? type : 'other'));
  return [...new Set(types)].join(', ');
}
