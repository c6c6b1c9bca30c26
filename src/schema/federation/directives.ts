/** What the subgraph's SDL says beyond the plain schema: directives, each by the place that it stands at. */
import type { GraphQLSchema } from 'graphql';
import { providerNames } from '../../providers/index.ts';
import { ownField } from '../../resolvers/resolvers.ts';
import { findEntities } from './entities.ts';

/** By `schema`, the name of a type, or a type and a field: `Query.node`. */
export type Directives = ReadonlyMap<string, readonly string[]>;

/** 2.3 is the first version that lets an interface be an entity. */
const federation = '@link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])';

/**
 * From the GraphQL Federation specification, which was called Composite Schemas, section Source Schema: "the `@lookup`
 * directive is used within a source schema to specify output fields that can be used by the distributed GraphQL executor to
 * resolve an entity by a stable key". Arguments are matched with the fields of a key by their names, so `monitorRun(key:)` is
 * none: `provider` is in no key. Apollo Federation ignores directives without `@composeDirective`.
 */
export const lookupDefinition = `
"A field that finds an entity by the key that its arguments are, for gateways of the GraphQL Federation specification."
directive @lookup on FIELD_DEFINITION
`;

/** @throws {Error} when a place isn't in the schema */
export function findDirectives(schema: GraphQLSchema): Directives {
  const keys = [...findEntities(schema)].map(([name, { keys }]): [string, string[]] => [
    name,
    keys.map((key) => `@key(fields: "${key}")`),
  ]);
  const directives: Directives = new Map([
    ['schema', [federation]],
    ...keys,
    // A lookup finds what has keys. Apollo Federation isn't to take the interface for an entity: then no other types
    // could implement it.
    ['Node', ['@key(fields: "id", resolvable: false)']],
    // Every Relay schema has one, and means the same.
    ['PageInfo', ['@shareable']],
    ...['node', ...providerNames.map(ownField)].map((field): [string, string[]] => [`Query.${field}`, ['@lookup']]),
  ]);
  for (const place of directives.keys())
    if (place !== 'schema' && !has(schema, place)) throw new Error(`Expected the schema to have ${place}.`);
  return directives;
}

function has(schema: GraphQLSchema, place: string): boolean {
  const [name = '', field] = place.split('.');
  const type = schema.getType(name);
  return type !== undefined && (field === undefined || ('getFields' in type && field in type.getFields()));
}
