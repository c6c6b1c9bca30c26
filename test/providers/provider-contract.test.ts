import { providerNames } from '../../src/providers/index.ts';
import { itIsARunProvider } from './provider-contract.ts';
import { loadFacts } from './provider-facts.ts';

for (const provider of providerNames) itIsARunProvider(await loadFacts(provider));
