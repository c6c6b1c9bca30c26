/** `@defer` and `@stream`: what they may be in a document beyond what the schema says of them, and which of them are supported. */
import {
  type ASTNode,
  type ASTVisitor,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLSchema,
  getNullableType,
  isInterfaceType,
  isListType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  separateOperations,
  TypeInfo,
  type ValidationContext,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** What of a document is delivered incrementally. */
export interface IncrementalPlan {
  /** The document with only the supported directives. */
  readonly document: DocumentNode;
  /** The fields whose `@stream` is supported, by the name of the operation, which is empty where it has none. */
  readonly streams: ReadonlyMap<string, readonly FieldNode[]>;
}

/** Whether the directive is one of the two. */
const isIncremental = ({ name }: DirectiveNode): boolean => name.value === 'defer' || name.value === 'stream';

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

// How many lists lead to a place of a document: what is there is in the answer as often as they have items.

/** Where a visitor is: all that is above it, from the document on. */
type Ancestors = readonly (ASTNode | readonly ASTNode[])[];

/** The definition that a place is in: above it are the document and the list of its definitions. */
const definitionOf = (ancestors: Ancestors) => ancestors[2] as ASTNode;

/**
 * Makes what counts the lists above a place, up to `most`. A fragment counts as the spread of it does that has the most, as it
 * can't have one depth here and another there.
 */
function createListCounter(schema: GraphQLSchema, document: DocumentNode, most: number) {
  const lists = new Set<unknown>();
  const spreads: { readonly from: ASTNode; readonly to: ASTNode | undefined; readonly lists: number }[] = [];
  const countIn = (ancestors: Ancestors) => ancestors.filter((node) => lists.has(node)).length;
  const fragments = new Map(
    document.definitions.map((node) => [node.kind === 'FragmentDefinition' ? node.name.value : undefined, node]),
  );
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Field(node) {
        const type = typeInfo.getType();
        if (type && isListType(getNullableType(type))) lists.add(node);
      },
      FragmentSpread({ name }, _key, _parent, _path, ancestors) {
        const to = fragments.get(name.value);
        spreads.push({ from: definitionOf(ancestors), to, lists: countIn(ancestors) });
      },
    }),
  );

  const above = new Map<ASTNode | undefined, number>();
  // A fragment is raised `most` times at most, so this ends.
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const { from, to, lists } of spreads) {
      const count = Math.min((above.get(from) ?? 0) + lists, most);
      if (count <= (above.get(to) ?? 0)) continue;
      above.set(to, count);
      isSettled = false;
    }
  }
  return (ancestors: Ancestors): number =>
    Math.min((above.get(definitionOf(ancestors)) ?? 0) + countIn(ancestors), most);
}

export function IncrementalRule(context: ValidationContext): ASTVisitor {
  const labels = new Set<string>();
  const rootFieldsOf = createRootFields(context);
  const refuse = (message: string, ...nodes: (DirectiveNode | FieldNode)[]) =>
    context.reportError(new GraphQLError(message, { nodes }));

  const checkLabel = (directive: DirectiveNode) => {
    const label = argumentOf(directive, 'label');
    if (label === undefined || label.kind === 'NullValue') return;
    if (label.kind !== 'StringValue') return refuse('Expected a `label` that is no variable.', directive);
    if (labels.has(label.value)) refuse('Expected a unique `label` in the document.', directive);
    labels.add(label.value);
  };

  const checkStream = (directive: DirectiveNode) => {
    const type = context.getFieldDef()?.type;
    if (type && !isListType(getNullableType(type))) refuse('Expected `@stream` on a list.', directive);
    const count = argumentOf(directive, 'initialCount');
    if (count?.kind === 'IntValue' && Number(count.value) < 0) refuse(expectedInitialCount, directive);
  };

  /** The executor loses items of a list that is streamed in two parts of an answer, and no part but one can have a field. */
  const checkStreamsAreAlone = (operation: OperationDefinitionNode) => {
    for (const [name, same] of rootFieldsOf(operation.selectionSet)) {
      if (same.length > 1 && same.some(isStreamed))
        refuse(`Expected \`${name}\` once, as it has \`@stream\`; others can have an alias.`, ...same);
    }
  };

  return {
    Directive(directive) {
      if (!isIncremental(directive)) return;
      checkLabel(directive);
      if (directive.name.value === 'stream') checkStream(directive);
    },
    OperationDefinition(operation) {
      if (operation.operation === 'query') return checkStreamsAreAlone(operation);
      for (const node of [operation, ...context.getRecursivelyReferencedFragments(operation)]) {
        visit(node, {
          Directive(directive) {
            if (isIncremental(directive)) refuse(`Expected \`@${directive.name.value}\` in a query.`, directive);
          },
        });
      }
    },
  };
}

export const expectedInitialCount = 'Expected an `initialCount` of 0 or more.';

const argumentOf = (directive: DirectiveNode, name: string) =>
  directive.arguments?.find((argument) => argument.name.value === name)?.value;

const isStreamed = ({ directives }: FieldNode): boolean =>
  directives?.some(({ name }) => name.value === 'stream') === true;

/** By their names in the answer: two of each at the most, one of them with `@stream` if any is. */
type RootFields = Map<string, FieldNode[]>;

/**
 * Finds the fields of the query itself. No more of them than can matter: fragments in a circle, which another rule refuses, have
 * no other bound.
 */
function createRootFields(context: ValidationContext) {
  const known = new Map<string, RootFields>();
  const ofSet = ({ selections }: SelectionSetNode): RootFields => {
    const fields: RootFields = new Map();
    for (const selection of selections) {
      if (selection.kind === 'Field') add(fields, selection.alias?.value ?? selection.name.value, selection);
      else {
        const inner =
          selection.kind === 'InlineFragment' ? ofSet(selection.selectionSet) : ofFragment(selection.name.value);
        for (const [name, same] of inner) for (const field of same) add(fields, name, field);
      }
    }
    return fields;
  };
  const ofFragment = (name: string): RootFields => {
    const before = known.get(name);
    if (before !== undefined) return before;
    // Stands there already while the fragment is opened.
    known.set(name, new Map());
    const fields = ofSet(context.getFragment(name)?.selectionSet ?? { kind: Kind.SELECTION_SET, selections: [] });
    known.set(name, fields);
    return fields;
  };
  return ofSet;
}

function add(fields: RootFields, name: string, field: FieldNode): void {
  const same = fields.get(name);
  if (same === undefined) fields.set(name, [field]);
  else if (same.length < 2) same.push(field);
  else if (isStreamed(field) && !same.some(isStreamed)) same[1] = field;
}
