/** Datafold, as a provider. */
import type { ProviderDefinition } from '../provider.ts';
import { monitors } from './monitors.ts';
import { runs } from './runs.ts';

export const datafold: ProviderDefinition = {
  defaultBaseUrl: 'https://app.datafold.com',
  apiPath: '/api/v1',
  headers: (apiKey) => ({ authorization: `Key ${apiKey}` }),
  runs,
  monitors,
  loadSandbox: () => import('./sandbox.ts'),
};
