/** Every provider. */
import type { Provider } from '../generated/types.ts';
import { datafold } from './datafold/client.ts';
import { olostep } from './olostep/client.ts';
import type { ProviderDefinition } from './provider.ts';

/** By its name in the schema: TypeScript insists that none is left out. */
export const providers: Readonly<Record<Provider, ProviderDefinition>> = {
  DATAFOLD: datafold,
  OLOSTEP: olostep,
};

export const providerNames = Object.keys(providers) as readonly Provider[];

export const isProvider = (name: string): name is Provider => Object.hasOwn(providers, name);
