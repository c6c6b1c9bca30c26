/** Datafold, as a provider. */
import type { ProviderDefinition } from '../provider.ts';
import { diffs } from './diffs.ts';
import { monitors } from './monitors.ts';
import { runs } from './runs.ts';

export const datafold: ProviderDefinition = {
  defaultBaseUrl: 'https://app.datafold.com',
  apiPath: '/api/v1',
  headers: (apiKey) => ({ authorization: `Key ${apiKey}` }),
  runs,
  monitors,
  links: { diff: diffs },
  loadSandbox: () => import('./sandbox.ts'),
};
