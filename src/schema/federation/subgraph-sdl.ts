/** The subgraph's SDL: the plain schema, with directives for those who compose it. */
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  printSchema,
  type ScalarTypeDefinitionNode,
} from 'graphql';
import { once } from '../../core/once.ts';
import { type Directives, findDirectives, lookupDefinition } from './directives.ts';

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
