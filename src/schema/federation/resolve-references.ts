/** What other subgraphs know of a run or a monitor -> the run or the monitor. */

import { BadUserInput } from '../../core/errors.ts';
import { type Selection, selectedIn } from '../../graphql/selected-fields.ts';
import { isObject } from '../../json/lossless.ts';
import type { Context } from '../../resolvers/context.ts';
import { each, loadNode, type NodeKey, toKey } from '../../resolvers/resolvers.ts';
import { toId } from '../id-scalar.ts';
import type { Entities, Entity } from './subgraph.ts';

/** The resolver of `_entities`. It goes by the entities given, as schemas have no place for what resolves a reference. */
export const createEntitiesResolver =
  (entities: Entities) =>
  (
    _query: unknown,
    { representations }: { representations: readonly unknown[] },
    context: Context,
    info: Selection,
  ) => {
    const { costBudget } = context;
    const { maxRepresentations } = context.limits;
    const selectedOf = selectedIn(info);
    // Many in one field are the federation gateway's mistake, which has another error than too many fields.
    if (representations.length <= maxRepresentations) costBudget.chargeRepresentations(representations.length);
    return each('representations', maxRepresentations, representations, async (representation) =>
      loadNode(context, toReferredKey(entities, representation), selectedOf),
    );
  };

function toReferredKey(entities: Entities, representation: unknown): NodeKey {
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

function toEntityKey({ provider, keys, isRun }: Entity, { id, monitorId, runId }: Ids): NodeKey {
  if (id === undefined) {
    if (provider !== undefined && monitorId !== undefined) {
      if (!isRun) return { provider, monitorId };
      if (runId !== undefined) return { provider, monitorId, runId };
    }
    const expected = keys.map((key) => `\`${key}\``).join(' or ');
    throw new BadUserInput(`Expected the fields of a key: ${expected}.`, provider);
  }
  const key = toKey(id);
  if ('runId' in key !== isRun || (provider !== undefined && provider !== key.provider))
    throw new BadUserInput(
      `Expected the \`id\` of a ${isRun ? 'run' : 'monitor'} of the \`__typename\` beside it.`,
      provider ?? key.provider,
    );
  const isSameRun = !('runId' in key) || (runId ?? key.runId) === key.runId;
  if ((monitorId ?? key.monitorId) !== key.monitorId || !isSameRun)
    throw new BadUserInput('Expected the other ids to match the `id`.', key.provider);
  return key;
}

/** A gateway sends `null` for a field of a key that it doesn't have. */
const readId = (value: unknown): string | undefined => (value == null ? undefined : toId(value));
