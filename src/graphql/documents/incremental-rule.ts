/** What `@defer` and `@stream` may be in a document, beyond what the schema says of them. */
import {
  type ASTVisitor,
  type DirectiveNode,
  type FieldNode,
  GraphQLError,
  getNullableType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  visit,
} from 'graphql';
import { isIncremental } from './incremental-plan.ts';

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
