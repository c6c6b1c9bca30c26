/** Failures of upstream calls: what each means to a client, and whether the gateway retries it or blames the provider. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { errors } from 'undici';
import type { Account } from '../core/accounts.ts';
import { BadUserInput, type FailureFacts, ProviderError, type ProviderErrorCode } from '../core/errors.ts';
import type { Outcome } from './credential-circuit.ts';
import { deadlineReached } from './deadline.ts';
import type { RetryRule } from './retry.ts';

/** What a failed call says of the provider. */
export type Verdict = Exclude<Outcome, 'success'>;

/** Beside what a client gets to know. */
interface Consequences extends FailureFacts {
  /** How the attempt may be repeated; not at all without. */
  readonly retry?: RetryRule | undefined;
  /** Whether the credential has to wait: its calls are slowed down, and the next attempt waits for its turn. @default false */
  readonly isPaced?: boolean;
  /** What it says of the provider. @default 'answer', as it was there to say no */
  readonly verdict?: Verdict;
  /** How the client's error goes on after the provider's name, a constant. @default what all errors of the code say */
  readonly sentence?: string;
  /** Whether another call for the same may succeed now, as it has more time, or another place to wait. @default false */
  readonly isOfCall?: boolean;
}

/**
 * A call failed. Stays in this folder: the log gets its `reason`, the client the error that {@link UpstreamFailure.toError} makes of
 * its code. Never carries what the upstream wrote.
 */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly code: ProviderErrorCode | 'BAD_USER_INPUT';
  readonly reason: string;
  readonly facts: FailureFacts;
  readonly retry: RetryRule | undefined;
  readonly isPaced: boolean;
  readonly verdict: Verdict;
  readonly sentence: string | undefined;
  readonly isOfCall: boolean;

  constructor(code: UpstreamFailure['code'], reason: string, consequences: Consequences = {}) {
    const { retry, isPaced = false, verdict = 'answer', sentence, isOfCall = false, ...facts } = consequences;
    super(reason);
    this.code = code;
    this.reason = reason;
    this.retry = retry;
    this.isPaced = isPaced;
    this.verdict = verdict;
    this.sentence = sentence;
    this.isOfCall = isOfCall;
    this.facts = { retryable: retry !== undefined, ...facts };
  }

  /** The error that takes the run's place in the answer. */
  toError(account: Account): ProviderError | BadUserInput {
    if (this.code === 'BAD_USER_INPUT')
      return new BadUserInput(`${account.provider} refused these ids.`, account, this.facts);
    const error = new ProviderError(account, this.code, this.facts, this.sentence);
    // The call that makes it logs it.
    error.isLogged = true;
    error.isOfCall = this.isOfCall;
    return error;
  }
}

/** Up to all attempts, with back-off. */
const again: RetryRule = { most: 2 };
/** Often one bad node behind a balancer. */
const onceMore: RetryRule = { most: 1 };
/** It took long already, so only with time enough. */
const onceMoreInTime: RetryRule = { most: 1, minLeftMs: 1_000 };
/** After the `Retry-After` of the response, which pacing waits for. */
const onceAfterPause: RetryRule = { most: 1, baseMs: 0 };
/** The connection had been closed by then, and the provider hasn't read the request. */
const immediately: RetryRule = { most: 2, isFirstFree: true };

/** What an HTTP status other than 200, 404 and 410 means. What isn't here is what its class is. */
const statusMeanings: Readonly<Record<number, readonly [UpstreamFailure['code'], Consequences]>> = {
  400: ['BAD_USER_INPUT', {}],
  402: ['QUOTA_EXCEEDED', {}],
  403: ['FORBIDDEN', {}],
  408: ['UPSTREAM_TIMEOUT', { retry: again, verdict: 'failure' }],
  422: ['BAD_USER_INPUT', {}],
  425: ['UPSTREAM_UNAVAILABLE', { retry: again, verdict: 'failure' }],
  // It is the provider, or what stands before it, that was late.
  504: ['UPSTREAM_TIMEOUT', { retry: again, verdict: 'failure' }],
};

/**
 * What a status has in common with its class (RFC 9110, 15): a server error passes, and a status that is none is read as one.
 * 505 to 511 tell of something that is the same a moment later, so that is left to the client.
 */
function toClassMeaning(status: number): readonly [UpstreamFailure['code'], Consequences] {
  if (status >= 505 && status <= 511) return ['UPSTREAM_UNAVAILABLE', { retryable: true, verdict: 'failure' }];
  if (status >= 500 || status < 200) return ['UPSTREAM_UNAVAILABLE', { retry: again, verdict: 'failure' }];
  return ['UPSTREAM_BAD_RESPONSE', { verdict: isRedirect(status) ? 'failure' : 'answer' }];
}

const isRedirect = (status: number) => status >= 300 && status < 400;

/**
 * An answer whose status says that it isn't one.
 * @param isClientControlled whether a cursor or tags of a client may be why: the call would fail again, so it isn't retried
 */
