/** What can go wrong on the way out, what each thing means to a client, and whether it may pass. */
import { BadUserInput, type FailureFacts, ProviderError, type ProviderErrorCode } from '../errors.ts';
import type { Provider } from '../generated/types.ts';

/**
 * A call failed. Stays in this folder: the log gets its `reason`, the client the error that {@link toClientError} makes
 * of its code. Never carries what the upstream wrote.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: ProviderErrorCode | 'BAD_USER_INPUT';
  readonly reason: string;
  readonly facts: FailureFacts;

  constructor(code: Fault['code'], reason: string, facts: FailureFacts = {}) {
    super(reason);
    this.code = code;
    this.reason = reason;
    this.facts = facts;
  }

  /** The error that takes the run's place in the answer. */
  toError(provider: Provider): ProviderError | BadUserInput {
    return this.code === 'BAD_USER_INPUT'
      ? new BadUserInput(`${provider} refused these ids.`, provider, this.facts)
      : new ProviderError(provider, this.code, this.facts);
  }
}

/** What an HTTP status other than 200, 404 and 410 means, and whether the same call may succeed later. */
const statusMeanings: Readonly<Record<number, readonly [Fault['code'], retryable: boolean]>> = {
  400: ['BAD_USER_INPUT', false],
  401: ['UPSTREAM_AUTH_FAILED', false],
  402: ['QUOTA_EXCEEDED', false],
  403: ['FORBIDDEN', false],
  408: ['UPSTREAM_TIMEOUT', true],
  422: ['BAD_USER_INPUT', false],
  425: ['UPSTREAM_UNAVAILABLE', true],
  429: ['RATE_LIMITED', true],
  500: ['UPSTREAM_UNAVAILABLE', true],
  502: ['UPSTREAM_UNAVAILABLE', true],
  503: ['UPSTREAM_UNAVAILABLE', true],
  504: ['UPSTREAM_UNAVAILABLE', true],
};

/** An answer whose status says that it isn't one. Anything undocumented, redirects included, is a bad response. */
export function toStatusFault(status: number, retryAfterMs: number | undefined): Fault {
  const [code, retryable] = statusMeanings[status] ?? ['UPSTREAM_BAD_RESPONSE', false];
  const reason = status >= 300 && status < 400 ? 'redirect' : 'status';
  return new Fault(code, reason, {
    upstreamStatus: status,
    retryable,
    ...(retryable && retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Codes of Node.js, OpenSSL and undici for a certificate or a handshake that isn't right. */
const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/;
/** Codes of undici for bytes that aren't HTTP as it should be. Errors of its parser may have a name alone. */
const protocolCode =
  /^(HTTPParserError$|HPE_|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_HEADERS_OVERFLOW|UND_ERR_NOT_SUPPORTED)/;

/** What a failed connection or a broken answer means. A fault stays itself. */
export function toNetworkFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code ?? error.name) : 'unknown';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return new Fault('UPSTREAM_TIMEOUT', 'connect', { retryable: true });
  if (/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(code))
    return new Fault('UPSTREAM_TIMEOUT', 'attempt', { retryable: true });
  if (code === 'ENOTFOUND') return new Fault('UPSTREAM_UNAVAILABLE', 'dns');
  if (tlsCode.test(code)) return new Fault('UPSTREAM_UNAVAILABLE', `tls ${code}`);
  if (protocolCode.test(code)) return new Fault('UPSTREAM_BAD_RESPONSE', `protocol ${code}`, { retryable: true });
  return new Fault('UPSTREAM_UNAVAILABLE', `network ${code}`, { retryable: true });
}
