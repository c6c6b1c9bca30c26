/** Makes the schema a subgraph of Apollo Federation: directives, entities and their references, and the SDL for composition. */
import { addResolversToSchema } from '@graphql-tools/schema';
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  extendSchema,
  type FieldDefinitionNode,
  type GraphQLNamedType,
  GraphQLSchema,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  print,
  printSchema,
  type ScalarTypeDefinitionNode,
} from 'graphql';
import { BadUserInput } from '../core/errors.ts';
import { once } from '../core/lazy.ts';
import type { Provider } from '../generated/types.ts';
import { type Selection, selectedIn } from '../graphql/selected-fields.ts';
import { isObject } from '../json/lossless.ts';
import { providerNames, providers } from '../providers/index.ts';
import type { Context } from '../resolvers/context.ts';
import { each, kindOf, loadNode, type NodeKey, note, toKey } from '../resolvers/resolvers.ts';
import { toId } from './scalars.ts';

/** @throws {Error} when the federation's description doesn't match the schema */
export function toSubgraph(plain: GraphQLSchema): GraphQLSchema {
  const entities = findEntities(plain);
  // What is wrong with them is wrong at the start, though the SDL isn't made before a client requests it.
  findDirectives(plain);
  const sdl = createSdl(plain);
  return addResolversToSchema({
    schema: extend(plain, toExtension(plain, entities)),
    resolvers: {
      Query: {
        _entities: createEntitiesResolver(entities),
        _service: () => ({ __typename: '_Service', sdl }),
      },
    },
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    updateResolversInPlace: true,
  });
}

/** `extendSchema` of GraphQL 16 forgets the description of the schema itself. */
const extend = (schema: GraphQLSchema, extension: string): GraphQLSchema =>
  new GraphQLSchema({ ...extendSchema(schema, parse(extension)).toConfig(), description: schema.description });

const toExtension = (schema: GraphQLSchema, entities: Entities): string => `
"An entity as another subgraph knows it: its \`__typename\`, and its \`id\`."
scalar _Any

"Any entity of this subgraph."
union _Entity = ${[...entities.keys()].filter((name) => isObjectType(schema.getType(name))).join(' | ')}

"This service as a subgraph."
type _Service {
  "The schema of the subgraph, with the directives that it is composed by."
  sdl: String!
}

extend type Query {
  """
  For federation gateways: the entities of \`representations\`, in their order; \`null\` where there is none. Each distinct run costs at
  most one upstream call. A representation that fails is \`null\` with an error, and doesn't affect the others.
  """
  _entities("Which entities, repeats allowed." representations: [_Any!]!): [_Entity]!

  "For federation gateways; refused where introspection is off: this service as a subgraph."
  _service: _Service!
}
`;

/** The one `@key` of every entity: other fields don't tell accounts apart, and several keys make some gateways request twice. */
const key = 'id';

interface Entity {
  /** Whose it is; none where it may be any provider's. */
  readonly provider?: Provider;
  /** Whether it is a run; else it is a monitor. */
  readonly isRun: boolean;
}

/** By the name of the type. */
type Entities = ReadonlyMap<string, Entity>;

/**
 * The table.
 * @throws {Error} when it doesn't match the schema
 */
function findEntities(schema: GraphQLSchema): Entities {
  const ofProviders = providerNames.flatMap((provider): [string, Entity][] => [
    [providers[provider].runs.typeName, { provider, isRun: true }],
    [providers[provider].monitors.typeName, { provider, isRun: false }],
  ]);
  const entities = new Map<string, Entity>([
    ['MonitorRun', { isRun: true }],
    ['Monitor', { isRun: false }],
    ...ofProviders,
  ]);
  for (const name of entities.keys()) checkKey(schema.getType(name), name);
  checkImplementations(schema, entities);
  return entities;
}

