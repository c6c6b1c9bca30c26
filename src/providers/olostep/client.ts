/** Olostep, as a provider. */
import type { ProviderDefinition } from '../provider.ts';
import { monitors } from './monitors.ts';
import { runs } from './runs.ts';
import { readStatus } from './status.ts';

export const olostep: ProviderDefinition = {
  defaultBaseUrl: 'https://api.olostep.com',
  apiPath: '/v1',
  authorization: (apiKey) => `Bearer ${apiKey}`,
  readStatus,
  runs,
  monitors,
  loadSandbox: () => import('./sandbox.ts'),
};
