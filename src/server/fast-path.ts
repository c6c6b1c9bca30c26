/**
 * The fast path of most requests: an operation as JSON in a POST, and JSON for a response, from `node:http` to the operation pipeline and
 * back without a `Request`, a `Response` or a stream in between. Whatever is unusual is left to the slow path.
 */
import { toWish } from '../gateway/content-negotiation.ts';
import type { Gateway, OperationParams } from '../gateway/create-gateway.ts';
import { toOverloaded } from '../gateway/error-masking.ts';
import { requestIdHeader, toHeaders } from '../gateway/operation.ts';
import { isObject, withoutByteOrderMark } from '../json/lossless.ts';
import type { RequestState } from './request-state.ts';
import { securityHeaders } from './response-headers.ts';

/** Answers a request, sooner or later. */
export type Way = (state: RequestState) => Promise<void>;

/** Names and values in turn: as nothing is set before, they go out as they are. */
const commonHeaders = Object.entries(securityHeaders).flat();

/** What a client wants to be answered in. */
interface AcceptedForm {
  /** For one piece of JSON. */
  readonly contentType: string | undefined;
  /** Whether that is `application/json`, whose status says less. */
  readonly isJson: boolean;
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
    const contentType = whole && `${whole}; charset=utf-8`;
    const accepted = { contentType, isJson: whole === 'application/json', acceptsParts: parts !== undefined };
    acceptCache.set(accept, accepted);
    return accepted;
  };

  return async (state) => {
    const { request, response, requestId } = state;
    const { method, headers, body } = request;
    if (method !== 'POST' || body === undefined || !isJson(headers['content-type'])) return slowPath(state);
    const accepted = readAccept(headers.accept ?? '*/*');
    const params = accepted.contentType === undefined ? undefined : toParams(body);
    if (accepted.contentType === undefined || params === undefined) return slowPath(state);

    state.acceptsParts = accepted.acceptsParts;
    const operation = await gateway.executeOperation(params, state);
    if ('start' in operation) return slowPath(state);
    // Beside those of the same turn: their readers are woken up once for all of them, where they are on this machine.
    if (!isAlone()) await endOfTick();
    const sent = state.settleResponse(operation.bytes) ? operation : toOverloaded(state);
    const { body: json, bytes } = sent;
    const responseHeaders = toHeaders(sent);
    responseHeaders.push(
      ...commonHeaders,
      'content-type',
      accepted.contentType,
      'content-length',
      String(bytes),
      requestIdHeader,
      requestId,
    );
    response.writeHead(accepted.isJson ? sent.jsonStatus : sent.status, responseHeaders);
    // ASCII, as most responses are, is written at less cost than what may be any UTF-8.
    response.end(json, bytes === json.length ? 'latin1' : 'utf8');
  };
}

/** With UTF-8 said or unsaid. Anything else that may be JSON is left to the slow path. */
const isJson = (contentType: string | undefined): boolean =>
  contentType === 'application/json' || /^application\/json; ?charset=utf-8$/i.test(contentType ?? '');

/** The parameters in a body; `undefined` when they are no JSON object. */
function toParams(body: Buffer): OperationParams | undefined {
  try {
    const json: unknown = JSON.parse(withoutByteOrderMark(body).toString());
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** The same promise for all who wait in one turn. */
export type EndOfTick = () => Promise<void>;

export function createEndOfTick(): EndOfTick {
  let end: Promise<void> | undefined;
  return () => {
    end ??= new Promise((resolve) => {
      setImmediate(() => {
        end = undefined;
        resolve();
      });
    });
    return end;
  };
}
