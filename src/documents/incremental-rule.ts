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
import { isIncremental } from './incremental.ts';

export function IncrementalRule(context: ValidationContext): ASTVisitor {
  const labels = new Set<string>();
  const rootFieldsOf = createRootFields(context);
  const refuse = (message: string, ...nodes: (DirectiveNode | FieldNode)[]) =>
    context.reportError(new GraphQLError(message, { nodes }));

  const checkLabel = (directive: DirectiveNode) => {
    const label = argumentOf(directive, 'label');
    if (label === undefined || label.kind === 'NullValue') return;
    if (label.kind !== 'StringValue') return refuse('Expected a `label` that is no variable.', directive);
    if (labels.has(label.value)) refuse('Expected a `label` of its own in the document.', directive);
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
    const fields = new Map<string, FieldNode>();
    for (const field of rootFieldsOf(operation.selectionSet)) {
      const name = field.alias?.value ?? field.name.value;
      const other = fields.get(name);
      if (other !== undefined && (isStreamed(other) || isStreamed(field)))
        refuse(`Expected \`${name}\` once, as it has \`@stream\`; others can have an alias.`, other, field);
      fields.set(name, field);
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

/** Finds the fields of the query itself, as often as they are asked for. */
function createRootFields(context: ValidationContext) {
  const known = new Map<string, readonly FieldNode[]>();
  const ofSet = ({ selections }: SelectionSetNode): readonly FieldNode[] =>
    selections.flatMap((selection) => {
      if (selection.kind === 'Field') return selection;
      return selection.kind === 'InlineFragment' ? ofSet(selection.selectionSet) : ofFragment(selection.name.value);
    });
  const ofFragment = (name: string): readonly FieldNode[] => {
    const before = known.get(name);
    if (before !== undefined) return before;
    // Stands there already while the fragment is opened: a cycle ends here, and another rule refuses it.
    known.set(name, []);
    const fields = ofSet(context.getFragment(name)?.selectionSet ?? { kind: Kind.SELECTION_SET, selections: [] });
    known.set(name, fields);
    return fields;
  };
  return ofSet;
}
