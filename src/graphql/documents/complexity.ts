/**
 * How large an operation is once its fragments are expanded, and whether that is too much: found before validation spends time on it.
 * Also: in how many places of a document an error of its execution can be.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { ErrorCode } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';

export function findComplexityErrors(document: DocumentNode, limits: Limits): GraphQLError[] {
  const size = sizeOf(document);
  const checks: [is: number, most: number, what: string][] = [
    [size.depth, limits.maxDepth, 'levels of fields'],
    [size.fields, limits.maxFields, 'fields'],
    [size.aliases, limits.maxAliases, 'aliases'],
    [size.directives, limits.maxDirectives, 'directives'],
    [size.rootFields, limits.maxRootFields, 'fields of the query itself'],
    [size.introspections, limits.maxIntrospectionFields, 'fields that read the schema and aliases in them'],
  ];
  return checks
    .filter(([is, most]) => is > most)
    .map(([, most, what]) => toError(`Expected at most ${most} ${what}, with fragments expanded.`));
}

/** The status is the one of any document that isn't executed. */
const toError = (expected: string) =>
  new GraphQLError(expected, { extensions: { code: 'OPERATION_TOO_COSTLY' satisfies ErrorCode } });

interface DocumentSize {
  /** The levels of fields, introspection left out: GraphQL itself limits that. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
  /** Fields that read the schema, aliases in them included: each may be all of the schema. */
  readonly introspections: number;
}

const nothing: DocumentSize = { depth: 0, fields: 0, aliases: 0, directives: 0, rootFields: 0, introspections: 0 };

/** The fields that read the schema; `__typename` is one of the data. */
const introspecting: ReadonlySet<string> = new Set(['__schema', '__type', '_service']);

/** The size of the largest operation in the document, each measure separately. A fragment counts each time it is used. */
function sizeOf(document: DocumentNode): DocumentSize {
  const fragments = fragmentsOf(document);
  // Each fragment is measured once, so that measuring costs what the document's text does, not what it expands to.
  const measured = new Map<string, DocumentSize>();

  const ofSpread = (name: string): DocumentSize => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    // Stands there already while the fragment is measured: a cycle ends here, and validation refuses it.
    measured.set(name, nothing);
    const size = ofNode(fragments.get(name));
    measured.set(name, size);
    return size;
  };

  const ofSelection = (node: SelectionNode): DocumentSize => {
    const directives = node.directives?.length ?? 0;
    if (node.kind === Kind.FRAGMENT_SPREAD) return add(ofSpread(node.name.value), { ...nothing, directives });
    if (node.kind === Kind.INLINE_FRAGMENT) return ofNode(node);
    const within = ofNode(node);
    const isIntrospection = introspecting.has(node.name.value);
    return {
      depth: node.name.value.startsWith('__') ? 0 : within.depth + 1,
      fields: within.fields + 1,
      aliases: within.aliases + (node.alias ? 1 : 0),
      directives: within.directives,
      rootFields: 1,
      introspections: isIntrospection ? within.aliases + 1 : within.introspections,
    };
  };

  const ofNode = (node?: {
    directives?: readonly unknown[] | undefined;
    selectionSet?: SelectionSetNode | undefined;
  }): DocumentSize =>
    (node?.selectionSet?.selections ?? [])
      .map(ofSelection)
      .reduce(add, { ...nothing, directives: node?.directives?.length ?? 0 });

  const operations = document.definitions.filter(
    (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
  );
  return operations.map(ofNode).reduce(largest, nothing);
}

/** Side by side in one selection. */
const add = (a: DocumentSize, b: DocumentSize): DocumentSize => ({
  depth: Math.max(a.depth, b.depth),
  fields: a.fields + b.fields,
  aliases: a.aliases + b.aliases,
  directives: a.directives + b.directives,
  rootFields: a.rootFields + b.rootFields,
  introspections: a.introspections + b.introspections,
});

const largest = (a: DocumentSize, b: DocumentSize): DocumentSize => ({
  depth: Math.max(a.depth, b.depth),
  fields: Math.max(a.fields, b.fields),
  aliases: Math.max(a.aliases, b.aliases),
  directives: Math.max(a.directives, b.directives),
  rootFields: Math.max(a.rootFields, b.rootFields),
  introspections: Math.max(a.introspections, b.introspections),
});

/** By their names; of several of one name, which validation refuses, the last. */
export function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  return fragments;
}

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
