/** Which fields an operation selects of a type: fragments expanded, `@skip` and `@include` applied, the same names merged. */
import {
  type ASTNode,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  isAbstractType,
  type NamedTypeNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { toVariableValues, type Values } from '../graphql-majors.ts';
import { bailOut, unlessThrown } from './bail-out.ts';

/** What selections are read with. */
export interface Selector {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly conditions: Conditions;
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

/**
 * The fields that are selected of a type, to be properties of an object that is filled by their names.
 * @throws when a name can't be the one of a property like any other
 */
export function collectProperties(
  selector: Selector,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): readonly (readonly [name: string, nodes: FieldNodes])[] {
  const fields = collectFields(selector, type, sets);
  return fields.has('__proto__') ? bailOut() : [...fields];
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
type Conditions = Readonly<Record<string, boolean>>;

/** The most variables that an operation may use in them; every combination of their values is compiled separately. */
const maxConditions = 4;

/**
 * The variables that `@skip` and `@include` use in the nodes.
 * @throws when there are too many, or there is another directive
 */
export function findConditions(nodes: readonly ASTNode[]): readonly string[] {
  const names = new Set<string>();
  for (const node of nodes) {
    visit(node, {
      Directive({ name, arguments: [condition] = [] }) {
        if (name.value !== 'skip' && name.value !== 'include') bailOut();
        if (condition?.value.kind === 'Variable') names.add(condition.value.name.value);
      },
    });
  }
  return names.size > maxConditions ? bailOut() : [...names];
}

/**
 * Fields come and go with these variables, and with them the order of those that stay. So each combination gets what is
 * compiled for it, once it is executed.
 */
export function compileVariants<Compiled>(
  names: readonly string[],
  compile: (conditions: Conditions) => Compiled,
): (variables: Values) => Compiled {
  if (names.length === 0) {
    const compiled = compile({});
    return () => compiled;
  }
  const variants = new Map<string, Compiled | undefined>();
  return (variables) => {
    const conditions = readConditions(names, variables);
    const key = Object.values(conditions).join();
    if (!variants.has(key))
      variants.set(
        key,
        unlessThrown(() => compile(conditions)),
      );
    return variants.get(key) ?? bailOut();
  };
}

function readConditions(names: readonly string[], variables: Values): Conditions {
  return Object.fromEntries(
    names.map((name) => {
      const value = variables[name];
      return typeof value === 'boolean' ? [name, value] : bailOut();
    }),
  );
}
