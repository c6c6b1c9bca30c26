/**
 * SDL + resolvers -> executable schema. Every text of a response is charged to the cost budget, whichever provider or list it is
 * from: lists and aliases multiply texts, and no field is to be forgotten.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import {
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { sdl } from '../generated/sdl.ts';
import type { FieldContext } from '../providers/fields.ts';
import { resolvers } from '../resolvers/resolvers.ts';
import { toSubgraph } from './federation.ts';
import { DateTime, withExactIds } from './scalars.ts';

export function createSchema(): GraphQLSchema {
  const plain = makeExecutableSchema({
    typeDefs: [...sdl],
    resolvers: { DateTime, ...resolvers },
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    // At each start these would take a third of the time: a test checks that it is valid, and no other code has it yet.
    assumeValidSDL: true,
    updateResolversInPlace: true,
  });
  return withStringCosts(withExactIds(toSubgraph(plain)));
}

/** What a text costs in a list beside its characters: quotes and a comma. */
const charsPerItem = 3;

/**
 * Puts a resolver wherever the schema says `String`, or an `ID` that isn't one of ours, unless there is one. The schema must be
 * fresh, as it is changed in place.
 */
function withStringCosts(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const [name, field] of Object.entries(type.getFields()))
      if (isText(field.type)) field.resolve ??= toChargingResolver(name);
  }
  return schema;
}

/** Ids that are never `null` are made here, of parts whose length is checked. */
function isText(type: GraphQLOutputType): boolean {
  const { name } = getNamedType(type);
  return name === 'String' || (name === 'ID' && (!isNonNullType(type) || isListType(type.ofType)));
}

type Source = Readonly<Record<string, unknown>>;

/** What GraphQL's default resolver finds, paid for. @throws {OperationTooCostly} */
const toChargingResolver =
  (name: string): GraphQLFieldResolver<Source, FieldContext> =>
  (source, args, context, info) => {
    // To look for what can't be paid for costs as well.
    context.costBudget.assertNotExhausted();
    const property = source[name];
    const found = typeof property === 'function' ? property.call(source, args, context, info) : property;
    return found instanceof Promise ? found.then((value) => charge(value, context)) : charge(found, context);
  };

function charge(value: unknown, { costBudget }: FieldContext): unknown {
  costBudget.chargeString(typeof value === 'string' ? value.length : Array.isArray(value) ? charsIn(value) : 0);
  return value;
}

function charsIn(items: readonly unknown[]): number {
  let chars = items.length * charsPerItem;
  for (const item of items) if (typeof item === 'string') chars += item.length;
  return chars;
}
