/**
 * Who is notified of the runs of an Olostep monitor, as the generations of Olostep's responses say it. What may be a secret is left
 * out.
 */
import type { OlostepNotification, OlostepNotificationChannel, OlostepTargetKind } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isNullish, isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { FieldContext, Fields } from '../provider.ts';
import { createReader, type Found, invalidField, toEach } from '../response-reader.ts';
import { readPart } from './monitor-parts.ts';
import type { components } from './openapi.d.ts';
import { Monitor, MonitorNotification, MonitorNotificationChannel } from './openapi-checks.ts';

type Schemas = components['schemas'];

const readMonitor = createReader<Schemas['Monitor']>('OLOSTEP', Monitor);
const readNotification = createReader<NonNullable<Schemas['MonitorNotification']>>('OLOSTEP', MonitorNotification);
const readChannel = createReader<Schemas['MonitorNotificationChannel']>('OLOSTEP', MonitorNotificationChannel);

/** Who is notified; `null` when there is none. */
export function toNotification(record: Body): Found<Fields<OlostepNotification>> {
  if (isNullish(record.get('notification'))) return toOlderNotification(record);
  return readPart<Fields<OlostepNotification>>(record, 'notification', (notification) => ({
    __typename: 'OlostepNotification',
    events: () => readNotification(notification, 'events'),
    channels: (_args: unknown, context: FieldContext) =>
      toEach(readNotification(notification, 'channels'), context, toChannel),
  }));
}

/** Older answers have one channel and one target, in fields of the monitor. */
function toOlderNotification(record: Body): Fields<OlostepNotification> | null {
  if (isNullish(record.get('notification_channel')) && isNullish(record.get('notification_target'))) return null;
  const channel: Fields<OlostepNotificationChannel> = {
    __typename: 'OlostepNotificationChannel',
    type: () => readMonitor(record, 'notification_channel'),
    ...toTargetFields(() => readMonitor(record, 'notification_target')),
    events: null,
  };
  return { __typename: 'OlostepNotification', events: null, channels: [channel] };
}

/** @param item checked here, as the list is checked to be one and no further */
function toChannel(item: unknown): Fields<OlostepNotificationChannel> | ReturnType<typeof invalidField> {
  if (!isObject(item)) return invalidField('OLOSTEP');
  const channel = new ParsedObject(item);
  return {
    __typename: 'OlostepNotificationChannel',
    type: () => readChannel(channel, 'type'),
    ...toTargetFields(() => readChannel(channel, 'target')),
    events: () => readChannel(channel, 'events'),
  };
}

/** Of a target that can't be read the kind is unknown, and its error is at the target. */
const toTargetFields = (readTarget: () => Found<string>) => ({
  target: (): Found<string> => {
    const target = readTarget();
    return typeof target === 'string' ? toNotificationTarget(target).text : target;
  },
  targetKind: (): OlostepTargetKind | null => {
    const target = readTarget();
    if (target === null) return null;
    return typeof target === 'string' ? toNotificationTarget(target).kind : 'UNKNOWN';
  },
});

/** A target as it is shown. */
interface NotificationTarget {
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
function toNotificationTarget(target: string): NotificationTarget {
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
