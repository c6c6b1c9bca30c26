/** Reads from an operation what it selects of the things that a field finds. */
import {
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getNamedType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import { SelectedFields, type SelectedOf } from '../fetching/selected.ts';
import { collectFields, type Selector } from './selection.ts';

/** What a resolver of this service gets to know of the operation: from a plan at once, from GraphQL's executor by its `info`. */
export type Selection = GraphQLResolveInfo | { readonly selectedOf: SelectedOf };

const nothing = new SelectedFields([]);

/** Makes what finds the selected fields of each type, once for each. Fragments are opened, directives decided. */
export function createSelectedOf(selector: Selector, sets: readonly SelectionSetNode[]): SelectedOf {
  const typeOf = (name: string) => {
    const type = selector.schema.getType(name);
    return isObjectType(type) ? type : undefined;
  };
  const known = new Map<string, SelectedFields>();
  const selectedOf = (typeName: string) => {
    const selected = known.get(typeName) ?? toSelected(selector, typeOf(typeName), sets);
    known.set(typeName, selected);
    return selected;
  };
  const inPage = (connectionName: string) => {
    const connection = typeOf(connectionName);
    if (connection === undefined) return createSelectedOf(selector, []);
    const edge = typeOf(getNamedType(connection.getFields().edges?.type)?.name ?? '');
    const ofEdges = edge ? setsOf(selector, edge, setsOf(selector, connection, sets, 'edges'), 'node') : [];
    return createSelectedOf(selector, [...setsOf(selector, connection, sets, 'nodes'), ...ofEdges]);
  };
  return Object.assign(selectedOf, { inPage });
}

function toSelected(
  selector: Selector,
  type: GraphQLObjectType | undefined,
  sets: readonly SelectionSetNode[],
): SelectedFields {
  if (type === undefined) return nothing;
  const names = [...collectFields(selector, type, sets).values()].map(([{ name }]) => name.value);
  return new SelectedFields(names.filter((name) => name !== '__typename'));
}

/** What is selected below the fields of a name. */
function setsOf(
  selector: Selector,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  name: string,
): readonly SelectionSetNode[] {
  const nodes = [...collectFields(selector, type, sets).values()].flat();
  return nodes.flatMap((node) => (node.name.value === name && node.selectionSet ? node.selectionSet : []));
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
