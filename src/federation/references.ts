/** What other subgraphs know of a run -> the run. */
import type { Context } from '../context.ts';
import { BadUserInput } from '../errors.ts';
import type { MonitorRunKey } from '../generated/types.ts';
import { toId } from '../id-scalar.ts';
import { each, toKey } from '../resolvers.ts';
import { isObject } from '../upstream/json.ts';
import type { Entities, Entity } from './entities.ts';

/** The resolver of `_entities`. It goes by the entities given, as schemas have no place for what resolves a reference. */
export const createEntitiesResolver =
  (entities: Entities) =>
  (_query: unknown, { representations }: { representations: readonly unknown[] }, context: Context) => {
    const { allowance, maxRepresentations, runs } = context;
    // Many in one field are the gateway's mistake, which is told apart from too many fields.
    if (representations.length <= maxRepresentations) allowance.spendRepresentations(representations.length);
    return each('representations', maxRepresentations, representations, async (representation) =>
      runs.load(toReferredKey(entities, representation)),
    );
  };

function toReferredKey(entities: Entities, representation: unknown): MonitorRunKey {
  if (!isObject(representation))
    throw new BadUserInput('Expected a representation: an object with a `__typename` and the fields of a key.');
  const { __typename: name } = representation;
  const entity = typeof name === 'string' ? entities.get(name) : undefined;
  if (entity === undefined) throw new BadUserInput('Expected the `__typename` of an entity of this subgraph.');
  return toEntityKey(entity, {
    id: readId(representation.id),
    monitorId: readId(representation.monitorId),
    runId: readId(representation.runId),
  });
}

type Ids = Readonly<Record<'id' | 'monitorId' | 'runId', string | undefined>>;

function toEntityKey({ provider, keys }: Entity, { id, monitorId, runId }: Ids): MonitorRunKey {
  if (id === undefined) {
    if (provider !== undefined && monitorId !== undefined && runId !== undefined) return { provider, monitorId, runId };
    const expected = keys.map((key) => `\`${key}\``).join(' or ');
    throw new BadUserInput(`Expected the fields of a key: ${expected}.`, provider);
  }
  const key = toKey(id);
  if (provider !== undefined && provider !== key.provider)
    throw new BadUserInput('Expected the `id` of a run of the `__typename` beside it.', provider);
  if ((monitorId ?? key.monitorId) !== key.monitorId || (runId ?? key.runId) !== key.runId)
    throw new BadUserInput('Expected `monitorId` and `runId` to be those of the `id` beside them.', key.provider);
  return key;
}

/** A gateway sends `null` for a field of a key that it doesn't have. */
const readId = (value: unknown): string | undefined => (value == null ? undefined : toId(value));