function checkKey(type: GraphQLNamedType | undefined, name: string): void {
  const fields = type && 'getFields' in type ? type.getFields() : {};
  if (!isNonNullType(fields[key]?.type)) throw new Error(`Expected ${name}.${key}, its key, never to be null.`);
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

/** By `schema`, the name of a type, or a type and a field: `Query.node`. */
type Directives = ReadonlyMap<string, readonly string[]>;

/** 2.3 is the first version that lets an interface be an entity. */
const federation = '@link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])';

/**
 * From the GraphQL Federation specification, which was called Composite Schemas, section Source Schema: "the `@lookup`
 * directive is used within a source schema to specify output fields that can be used by the distributed GraphQL executor to
 * resolve an entity by a stable key". Arguments are matched with the fields of a key by their names, so `node(id:)` is the only one.
 * Apollo Federation ignores directives without `@composeDirective`.
 */
const lookupDefinition = `
"A field that finds an entity by the key that its arguments are, for gateways of the GraphQL Federation specification."
directive @lookup on FIELD_DEFINITION
`;

/** @throws {Error} when a place isn't in the schema */
function findDirectives(schema: GraphQLSchema): Directives {
  const keys = [...findEntities(schema).keys()].map((name): [string, string[]] => [name, [`@key(fields: "${key}")`]]);
  const directives: Directives = new Map([
    ['schema', [federation]],
    ...keys,
    // A lookup finds what has keys. Apollo Federation isn't to take the interface for an entity: then no other types
    // could implement it.
    ['Node', ['@key(fields: "id", resolvable: false)']],
    // As an interface has a key, all that implements it needs one. These are no entities: runs lead to them.
    ...providerNames.flatMap((provider) =>
      Object.values(providers[provider].links ?? {}).map(({ typeName }): [string, string[]] => [
        typeName,
        ['@key(fields: "id", resolvable: false)'],
      ]),
    ),
    // Every Relay schema has one, and means the same.
    ['PageInfo', ['@shareable']],
    ['Query.node', ['@lookup']],
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

/** Returns a function that prints the SDL at its first call, and returns the same text from then on. */
export const createSdl = (schema: GraphQLSchema): (() => string) => once(() => printSubgraph(schema));

/** With all descriptions, and without what federation adds to every subgraph: the names with an underscore before them. */
export function printSubgraph(schema: GraphQLSchema): string {
  const directives = findDirectives(schema);
  const [schemaDefinition, ...types] = parse(printSchema(schema)).definitions.filter((node) => !isFederations(node));
  const definitions = [schemaDefinition, ...parse(lookupDefinition).definitions, ...types]
    .filter((node) => node !== undefined)
    .map((node) => withDirectives(node, directives));
  return `${print({ kind: Kind.DOCUMENT, definitions })}\n`;
}

const isFederations = (node: DefinitionNode | FieldDefinitionNode): boolean =>
  'name' in node && node.name?.value.startsWith('_') === true;

function withDirectives(node: DefinitionNode, directives: Directives): DefinitionNode {
  const at = (place: string) => toDirectives(directives.get(place) ?? []);
  if (node.kind === Kind.SCHEMA_DEFINITION) return { ...node, directives: at('schema') };
  if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return node;
  const { name, fields = [] } = node;
  return {
    ...node,
    directives: at(name.value),
    fields: fields
      .filter((field) => !isFederations(field))
      .map((field) => ({ ...field, directives: at(`${name.value}.${field.name.value}`) })),
  };
}

/** GraphQL has no parser of directives alone. */
function toDirectives(texts: readonly string[]): readonly ConstDirectiveNode[] {
  const [scalar] = parse(`scalar Any ${texts.join(' ')}`).definitions as readonly ScalarTypeDefinitionNode[];
  return scalar?.directives ?? [];
}

/** The resolver of `_entities`. It goes by the entities given, as schemas have no place for what resolves a reference. */
const createEntitiesResolver =
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
    return each('representations', maxRepresentations, representations, async (representation) => {
      const key = toReferredKey(entities, representation);
      note(context, 'Query._entities', kindOf(key), key);
      return loadNode(context, key, selectedOf);
    });
  };

function toReferredKey(entities: Entities, representation: unknown): NodeKey {
  if (!isObject(representation))
    throw new BadUserInput('Expected a representation: an object with a `__typename` and the fields of a key.');
  const { __typename: name } = representation;
  const entity = typeof name === 'string' ? entities.get(name) : undefined;
  if (entity === undefined) throw new BadUserInput('Expected the `__typename` of an entity of this subgraph.');
  // A gateway sends `null` for a field that it doesn't have.
  const { id } = representation;
  if (id == null) throw new BadUserInput('Expected the field of the key: `id`.', entity.provider);
  return toEntityKey(entity, toId(id));
}

function toEntityKey({ provider, isRun }: Entity, id: string): NodeKey {
  const found = toKey(id);
  if ('link' in found || 'runId' in found !== isRun || (provider !== undefined && provider !== found.provider))
    throw new BadUserInput(
      `Expected the \`id\` of a ${isRun ? 'run' : 'monitor'} of the \`__typename\` beside it.`,
      provider ?? found.provider,
    );
  return found;
}
