/** Example, as a provider: its users host it, so that it has no default base URL. */
import type { ProviderDefinition } from '../provider.ts';
import { monitors } from './monitors.ts';
import { runs } from './runs.ts';

export const example: ProviderDefinition = {
  apiPath: '/api',
  headers: (apiKey) => ({ 'x-api-key': apiKey }),
  refusesKeyWith: [403],
  runs,
  monitors,
  loadSandbox: () => import('./sandbox.ts'),
};
