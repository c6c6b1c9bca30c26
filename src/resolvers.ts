/** Query fields -> loaders. What is below a run, its provider has filled already. */
import type { Context } from './context.ts';
import { BadUserInput } from './errors.ts';
import type { QueryResolvers, Resolvers } from './generated/resolvers.ts';
import type { MonitorRunKey } from './generated/types.ts';
import { isProvider, providerNames } from './providers/index.ts';
import type { Run } from './providers/provider.ts';
import { splitGlobalId } from './providers/run-key.ts';

/** The most keys or ids that one field takes: a promise of the schema, and so no limit that could be set. */
const mostKeys = 100;

const shared: QueryResolvers = {
  monitorRun: (_query, { key }, { runs }) => runs.load(key),
  monitorRuns: (_query, { keys }, { runs }) => each('keys', keys, (key) => runs.load(key)),
  node: async (_query, { id }, { runs }) => runs.load(toKey(id)),
  nodes: (_query, { ids }, { runs }) => each('ids', ids, async (id) => runs.load(toKey(id))),
};

/** Each provider's own way in: `datafoldRun`, `olostepRun`, … That the schema has it is checked when the schema is made. */
const own: QueryResolvers = Object.fromEntries(
  providerNames.map((provider) => [
    `${provider.toLowerCase()}Run`,
    (_query: object, { monitorId, runId }: Omit<MonitorRunKey, 'provider'>, { runs }: Context) =>
      runs.load({ provider, monitorId, runId }),
  ]),
);

export const resolvers: Resolvers = { Query: { ...own, ...shared } };

/** A promise an item, not one for all, so that each item fails alone. */
function each<Item>(argument: string, items: readonly Item[], load: (item: Item) => Promise<Run | null>) {
  if (items.length > mostKeys) throw new BadUserInput(`Expected at most ${mostKeys} \`${argument}\`.`);
  return items.map(load) as unknown as (Run | null)[];
}

function toKey(id: string): MonitorRunKey {
  const [provider = '', monitorId = '', runId = ''] = splitGlobalId(id) ?? [];
  if (!isProvider(provider)) throw new BadUserInput('Expected the `id` of a run that this service gave.');
  return { provider, monitorId, runId };
}
