/** Which `@defer` and `@stream` of a document are supported. */
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
import { createListCounter } from './list-depth.ts';

/** What of a document is delivered incrementally. */
export interface IncrementalPlan {
  /** The document with only the supported directives. */
  readonly document: DocumentNode;
  /** The fields whose `@stream` is supported, by the name of the operation, which is empty where it has none. */
  readonly streams: ReadonlyMap<string, readonly FieldNode[]>;
}

/** Whether the directive is one of the two. */
export const isIncremental = ({ name }: DirectiveNode): boolean => name.value === 'defer' || name.value === 'stream';

/**
 * The most lists above a `@defer` that is supported. With two, a monitor's runs for each of a hundred monitors, thousands of runs
 * would each have separate payloads, and the executor looks through all that are open whenever one is done.
 */
const maxLists = 1;

/**
 * What is supported of a valid document; `undefined` when that is nothing. `@defer` is in the query itself and in whatever has a
 * global id, as anything below may have to be waited for there: the monitor of a run, the runs of a monitor, what a list lacks.
 * `@stream` is in the query itself alone: lists below come as pages, whose items are all there at once.
 */
export function planIncremental(schema: GraphQLSchema, document: DocumentNode): IncrementalPlan | undefined {
  const typeInfo = new TypeInfo(schema);
  const countLists = createListCounter(schema, document, maxLists + 1);
  /** With the definition that each is in. */
  const streams = new Map<FieldNode, unknown>();
  let supported = 0;
  const isSupported = ({ name }: DirectiveNode, ancestors: Parameters<typeof countLists>[0]): boolean => {
    const parent = typeInfo.getParentType();
    if (parent === schema.getQueryType()) return true;
    return name.value === 'defer' && isNode(schema, parent) && countLists(ancestors) <= maxLists;
  };
  const visitor: ASTVisitor = {
    Directive(directive, _key, _parent, _path, ancestors) {
      if (!isIncremental(directive)) return undefined;
      if (!isSupported(directive, ancestors)) return null;
      supported++;
      // Its parent is the list of the field's directives, and before that comes the field. The definition comes after the
      // document and the list of its definitions.
      if (directive.name.value === 'stream') streams.set(ancestors.at(-1) as FieldNode, ancestors[2]);
      return undefined;
    },
  };
  const stripped = visit(document, visitWithTypeInfo(typeInfo, visitor));
  if (supported === 0) return undefined;
  const operations = Object.entries(separateOperations(document)).map(([name, { definitions }]) => {
    const inside = new Set<unknown>(definitions);
    return [name, [...streams].flatMap(([field, definition]) => (inside.has(definition) ? field : []))] as const;
  });
  return { document: stripped, streams: new Map(operations) };
}

/** Whether all that the type may stand for has a global id: runs and monitors. */
function isNode(schema: GraphQLSchema, type: GraphQLCompositeType | null | undefined): boolean {
  const node = schema.getType('Node');
  if (!isInterfaceType(node) || type == null || isUnionType(type)) return false;
  return type === node || schema.isSubType(node, type);
}
