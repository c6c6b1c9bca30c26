/** What the conformance suite has to know of a provider: one file a provider, in `facts/`, by its name in lower case. */
import type { MonitorRunKey, Provider } from '../../src/generated/types.ts';

export interface ProviderFacts {
  /** A run of the provider, */
  readonly key: MonitorRunKey;
  /** where it is requested, */
  readonly path: string;
  /** with which headers for a key, by their names in lower case, */
  headers(apiKey: string): Readonly<Record<string, string>>;
  /** and what a good answer is. */
  readonly body: object;
  /** Good answers about anything but the requested run. */
  readonly strangers: Readonly<Record<string, object>>;
  /** Ids that no monitor and no run of the provider can have, */
  readonly impossibleIds: readonly string[];
  /** and how the provider's ids are described to the client that sends one. */
  readonly expectedKey: string;
  /** What a bare 402 of the provider's means. */
  readonly paymentRequired: 'QUOTA_EXCEEDED' | 'UPSTREAM_AUTH_FAILED';
  /** Whether 401 and 403 refuse the key. @default 401 alone */
  readonly refusesKeyWith?: readonly number[];
  /** The request for the first page of the list of monitors, as it is made to verify a credential, and the answer without any monitor. */
  readonly emptyList: { readonly path: string; readonly body: object };
  /** A run that there is none of. */
  readonly absentKey: MonitorRunKey;
}

/** What no id of any provider is: mostly escapes from its segment of a path. */
export const neverIds = [
  '',
  ' ',
  '.',
  '..',
  '../7',
  '%2e%2e',
  '7/..',
  '7%2f8',
  '7?x=1',
  '7#f',
  '7;a=b',
  '7\\8',
  '7\r\nx: y',
];

export async function loadFacts(provider: Provider): Promise<ProviderFacts> {
  const { facts } = (await import(`./facts/${provider.toLowerCase()}.ts`)) as { facts: ProviderFacts };
  return facts;
}
