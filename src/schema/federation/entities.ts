/** The entities of the subgraph: what other subgraphs may refer to and add fields to. */
import { type GraphQLNamedType, type GraphQLSchema, isInterfaceType, isNonNullType } from 'graphql';
import type { Provider } from '../../generated/types.ts';
import { providerNames, providers } from '../../providers/index.ts';

export interface Entity {
  /** The fields that identify it, as federation's `@key` has them: one text a key. */
  readonly keys: readonly string[];
  /** Whose it is; none where it may be any provider's. */
  readonly provider?: Provider;
  /** Whether it is a run; else it is a monitor. */
  readonly isRun: boolean;
}

/** By the name of the type. */
export type Entities = ReadonlyMap<string, Entity>;

/**
 * The table.
 * @throws {Error} when it doesn't match the schema
 */
export function findEntities(schema: GraphQLSchema): Entities {
  const ofProviders = providerNames.flatMap((provider): [string, Entity][] => [
    [providers[provider].runs.typeName, { provider, isRun: true, keys: ['id', 'monitorId runId'] }],
    [providers[provider].monitors.typeName, { provider, isRun: false, keys: ['id', 'monitorId'] }],
  ]);
  const entities = new Map<string, Entity>([
    ['MonitorRun', { isRun: true, keys: ['id'] }],
    ['Monitor', { isRun: false, keys: ['id'] }],
    ...ofProviders,
  ]);
  for (const [name, { keys }] of entities) checkKeys(schema.getType(name), name, keys);
  checkImplementations(schema, entities);
  return entities;
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
