/** How many lists lead to a place of a document: what is there is in the answer as often as they have items. */
import {
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
  getNullableType,
  isListType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** Where a visitor is: all that is above it, from the document on. */
type Ancestors = readonly (ASTNode | readonly ASTNode[])[];

/** The definition that a place is in: above it are the document and the list of its definitions. */
const definitionOf = (ancestors: Ancestors) => ancestors[2] as ASTNode;

/**
 * Makes what counts the lists above a place, up to `most`. A fragment counts as the spread of it does that has the most, as it
 * can't have one depth here and another there.
 */
export function createListCounter(schema: GraphQLSchema, document: DocumentNode, most: number) {
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
