/** Why a client didn't get what it selected: the codes, their sentences, and nothing that an upstream said. */
import { GraphQLError } from 'graphql';
import type { Provider } from '../generated/types.ts';
import { type Account, defaultAccount } from './accounts.ts';

/** What a provider's failure is called, and how the sentence goes on after the provider's name. */
const providerSentences = {
  UNAUTHENTICATED: "didn't accept your credentials.",
  FORBIDDEN: "doesn't allow this with these credentials.",
  QUOTA_EXCEEDED: "says that the account's credits are used up.",
  RATE_LIMITED: 'limits the rate of calls.',
  UPSTREAM_AUTH_FAILED: "didn't accept this service's credentials.",
  UPSTREAM_TIMEOUT: 'took too long to respond.',
  UPSTREAM_UNAVAILABLE: 'is not available.',
  UPSTREAM_BAD_RESPONSE: 'sent a response that does not match its documentation.',
  UPSTREAM_RESPONSE_TOO_LARGE: 'sent a response that is too large.',
  OVERLOADED: 'has too many calls in its queue already.',
  PROVIDER_NOT_CONFIGURED: 'is not configured in this service.',
} as const;

/** What can go wrong at a provider. Clients may branch on it: it is part of the API. */
export type ProviderErrorCode = keyof typeof providerSentences;

/** Every code a client can meet. `INTERNAL_SERVER_ERROR` is a bug of ours, masked. */
export type ErrorCode =
  | ProviderErrorCode
  | 'BAD_USER_INPUT'
  | 'OPERATION_TOO_COSTLY'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'INTERNAL_SERVER_ERROR';

/** Facts about a failure that help a client to decide what to do next. */
export interface FailureFacts {
  /** The HTTP status of the upstream's answer. */
  readonly upstreamStatus?: number;
  /** Whether the same request may succeed a little later. */
  readonly retryable?: boolean;
  /** After how many milliseconds at the earliest. */
  readonly retryAfterMs?: number;
}

/** Whose failure it is. What reads a response knows the provider alone: {@link ofAccount} adds the account. */
export type ErrorSource = Provider | Account;

const toExtensions = (source: ErrorSource | undefined) =>
  typeof source === 'object' ? { provider: source.provider, account: source.account } : source && { provider: source };

/** A provider failed. Takes the place of the smallest field that it touches. */
export class ProviderError extends GraphQLError {
  override readonly name = 'ProviderError';
  /** Whether the log has been told of it where it arose. */
  isLogged = false;
  /** Whether it failed by the time of one call, even in its queue: another call for the same may have more of it. */
  isOfCall = false;

  /** @param sentence how it goes on after the provider's name, where that isn't the same for all of the code; a constant */
  constructor(
    source: ErrorSource,
    code: ProviderErrorCode,
    facts: FailureFacts = {},
    sentence: string = providerSentences[code],
  ) {
    super(`${typeof source === 'object' ? source.provider : source} ${sentence}`, {
      extensions: { code, ...toExtensions(source), retryable: false, ...facts },
    });
    // No log has it, and GraphQL would have it formatted for each field that the error takes the place of: that takes longest.
    this.stack = this.message;
  }
}

/** The client requested something invalid; `expected` is a constant sentence that says what could. */
export class BadUserInput extends GraphQLError {
  override readonly name = 'BadUserInput';

  constructor(expected: string, source?: ErrorSource, facts: FailureFacts = {}) {
    super(expected, {
      extensions: {
        code: 'BAD_USER_INPUT' satisfies ErrorCode,
        ...toExtensions(source),
        ...facts,
        retryable: false,
      },
    });
  }
}

/** The request selects more than one request may; `expected` says how much that is. */
export class OperationTooCostly extends GraphQLError {
  override readonly name = 'OperationTooCostly';

  constructor(expected: string) {
    super(expected, { extensions: { code: 'OPERATION_TOO_COSTLY' satisfies ErrorCode, retryable: false } });
  }
}

