/** What `@skip` and `@include` do to a plan. */
import { type ASTNode, visit } from 'graphql';
import type { Values } from '../graphql-majors.ts';
import { bailOut, unlessThrown } from './bail-out.ts';

/** Which variables are true. */
export type Conditions = Readonly<Record<string, boolean>>;

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
