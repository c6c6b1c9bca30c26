/** The fields of an operation in its line of the log. */
import type { AccountId } from '../core/accounts.ts';
import type { OperationRecord, ProviderCalls } from './observer.ts';

/** The value of a header of the request, given its name in lower case. */
export type ReadHeader = (name: string) => string | null | undefined;

/** What clients say of themselves, by the headers of Apollo's clients and by those of others. */
export const clientHeaders = [
  'apollographql-client-name',
  'apollographql-client-version',
  'x-client-name',
  'x-client-version',
] as const;

/** The longest name of a client that the log has, in characters. */
const maxClientChars = 100;

/** A `traceparent` of W3C Trace Context. */
const traceparent = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;

/** Members that are undefined aren't written. */
export function toOperationFields(record: OperationRecord, header: ReadHeader): object {
  const { name, type, documentId, outcome, errorCodes, calls, traceId } = record;
  const total = sumOf(calls);
  return {
    operationName: name,
    operationType: type,
    documentId,
    outcome,
    errorCodes: errorCodes.length === 0 ? undefined : errorCodes,
    upstreamCalls: total.calls,
    cacheHits: total.cacheHits || undefined,
    fresh: total.fresh || undefined,
    unchanged: total.unchanged || undefined,
    fromLists: total.fromLists || undefined,
    coalesced: total.coalesced || undefined,
    paced: total.paced || undefined,
    stale: total.stale || undefined,
    clientName: clientNameOf(header),
    clientVersion: clientVersionOf(header),
    traceId: traceId ?? traceIdOf(header('traceparent')),
  };
}

export const clientNameOf = (header: ReadHeader): string | undefined =>
  cut(header('apollographql-client-name') ?? header('x-client-name'));

export const clientVersionOf = (header: ReadHeader): string | undefined =>
  cut(header('apollographql-client-version') ?? header('x-client-version'));

const cut = (text: string | null | undefined): string | undefined => text?.slice(0, maxClientChars) || undefined;

const traceIdOf = (text: string | null | undefined): string | undefined =>
  text == null ? undefined : traceparent.exec(text)?.[1];

const nothing: ProviderCalls = {
  ...{ calls: 0, paced: 0, stale: 0 },
  ...{ deduplicated: 0, fromLists: 0, cacheHits: 0, coalesced: 0, fresh: 0, unchanged: 0 },
};

/** Most operations call one account. */
function sumOf(calls: OperationRecord['calls']): ProviderCalls {
  let sum: ProviderCalls | undefined;
  for (const id in calls) {
    const each = calls[id as AccountId] as ProviderCalls;
    sum = sum === undefined ? each : add(sum, each);
  }
  return sum ?? nothing;
}

function add(one: ProviderCalls, other: ProviderCalls): ProviderCalls {
  const sum = { ...one };
  for (const name in sum) sum[name as keyof ProviderCalls] += other[name as keyof ProviderCalls];
  return sum;
}
