/** Which `@defer` and `@stream` of a document are heeded. */
import {
  type ASTVisitor,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isInterfaceType,
  isUnionType,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** What of a document is delivered in parts. */
export interface Incremental {
  /** The document with those directives alone that are heeded. */
  readonly document: DocumentNode;
  /** The fields whose `@stream` is heeded, by the name of the operation, which is empty where it has none. */
  readonly streams: ReadonlyMap<string, readonly FieldNode[]>;
}

/** Whether the directive is one of the two. */
export const isIncremental = ({ name }: DirectiveNode): boolean => name.value === 'defer' || name.value === 'stream';

/**
 * What is heeded of a valid document; `undefined` when that is nothing. Below a run nothing is waited for, and lists there are
 * as long as an upstream likes: a part for each of their items would cost far more than the item does.
 */
export function toIncremental(schema: GraphQLSchema, document: DocumentNode): Incremental | undefined {
  const typeInfo = new TypeInfo(schema);
  /** With the definition that each stands in. */
  const streams = new Map<FieldNode, unknown>();
  let heeded = 0;
  const isHeeded = ({ name }: DirectiveNode): boolean => {
    const parent = typeInfo.getParentType();
    return parent === schema.getQueryType() || (name.value === 'defer' && isRun(schema, parent));
  };
  const visitor: ASTVisitor = {
    Directive(directive, _key, _parent, _path, ancestors) {
      if (!isIncremental(directive)) return undefined;
      if (!isHeeded(directive)) return null;
      heeded++;
      // Its parent is the list of the field's directives, and before that comes the field. The definition comes after the
      // document and the list of its definitions.
      if (directive.name.value === 'stream') streams.set(ancestors.at(-1) as FieldNode, ancestors[2]);
      return undefined;
    },
  };
  const stripped = visit(document, visitWithTypeInfo(typeInfo, visitor));
  if (heeded === 0) return undefined;
  const operations = Object.entries(separateOperations(document)).map(([name, { definitions }]) => {
    const inside = new Set<unknown>(definitions);
    return [name, [...streams].flatMap(([field, definition]) => (inside.has(definition) ? field : []))] as const;
  });
  return { document: stripped, streams: new Map(operations) };
}

/** Whether the type is one that a field of the query finds by a key or an id. */
function isRun(schema: GraphQLSchema, type: GraphQLCompositeType | null | undefined): boolean {
  const node = schema.getType('Node');
  if (!isInterfaceType(node) || type == null || isUnionType(type)) return false;
  return type === node || schema.isSubType(node, type);
}