export function toStatusFailure(status: number, isClientControlled = false): UpstreamFailure {
  const [code, consequences] = statusMeanings[status] ?? toClassMeaning(status);
  const facts = { upstreamStatus: status, ...consequences };
  // It may have another cause, so the client may try again.
  const once = isClientControlled && status === 500 ? { retry: undefined, retryable: true } : undefined;
  return new UpstreamFailure(code, isRedirect(status) ? 'redirect' : 'status', { ...facts, ...once });
}

/** 401, or what means the same: the fault of the credential's owner. */
export const toCredentialFailure = (owner: 'service' | 'caller', status = 401): UpstreamFailure =>
  new UpstreamFailure(owner === 'caller' ? 'UNAUTHENTICATED' : 'UPSTREAM_AUTH_FAILED', 'status', {
    upstreamStatus: status,
  });

/** Whether the credential isn't accepted. */
export const isCredentialFailure = ({ code }: UpstreamFailure): boolean =>
  code === 'UNAUTHENTICATED' || code === 'UPSTREAM_AUTH_FAILED';

/** Whatever answered has no such route, so it isn't the expected API, or not at this base URL. */
export const toRouteFailure = (status: number): UpstreamFailure =>
  new UpstreamFailure('UPSTREAM_BAD_RESPONSE', 'unknown_route', { upstreamStatus: status });

/** The provider says that it has no capacity left, whatever the status. */
export const toBusyFailure = (status: number): UpstreamFailure =>
  new UpstreamFailure('UPSTREAM_UNAVAILABLE', 'busy', { upstreamStatus: status, retry: again, verdict: 'failure' });

/**
 * 429, or another status with `Retry-After`. A 429 is retried until the deadline, as often as pacing lets it.
 * @param retryAfterMs the wait that the response names; `undefined` when none was; NaN when it can't be read
 */
export function toWaitFailure(status: number, retryAfterMs: number | undefined): UpstreamFailure {
  const isLimit = status === 429;
  const code = isLimit ? 'RATE_LIMITED' : 'UPSTREAM_UNAVAILABLE';
  const facts = { upstreamStatus: status, retryable: true, verdict: isLimit ? 'answer' : 'failure' } as const;
  if (retryAfterMs === undefined || Number.isNaN(retryAfterMs))
    return new UpstreamFailure(code, 'status', { ...facts, isPaced: isLimit });
  // Of this credential alone, be the provider unavailable to others or not: that is for the breaker.
  const retry = isLimit ? undefined : onceAfterPause;
  return new UpstreamFailure(code, 'status', { ...facts, retryAfterMs, retry, isPaced: true });
}

/** The credential may not be used before the deadline, as its provider limits it with an error of this code. */
export const toPacedFailure = (code: UpstreamFailure['code'], waitMs: number): UpstreamFailure =>
  new UpstreamFailure(code, 'paced', { retryable: true, retryAfterMs: Math.ceil(waitMs), isOfCall: true });

/** The breaker is open. */
export const toBreakerFailure = (retryAfterMs: number): UpstreamFailure =>
  new UpstreamFailure('UPSTREAM_UNAVAILABLE', 'circuit_open', { retryable: true, retryAfterMs });

/** There is no place for another call. */
export const toQueueFailure = (): UpstreamFailure =>
  new UpstreamFailure('OVERLOADED', 'queue', { retryable: true, isOfCall: true });

/** There is no room for another large response, or there was none for too long. That is no failure of the provider. */
export const toMemoryFailure = (): UpstreamFailure =>
  new UpstreamFailure('OVERLOADED', 'memory', {
    retryable: true,
    verdict: 'nothing',
    sentence: 'sent a large response that this service has no memory for at the moment.',
  });

/** This machine lacks something for the connection, as the code says. That is no failure of the provider. */
const toLocalFailure = (code: string): UpstreamFailure =>
  new UpstreamFailure('OVERLOADED', `local ${code}`, {
    retryable: true,
    verdict: 'nothing',
    sentence: "can't be called at the moment, as this service is out of resources.",
  });

/** The time of an attempt is up. */
export const toAttemptTimeFailure = (): UpstreamFailure =>
  new UpstreamFailure('UPSTREAM_TIMEOUT', 'attempt', { retry: onceMoreInTime, verdict: 'failure', isOfCall: true });

/**
 * The deadline of the operation is reached.
 * @param hadEnoughTime whether the provider had enough time; otherwise the call began late, or waited for its turn
 */
export const toDeadlineFailure = (hadEnoughTime: boolean): UpstreamFailure =>
  new UpstreamFailure('UPSTREAM_TIMEOUT', 'deadline', {
    retryable: true,
    verdict: hadEnoughTime ? 'failure' : 'nothing',
    isOfCall: true,
  });

/** The error of a call that ends because its operation does: `reason` itself, unless that is the deadline. */
export const toEndError = (reason: unknown, account: Account): unknown =>
  reason === deadlineReached ? toDeadlineFailure(false).toError(account) : reason;

