/** Headers of responses: the security headers, and those of CORS, which say what pages of other sites may send requests. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { defaultAccount } from '../core/accounts.ts';
import { requestIdHeader } from '../gateway/operation.ts';
import { clientHeaders } from '../observability/operation-fields.ts';
import { forwardedHeader } from '../providers/accounts.ts';
import { providerNames } from '../providers/index.ts';
import { ageHeader, callReportHeader } from '../upstream/call-report.ts';
import { type Check, preflightHeaders, type Rejection } from './request-checks.ts';

/** For every answer. Responses are for their caller only, so no intermediary stores them. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const;

/** Those of default accounts; a service that holds the keys ignores them. */
const defaultHeaders = providerNames.map((provider) => forwardedHeader({ provider, account: defaultAccount }));

const toPreflightAnswer = (credentialHeaders: readonly string[]) => ({
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': [
    ...['content-type', 'authorization', 'cache-control', requestIdHeader, callReportHeader],
    ...new Set([...defaultHeaders, ...credentialHeaders]),
    ...preflightHeaders,
    ...clientHeaders,
    ...['traceparent', 'tracestate'],
  ].join(', '),
  // Seconds. Short, so that an origin that is taken off the list is off soon.
  'access-control-max-age': '600',
});

/** Whether the text is an origin as browsers send it; `null`, which any page can have, and `*` are none. */
export const isOrigin = (text: string): boolean =>
  /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** Which pages of other sites may send requests, by the listed origins; without a list no CORS header is sent. */
export interface Cors {
  /** Puts on the answer what lets the page at the request's origin read it, if that origin is listed. */
  admit(request: IncomingMessage, response: ServerResponse): void;
  /** Answers a browser's preflight, if it comes from a listed origin. */
  answerPreflight(request: IncomingMessage, response: ServerResponse): boolean;
  /** Refuses that question for any other origin. */
  readonly isAllowed: Check;
}

/** `loopback`: pages that this machine serves, on any port. */
export type CorsOrigins = readonly string[] | 'loopback';

const loopbackOrigin = /^https?:\/\/(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;

/**
 * @param origins the whole origins, compared letter by letter. None can send credentials of the browser's own.
 * @param credentialHeaders the headers that forwarded keys come in
 */
export function createCors(origins: CorsOrigins, credentialHeaders: readonly string[]): Cors {
  const preflightAnswer = toPreflightAnswer(credentialHeaders);
  const isAllowed = origins === 'loopback' ? (origin: string) => loopbackOrigin.test(origin) : createListCheck(origins);
  const isListed = ({ headers: { origin } }: IncomingMessage) => origin !== undefined && isAllowed(origin);
  return {
    admit(request, response) {
      if (origins.length === 0) return;
      response.appendHeader('vary', 'Origin');
      if (!isListed(request)) return;
      response.setHeader('access-control-allow-origin', request.headers.origin ?? '');
      response.setHeader(
        'access-control-expose-headers',
        `${requestIdHeader}, ${callReportHeader}, ${ageHeader}, retry-after`,
      );
    },
    answerPreflight(request, response) {
      if (!isPreflight(request) || !isListed(request)) return false;
      response.writeHead(204, preflightAnswer).end();
      return true;
    },
    isAllowed: (request) => (isPreflight(request) && !isListed(request) ? notListed : undefined),
  };
}

const createListCheck =
  (origins: readonly string[]) =>
  (origin: string): boolean =>
    origins.includes(origin);

const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

/** What a developer reads in the network tools of a browser, whose console says only that something about CORS is missing. */
const notListed: Rejection = {
  status: 403,
  code: 'FORBIDDEN',
  message: 'Expected an origin that the variable CORS_ORIGINS of this service lists.',
};
