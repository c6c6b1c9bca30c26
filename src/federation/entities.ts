/** The entities of the subgraph: what other subgraphs may refer to and add fields to. */
import { type GraphQLNamedType, type GraphQLSchema, getNamedType, isInterfaceType, isNonNullType } from 'graphql';
import type { Provider } from '../generated/types.ts';
import { providerNames } from '../providers/index.ts';
import { ownField } from '../resolvers.ts';

export interface Entity {
  /** The fields that identify it, as federation's `@key` has them: one text a key. */
  readonly keys: readonly string[];
  /** Whose runs they are; none where they may be anybody's. */
  readonly provider?: Provider;
}

/** By the name of the type. */
export type Entities = ReadonlyMap<string, Entity>;

/**
 * The table. A provider's run type is the one of its own root field, and so needs no line.
 * @throws {Error} when it doesn't match the schema
 */
export function findEntities(schema: GraphQLSchema): Entities {
  const ofProviders = providerNames.map((provider): [string, Entity] => [
    runTypeOf(schema, provider),
    { provider, keys: ['id', 'monitorId runId'] },
  ]);
  const entities = new Map<string, Entity>([['MonitorRun', { keys: ['id'] }], ...ofProviders]);
  for (const [name, { keys }] of entities) checkKeys(schema.getType(name), name, keys);
  checkImplementations(schema, entities);
  return entities;
}

function runTypeOf(schema: GraphQLSchema, provider: Provider): string {
  const field = schema.getQueryType()?.getFields()[ownField(provider)];
  if (field === undefined) throw new Error(`Expected the schema to have Query.${ownField(provider)}.`);
  return getNamedType(field.type).name;
}

function checkKeys(type: GraphQLNamedType | undefined, name: string, keys: readonly string[]): void {
  const fields = type && 'getFields' in type ? type.getFields() : {};
  for (const field of keys.flatMap((key) => key.split(' ')))
    if (!isNonNullType(fields[field]?.type)) throw new Error(`Expected ${name}.${field}, of a key, never to be null.`);
}

/** An interface is an entity only together with all that implements it. */
function checkImplementations(schema: GraphQLSchema, entities: Entities): void {
  for (const name of entities.keys()) {
    const type = schema.getType(name);
    if (!isInterfaceType(type)) continue;
    for (const possible of schema.getPossibleTypes(type))
      if (!entities.has(possible.name)) throw new Error(`Expected ${possible.name} to be an entity, as ${name} is.`);
  }
}
