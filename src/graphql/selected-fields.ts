/**
 * What an operation selects: of a type, fragments expanded, `@skip` and `@include` applied, the same names merged; and of the objects
 * that a field finds, from which follows what has to be fetched.
 */
import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isObjectType,
  type NamedTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { toVariableValues, type Values, variablesOf } from './graphql-majors.ts';

/** The names of the fields that are selected of a type, without `__typename`. */
export class SelectedFields extends Set<string> {
  /** How many fields of the answer they are, each alias counted, and each place where the object is. */
  readonly count: number;
  /** Fields that are selected with arguments that can't be: each is its own error, and nothing has to be fetched for it. */
  readonly invalid: ReadonlySet<string>;

  /** @param names in each place */
  constructor(names: readonly (readonly string[])[] = [], invalid: readonly string[] = []) {
    super(names.flat());
    this.count = names.reduce((sum, { length }) => sum + length, 0);
    this.invalid = new Set(invalid);
  }
}

/**
 * In the `extensions` of a field: a check of its arguments that needs no response.
 * @throws {GraphQLError} when they can't be
 */
export type CheckArguments = (args: Values) => void;

export const checkOf = ({ extensions }: GraphQLField<unknown, unknown>): CheckArguments | undefined =>
  extensions.checkArguments as CheckArguments | undefined;

/** What is selected of the objects that a field finds. */
export interface SelectedOf {
  /** Of an object, by the name of its type. */
  (typeName: string): SelectedFields;
  /**
   * In how many places the response has each object: in a page there are two paths to it, and aliases of both. One at the least, as
   * a page is paid for whatever is selected of it.
   */
  readonly places: number;
  /** Of the objects in a page, by the name of the type of the connection. */
  inPage(connectionName: string): SelectedOf;
  /** Whether the cursor of a connection is selected, or of one of its edges: without, the client requests no page behind this one. */
  hasCursor(connectionName: string): boolean;
}

/** What a resolver of this service gets to know of the operation: from a plan at once, from GraphQL's executor by its `info`. */
export type Selection = GraphQLResolveInfo | { readonly selectedOf: SelectedOf };

const nothing = new SelectedFields();

/** What is selected in one place. */
type Sets = readonly SelectionSetNode[];

/**
 * Makes what finds the selected fields of each type, once for each. Fragments are opened, directives decided.
 * @param places of each object in the response
 */
export function createSelectedOf(selector: Selector, ...places: readonly Sets[]): SelectedOf {
  const typeOf = (name: string) => {
    const type = selector.schema.getType(name);
    return isObjectType(type) ? type : undefined;
  };
  const known = new Map<string, SelectedFields>();
  const selectedOf = (typeName: string) => {
    const selected = known.get(typeName) ?? toSelected(selector, typeOf(typeName), places);
    known.set(typeName, selected);
    return selected;
  };
  const edgeOf = (connection: GraphQLObjectType) =>
    typeOf(getNamedType(connection.getFields().edges?.type)?.name ?? '');
  const selects = (type: GraphQLObjectType | undefined, of: readonly Sets[], ...fields: readonly string[]) => {
    const selected = toSelected(selector, type, of);
    return fields.some((name) => selected.has(name));
  };
  const hasCursor = (connectionName: string) => {
    const connection = typeOf(connectionName);
    if (connection === undefined) return false;
    const below = (field: string) => places.flatMap((sets) => placesOf(selector, connection, sets, field));
    return (
      selects(typeOf('PageInfo'), below('pageInfo'), 'startCursor', 'endCursor') ||
      selects(edgeOf(connection), below('edges'), 'cursor')
    );
  };
  const inPage = (connectionName: string) => {
    const connection = typeOf(connectionName);
    if (connection === undefined) return createSelectedOf(selector);
    const edge = edgeOf(connection);
    const ofNodes = places.flatMap((sets) => placesOf(selector, connection, sets, 'nodes'));
    const ofEdges = places.flatMap((sets) => placesOf(selector, connection, sets, 'edges'));
    return createSelectedOf(
      selector,
      ...ofNodes,
      ...(edge ? ofEdges.flatMap((sets) => placesOf(selector, edge, sets, 'node')) : []),
    );
  };
  return Object.assign(selectedOf, { inPage, hasCursor, places: Math.max(places.length, 1) });
}