/**
 * Whether it was the time of this call that was up, even in its queue: another one may have more of it. A provider that says
 * itself that it was late (408, 504) says so to all.
 */
export const hasFailedByTime = (error: unknown): boolean => error instanceof ProviderError && error.isOfCall;

/** The body isn't a JSON object. */
export const toBodyFailure = (): UpstreamFailure =>
  new UpstreamFailure('UPSTREAM_BAD_RESPONSE', 'body', { retry: onceMore, verdict: 'failure' });

/** The body repeats the key of the call. A caller with the key may have put it there, so the provider isn't blamed. */
export const toEchoFailure = (): UpstreamFailure => new UpstreamFailure('UPSTREAM_BAD_RESPONSE', 'credential_echo');

/** The body is another run: of one bad monitor, as far as is known, so the provider's others go on. */
export const toIdFailure = (): UpstreamFailure =>
  new UpstreamFailure('UPSTREAM_BAD_RESPONSE', 'id_mismatch', { verdict: 'nothing' });

/** The body is larger than what is read. */
export const toSizeFailure = (): UpstreamFailure => new UpstreamFailure('UPSTREAM_RESPONSE_TOO_LARGE', 'size');

/** Codes of Node.js, OpenSSL and undici for a certificate or a handshake that isn't right. */
const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/;
/** Codes of undici for bytes that aren't HTTP as it should be. Errors of its parser may have a name alone. */
const protocolCode =
  /^(HTTPParserError$|HPE_|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_HEADERS_OVERFLOW|UND_ERR_NOT_SUPPORTED)/;

/**
 * What a failed connection or a broken answer means. A failure stays as it is.
 * @param isUnanswered whether nothing of the answer had come
 * @param hasBeenPaused whether the response wasn't read for a while: the provider may have given up waiting
 */
export function toNetworkFailure(error: unknown, isUnanswered: boolean, hasBeenPaused = false): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code ?? error.name) : 'unknown';
  const localCode = findLocalCode(error);
  if (localCode !== undefined) return toLocalFailure(localCode);
  if (code === 'UND_ERR_CONNECT_TIMEOUT')
    return new UpstreamFailure('UPSTREAM_TIMEOUT', 'connect', { retry: again, verdict: 'failure', isOfCall: true });
  if (code === 'ENOTFOUND') return new UpstreamFailure('UPSTREAM_UNAVAILABLE', 'dns', { verdict: 'failure' });
  if (tlsCode.test(code)) return new UpstreamFailure('UPSTREAM_UNAVAILABLE', `tls ${code}`, { verdict: 'failure' });
  if (protocolCode.test(code))
    return new UpstreamFailure('UPSTREAM_BAD_RESPONSE', `protocol ${code}`, { retry: onceMore, verdict: 'failure' });
  if (hasBeenPaused) return toMemoryFailure();
  // The connection had ended while it was idle, which says nothing of what the provider is like now.
  const isStale = isUnanswered && isEndOfUsedConnection(error);
  return new UpstreamFailure('UPSTREAM_UNAVAILABLE', `network ${code}`, {
    retry: isStale ? immediately : again,
    verdict: isStale ? 'nothing' : 'failure',
  });
}

/** No file descriptor, in the process or on the machine, and no memory, even of the kernel, is left. */
const exhausted: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAI_MEMORY']);
/**
 * No local port is left, or no local address leads there. Where a host has several addresses that may be said of one alone, as of
 * the IPv6 address on a machine without IPv6; what the others say counts then.
 */
const withoutAddress = 'EADDRNOTAVAIL';

/**
 * The code of what this machine lacks for a connection; `undefined` when the connection failed for another reason. A name server
 * that doesn't answer (EAI_AGAIN) is another reason: it may be that of the provider's zone, no call can succeed, and the circuit
 * breaker spares callers the wait.
 */
function findLocalCode(error: unknown): string | undefined {
  const codes = codesOf(error);
  const code = codes.find((code) => exhausted.has(code));
  if (code !== undefined) return code;
  if (codes.every((code) => code === withoutAddress)) return codes[0];
  // The system's resolver needs descriptors too. Without them it says ENOTFOUND, EAI_AGAIN or EBUSY.
  return (error as NodeJS.ErrnoException).syscall === 'getaddrinfo' ? findDescriptorCode() : undefined;
}

/** Of the attempts at all addresses, where there were several. */
function codesOf(error: unknown): readonly string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  return error instanceof Error && 'code' in error ? [String(error.code)] : [];
}

/** Why no file can be opened now, if none can. */
function findDescriptorCode(): string | undefined {
  try {
    closeSync(openSync(devNull, 'r'));
    return undefined;
  } catch (error) {
    return codesOf(error).find((code) => exhausted.has(code));
  }
}

/** Whether it is the end of a connection that had carried responses before. */
function isEndOfUsedConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { socket } = error as Partial<errors.SocketError>;
  return (socket?.bytesRead ?? 0) > 0;
}
