/** What a response says whose status isn't 200. */
import type { Answer } from './attempt.ts';
import type { Credential } from './credential.ts';
import {
  toBusyFailure,
  toCredentialFailure,
  toRouteFailure,
  toStatusFailure,
  toWaitFailure,
  type UpstreamFailure,
} from './failure.ts';
import { holdsObject } from './json-response.ts';
import { parseRetryAfter } from './retry-after.ts';

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

export interface ErrorReading {
  readonly credential: Credential;
  /** Whether a cursor or tags of a client may be why. */
  readonly isClientControlled: boolean | undefined;
  /** @default as HTTP says */
  readonly readStatus: ReadStatus | undefined;
}

/** What is wrong; `undefined` when nothing is: the provider says that there is no such object. */
export function toErrorFailure(
  answer: Answer,
  { credential, isClientControlled, readStatus }: ErrorReading,
): UpstreamFailure | undefined {
  const { status, headers } = answer;
  const meaning = readStatus?.({
    status,
    header: (name) => headers[name]?.toString(),
    text: () => answer.body.toString(),
  });
  if (status === 401 || meaning === 'bad-key') return toCredentialFailure(credential.owner, status);
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