function toSelected(selector: Selector, type: GraphQLObjectType | undefined, places: readonly Sets[]): SelectedFields {
  if (type === undefined) return nothing;
  const invalid: string[] = [];
  const names = places.map((sets) =>
    [...collectFields(selector, type, sets).values()].flatMap(([node]) => {
      const name = node.name.value;
      if (name === '__typename') return [];
      if (isValid(selector, type, node)) return [name];
      invalid.push(name);
      return [];
    }),
  );
  return new SelectedFields(names, invalid);
}

function isValid({ variables }: Selector, type: GraphQLObjectType, node: FieldNode): boolean {
  const field = type.getFields()[node.name.value];
  const check = field && checkOf(field);
  if (field === undefined || check === undefined || variables === undefined) return true;
  try {
    check(getArgumentValues(field, node, toVariableValues(variables)));
    return true;
  } catch {
    return false;
  }
}

/** What is selected below each field of a name, by whichever alias. */
const placesOf = (selector: Selector, type: GraphQLObjectType, sets: Sets, name: string): readonly Sets[] =>
  [...collectFields(selector, type, sets).values()].filter(([node]) => node.name.value === name).map(toSets);

/** What is selected below the field that is being resolved. */
export function selectedIn(selection: Selection): SelectedOf {
  if ('selectedOf' in selection) return selection.selectedOf;
  const { schema, fragments, fieldNodes } = selection;
  const variables = variablesOf(selection);
  const selector: Selector = {
    schema,
    fragments: new Map(Object.entries(fragments)),
    conditions: variables as Selector['conditions'],
    variables,
  };
  return createSelectedOf(selector, toSets(fieldNodes));
}

/** What selections are read with. */
export interface Selector {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly conditions: Conditions;
  /** The variables of the request, to check arguments. @default unknown: a plan has checked all arguments before it begins */
  readonly variables?: Values;
}

/** The fields of one response name; the first says how it is found. */
export type FieldNodes = readonly [FieldNode, ...FieldNode[]];

/** The fields that `sets` together select of `type`, by response name, in the order of the answer. */
export function collectFields(
  { schema, fragments, conditions }: Selector,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): ReadonlyMap<string, FieldNodes> {
  const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
  const opened = new Set<string>();
  const collect = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (!isIncluded(selection, conditions)) continue;
      if (selection.kind === 'Field') {
        const name = selection.alias?.value ?? selection.name.value;
        const same = fields.get(name);
        if (same === undefined) fields.set(name, [selection]);
        else same.push(selection);
      } else if (selection.kind === 'InlineFragment') {
        if (isMet(selection.typeCondition)) collect(selection.selectionSet);
      } else if (!opened.has(selection.name.value)) {
        opened.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined && isMet(fragment.typeCondition)) collect(fragment.selectionSet);
      }
    }
  };
  const isMet = (condition: NamedTypeNode | undefined) => {
    if (condition === undefined || condition.name.value === type.name) return true;
    const conditionType = schema.getType(condition.name.value);
    return isAbstractType(conditionType) && schema.isSubType(conditionType, type);
  };
  for (const set of sets) collect(set);
  return fields;
}

/** What is selected of the field. */
export const toSets = (nodes: readonly FieldNode[]): readonly SelectionSetNode[] =>
  nodes.flatMap(({ selectionSet }) => selectionSet ?? []);

/** A selection, of which only the directives are read. */
interface Directed {
  readonly directives?: readonly DirectiveNode[] | undefined;
}

function isIncluded({ directives = [] }: Directed, conditions: Conditions): boolean {
  if (directives.length === 0) return true;
  const variables = toVariableValues(conditions);
  // Only the list: version 17 of graphql has more kinds of nodes with one.
  if (getDirectiveValues(GraphQLSkipDirective, { directives }, variables)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, { directives }, variables)?.if !== false;
}

/** Which variables are true. */
export type Conditions = Readonly<Record<string, boolean>>;
