/**
 * The fast path of most requests: an operation as JSON in a POST, and JSON for an answer, from `node:http` to the graph and
 * back without a `Request`, a `Response` or a stream in between. It parses, validates and executes by the same functions as
 * Yoga does, and takes valid operations only; whatever is unusual, and every rejection, is left to the slow path.
 */

import { parameterNames, presentText } from '../core/operation-params.ts';
import type { Gateway, OperationParams } from '../gateway/create-gateway.ts';
import { toWish } from '../gateway/incremental-accept.ts';
import { requestIdHeader } from '../gateway/request-id.ts';
import { isNullish, isObject, withoutByteOrderMark } from '../json/lossless.ts';
import { ageHeader, callReportHeader } from '../upstream/call-report.ts';
import { refuse } from './checks/check.ts';
import { toOverloaded } from './load-shedding.ts';
import type { RequestState } from './request-state.ts';
import { createEndOfTick } from './response-batching.ts';
import { securityHeaders } from './security-headers.ts';

/** Answers a request, sooner or later. */
export type Way = (state: RequestState) => Promise<void>;

/** Names and values in turn: as nothing is set before, they go out as they are. */
const commonHeaders = Object.entries(securityHeaders).flat();

/** What a client wants to be answered in. */
interface AcceptedForm {
  /** For one piece of JSON. */
  readonly contentType: string | undefined;
  readonly acceptsParts: boolean;
}

/** How many Accept headers are remembered: clients send few different ones. */
const maxAcceptEntries = 100;

/**
 * @param slowPath the way of what isn't for the short one
 * @param isAlone whether nothing else is being answered
 */
export function createFastPath(gateway: Gateway, slowPath: Way, isAlone: () => boolean): Way {
  const endOfTick = createEndOfTick();
  const acceptCache = new Map<string, AcceptedForm>();
  const readAccept = (accept: string): AcceptedForm => {
    const known = acceptCache.get(accept);
    if (known !== undefined) return known;
    if (acceptCache.size >= maxAcceptEntries) acceptCache.clear();
    const { whole, parts } = toWish(accept);
    const accepted = { contentType: whole && `${whole}; charset=utf-8`, acceptsParts: parts !== undefined };
    acceptCache.set(accept, accepted);
    return accepted;
  };

  return async (state) => {
    const { request, response, requestId } = state;
    const { method, headers, body } = request;
    if (method !== 'POST' || body === undefined || !isJson(headers['content-type'])) return slowPath(state);
    const { contentType, acceptsParts } = readAccept(headers.accept ?? '*/*');
    const params = contentType === undefined ? undefined : toParams(body);
    if (contentType === undefined || params === undefined) return slowPath(state);

    state.acceptsParts = acceptsParts;
    const answer = await gateway.answer(params, state);
    if (answer === undefined) return slowPath(state);
    if (answer === 'OVERLOADED') return refuse(state.writeCommonHeaders(), toOverloaded(), requestId);
    // Beside those of the same turn: their readers are woken up once for all of them, where they are on this machine.
    if (!isAlone()) await endOfTick();
    const { body: json, bytes, calls, ageSeconds } = answer;
    if (!state.settleResponse(bytes)) return refuse(state.writeCommonHeaders(), toOverloaded(), requestId);
    const responseHeaders = [
      ...commonHeaders,
      'content-type',
      contentType,
      'content-length',
      String(bytes),
      requestIdHeader,
      requestId,
      callReportHeader,
      String(calls),
    ];
    if (ageSeconds !== undefined) responseHeaders.push(ageHeader, String(ageSeconds));
    response.writeHead(200, responseHeaders);
    // ASCII, as most answers are, is written at less cost than what may be any UTF-8.
    response.end(json, bytes === json.length ? 'latin1' : 'utf8');
  };
}

/** With UTF-8 said or unsaid. Anything else that may be JSON is left to the slow path. */
const isJson = (contentType: string | undefined): boolean =>
  contentType === 'application/json' || /^application\/json; ?charset=utf-8$/i.test(contentType ?? '');

/** The operation in a body; `undefined` when it isn't quite one. */
function toParams(body: Buffer): OperationParams | undefined {
  let json: unknown;
  try {
    json = JSON.parse(withoutByteOrderMark(body).toString());
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  for (const name in json) if (!parameterNames.has(name)) return undefined;
  const { query, variables, operationName, extensions, documentId, doc_id, id } = json;
  if (!isNullish(extensions) && !isObject(extensions)) return undefined;
  if (!isNullish(variables) && !isObject(variables)) return undefined;
  if (!isNullish(operationName) && typeof operationName !== 'string') return undefined;
  return { query, variables, operationName: presentText(operationName), extensions, documentId, doc_id, id };
}
