/** Whom a notification of Olostep's reaches: the kind is derived from the text, and what may be a secret of it is left out. */
import type { OlostepTargetKind } from '../../generated/types.ts';

/** A target as it is shown. */
export interface NotificationTarget {
  readonly kind: OlostepTargetKind;
  readonly text: string;
}

const emailAddress = /^[^\s@/\\?#:]+@[^\s@/\\?#:]+$/;
/** E.164, as Olostep documents it. */
const phoneNumber = /^\+[1-9]\d{1,14}$/;
const scheme = /^[a-z][a-z0-9+.-]*:/i;
/** Where a URL without its scheme has what may be secret. A channel's name begins with `#`. */
const endOfHost = /[/\\?]|(?<=.)#/s;

/** The target. The URL of a Slack webhook is a secret, as it lets its owner write to the channel: only its origin is shown. */
export function toNotificationTarget(target: string): NotificationTarget {
  if (emailAddress.test(target)) return { kind: 'EMAIL', text: target };
  if (phoneNumber.test(target)) return { kind: 'PHONE', text: target };
  const [schemeOfUrl] = scheme.exec(target.trim()) ?? [];
  if (schemeOfUrl !== undefined) return { kind: 'URL', text: toOrigin(target) ?? schemeOfUrl.toLowerCase() };
  return { kind: 'UNKNOWN', text: target.split(endOfHost, 1)[0] ?? '' };
}

/** The origin of a URL; `undefined` when it has none, or is none. */
function toOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, protocol, host } = new URL(text);
  if (origin !== 'null') return origin;
  return host === '' ? undefined : `${protocol}//${host}`;
}