/** The service has no room for the response, because clients do not read theirs. */
export class Overloaded extends GraphQLError {
  override readonly name = 'Overloaded';

  constructor() {
    super('Too many large responses wait to be read. Try again soon.', {
      extensions: { code: 'OVERLOADED' satisfies ErrorCode, retryable: true },
    });
  }
}

/** The same error, as one of this account: unless it says of which it is, or concerns no provider. */
export function ofAccount<Thrown>(error: Thrown, { account }: Pick<Account, 'account'>): Thrown {
  if (error instanceof GraphQLError && error.extensions.provider !== undefined) error.extensions.account ??= account;
  return error;
}

/** Whatever was thrown, as an error. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error('not an Error'));

/** Whether the provider may answer the same a little later. */
export const mayPass = (error: unknown): boolean =>
  error instanceof ProviderError && error.extensions.retryable === true;

/** Whether a call took longer than its attempt or the operation may: what other calls have found can still be shown. */
export const isTimeout = (error: unknown): boolean =>
  error instanceof ProviderError && error.extensions.code === ('UPSTREAM_TIMEOUT' satisfies ErrorCode);

/** Failures of one endpoint that say nothing of the provider's others: an answer that isn't as documented, a refusal. */
const ofOneEndpoint: ReadonlySet<unknown> = new Set<ErrorCode>([
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'UPSTREAM_BAD_RESPONSE',
  'UPSTREAM_RESPONSE_TOO_LARGE',
]);

/** Whether another endpoint of the provider may answer all the same. */
export const isEndpointSpecific = (error: unknown): boolean =>
  error instanceof GraphQLError && ofOneEndpoint.has(error.extensions.code);

/** What a provider says of a credential that may not, or may no longer, see the object. */
const refusals: ReadonlySet<unknown> = new Set<ErrorCode>(['UNAUTHENTICATED', 'UPSTREAM_AUTH_FAILED', 'FORBIDDEN']);

/** Whether the provider refused the credential. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ProviderError && refusals.has(error.extensions.code);

/** Whether the provider doesn't accept the credential at all. */
export const isRefusedCredential = (error: unknown): boolean =>
  isRefusal(error) && (error as ProviderError).extensions.code !== ('FORBIDDEN' satisfies ErrorCode);

/** The extensions that clients get to see, whatever an error carries. */
const shown = ['code', 'provider', 'account', 'upstreamStatus', 'retryable', 'retryAfterMs'] as const;

const known: ReadonlySet<unknown> = new Set<ErrorCode>([
  ...(Object.keys(providerSentences) as ProviderErrorCode[]),
  'BAD_USER_INPUT',
  'OPERATION_TOO_COSTLY',
  'PERSISTED_QUERY_NOT_FOUND',
  'INTERNAL_SERVER_ERROR',
]);

/**
 * An error as clients see it: with a code of the list, the listed extensions, the id of the request, and nothing else.
 * What GraphQL itself says of a request (syntax, validation, variables) is `BAD_USER_INPUT`.
 */
export function toClientError(error: GraphQLError, requestId: string): GraphQLError {
  const extensions: Record<string, unknown> = {};
  for (const name of shown) if (error.extensions[name] !== undefined) extensions[name] = error.extensions[name];
  // Errors are made of what responses of the default account say at less cost without its name.
  if (extensions.provider !== undefined) extensions.account ??= defaultAccount;
  if (!known.has(extensions.code)) extensions.code = 'BAD_USER_INPUT' satisfies ErrorCode;
  extensions.requestId = requestId;
  const { message, nodes = null, source = null, positions = null, path = null, originalError = null } = error;
  return new GraphQLError(message, { nodes, source, positions, path, originalError, extensions });
}

/** The body of an answer to a request that never became an operation. */
export const toRefusal = (code: ErrorCode, message: string, requestId: string): string =>
  JSON.stringify({ errors: [{ message, extensions: { code, requestId } }] });
