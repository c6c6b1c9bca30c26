/** What an operation selects of the things that a field finds: the fetches that are needed follow from it. */
import { type GraphQLObjectType, type GraphQLResolveInfo, isObjectType, type SelectionSetNode } from 'graphql';
import { collectFields, type Selector } from './selection.ts';

/** The names of the fields that are selected of a type; without those that are found by name alone, like `__typename`. */
export type Selected = ReadonlySet<string>;

/** By the name of an object type that the field may find. */
export type SelectedOf = (typeName: string) => Selected;

/** What a resolver of this service gets to know of the operation: from a plan at once, from GraphQL's executor by its `info`. */
export type Selection = GraphQLResolveInfo | { readonly selectedOf: SelectedOf };

const nothing: Selected = new Set();

/** Makes what finds the selected fields of each type, once for each. Fragments are opened, directives decided. */
export function createSelectedOf(selector: Selector, sets: readonly SelectionSetNode[]): SelectedOf {
  const known = new Map<string, Selected>();
  return (typeName) => {
    const selected = known.get(typeName) ?? toSelected(selector, sets, typeName);
    known.set(typeName, selected);
    return selected;
  };
}

function toSelected(selector: Selector, sets: readonly SelectionSetNode[], typeName: string): Selected {
  const type = selector.schema.getType(typeName);
  return isObjectType(type) ? new Set(namesOf(selector, type, sets)) : nothing;
}

function* namesOf(selector: Selector, type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Iterable<string> {
  for (const [{ name }] of collectFields(selector, type, sets).values())
    if (name.value !== '__typename') yield name.value;
}

/** What is selected below the field that is being resolved. */
export function selectedIn(selection: Selection): SelectedOf {
  if ('selectedOf' in selection) return selection.selectedOf;
  const { schema, fragments, variableValues, fieldNodes } = selection;
  const selector: Selector = {
    schema,
    fragments: new Map(Object.entries(fragments)),
    conditions: variableValues as Selector['conditions'],
  };
  return createSelectedOf(
    selector,
    fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []),
  );
}
