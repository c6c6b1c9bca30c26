/** The fragments of a document. */
import { type DocumentNode, type FragmentDefinitionNode, Kind } from 'graphql';

/** By their names; of several of one name, which validation refuses, the last. */
export function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  return fragments;
}
