/** Query fields -> loaders. What is below a run, its provider has filled already. */
import type { Context } from './context.ts';
import { BadUserInput } from './errors.ts';
import type { QueryResolvers, Resolvers } from './generated/resolvers.ts';
import type { MonitorRunKey, Provider } from './generated/types.ts';
import { isProvider, providerNames } from './providers/index.ts';
import type { Run } from './providers/provider.ts';
import { splitGlobalId } from './providers/run-key.ts';

/** The most keys or ids that one field takes: a promise of the schema, and so no limit that could be set. */
const mostKeys = 100;

const shared: QueryResolvers = {
  monitorRun: (_query, { key }, { runs }) => runs.load(key),
  monitorRuns: (_query, { keys }, { runs }) => each('keys', mostKeys, keys, (key) => runs.load(key)),
  node: async (_query, { id }, { runs }) => runs.load(toKey(id)),
  nodes: (_query, { ids }, { runs }) => each('ids', mostKeys, ids, async (id) => runs.load(toKey(id))),
};

/** `datafoldRun`, `olostepRun`, … */
export const ownField = (provider: Provider): string => `${provider.toLowerCase()}Run`;

/** Each provider's own way in. That the schema has it is checked when the schema is made. */
const own: QueryResolvers = Object.fromEntries(
  providerNames.map((provider) => [
    ownField(provider),
    (_query: object, { monitorId, runId }: Omit<MonitorRunKey, 'provider'>, { runs }: Context) =>
      runs.load({ provider, monitorId, runId }),
  ]),
);

export const resolvers: Resolvers = { Query: { ...own, ...shared } };

/** A promise an item, not one for all, so that each item fails alone. */
export function each<Item>(
  argument: string,
  most: number,
  items: readonly Item[],
  load: (item: Item) => Promise<Run | null>,
) {
  if (items.length > most) throw new BadUserInput(`Expected at most ${most} \`${argument}\`.`);
  return items.map(load) as unknown as (Run | null)[];
}

/** @throws {BadUserInput} when the id can't be one of ours */
export function toKey(id: string): MonitorRunKey {
  const [provider = '', monitorId = '', runId = ''] = splitGlobalId(id) ?? [];
  if (!isProvider(provider)) throw new BadUserInput('Expected the `id` of a run that this service gave.');
  return { provider, monitorId, runId };
}
