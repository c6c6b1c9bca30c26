/** In how many places of a document an error of its execution can be. */
import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import { fragmentsOf } from './complexity.ts';

/** Fields that are looked at: as many as five operations may have. A document with more has too many places. */
const maxLooks = 10_000;

/**
 * The most fields of one response name that are merged anywhere in a sound document: an error of such a field names the places
 * of all of them. Types are left aside, so it may be fewer.
 */
export function maxPlacesOf(document: DocumentNode): number {
  const fragments = fragmentsOf(document);
  let looks = 0;
  let most = 1;

  const merge = (sets: readonly SelectionSetNode[]): void => {
    const fields = new Map<string, { places: number; readonly within: SelectionSetNode[] }>();
    const opened = new Set<string>();
    const collect = ({ selections }: SelectionSetNode): void => {
      for (const selection of selections) {
        if (++looks > maxLooks) return;
        if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
        else if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const { value: name } = selection.name;
          const fragment = opened.has(name) ? undefined : fragments.get(name);
          opened.add(name);
          if (fragment !== undefined) collect(fragment.selectionSet);
        } else {
          const name = (selection.alias ?? selection.name).value;
          const field = fields.get(name) ?? { places: 0, within: [] };
          fields.set(name, field);
          // That one can't fail, and clients add it everywhere.
          if (selection.name.value !== '__typename') field.places++;
          if (selection.selectionSet !== undefined) field.within.push(selection.selectionSet);
        }
      }
    };
    sets.forEach(collect);
    for (const { places, within } of fields.values()) {
      most = Math.max(most, places);
      if (within.length > 0) merge(within);
    }
  };

  for (const node of document.definitions) if (node.kind === Kind.OPERATION_DEFINITION) merge([node.selectionSet]);
  return looks > maxLooks ? Number.POSITIVE_INFINITY : most;
}
