/** From Datafold's notifications to ours. */
import type { ProviderError } from '../../core/errors.ts';
import type { DatafoldNotification } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { Fields } from '../provider.ts';
import { createReader, invalidField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { EmailNotification, PagerdutyNotification, SlackNotification } from './openapi-checks.ts';
import { toId } from './values.ts';

type Schemas = components['schemas'];

const readEmail = createReader<Schemas['EmailNotification']>('DATAFOLD', EmailNotification);
/** PagerDuty and a webhook have the same fields, */
const readIntegration = createReader<Schemas['PagerdutyNotification']>('DATAFOLD', PagerdutyNotification);
/** and so have Slack and Teams. */
const readChat = createReader<Schemas['SlackNotification']>('DATAFOLD', SlackNotification);

const toEmail = (body: Body) => ({
  __typename: 'DatafoldEmailNotification' as const,
  recipients: () => readEmail(body, 'recipients'),
  features: () => readEmail(body, 'features'),
});

const toIntegration =
  <Name extends 'DatafoldPagerdutyNotification' | 'DatafoldWebhookNotification'>(__typename: Name) =>
  (body: Body) => ({
    __typename,
    integrationId: () => toId(readIntegration(body, 'integration')),
    features: () => readIntegration(body, 'features'),
  });

const toChat =
  <Name extends 'DatafoldSlackNotification' | 'DatafoldTeamsNotification'>(__typename: Name) =>
  (body: Body) => ({
    __typename,
    integrationId: () => toId(readChat(body, 'integration')),
    channel: () => readChat(body, 'channel'),
    mentions: () => readChat(body, 'mentions'),
    features: () => readChat(body, 'features'),
  });

/** By Datafold's word for the type. */
const kinds: ReadonlyMap<unknown, (body: Body) => Fields<DatafoldNotification>> = new Map<
  unknown,
  (body: Body) => Fields<DatafoldNotification>
>([
  ['email', toEmail],
  ['pagerduty', toIntegration('DatafoldPagerdutyNotification')],
  ['webhook', toIntegration('DatafoldWebhookNotification')],
  ['slack', toChat('DatafoldSlackNotification')],
  ['teams', toChat('DatafoldTeamsNotification')],
]);

/** The notification; an error when it isn't one of those that are documented. */
export function toNotification(value: unknown): Fields<DatafoldNotification> | ProviderError {
  if (!isObject(value)) return invalidField('DATAFOLD');
  const { type = toDefaultType(value) } = value;
  return kinds.get(type)?.(new ParsedObject(value)) ?? invalidField('DATAFOLD');
}

/** Each kind names its own type as the default, and only an e-mail is distinguished from the others by its fields. */
const toDefaultType = ({ recipients }: Readonly<Record<string, unknown>>) =>
  recipients === undefined ? undefined : 'email';
