/** Scalars, as clients send them: `ID`, but never rounded; `DateTime`, checked, and brought to the one form that all times have here. */
import {
  GraphQLError,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  type GraphQLSchema,
  type GraphQLType,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql';
import { fromIsoText } from '../providers/date-time.ts';

/**
 * The `ID` of clients that send it as a JSON number: 9007199254740993 is 9007199254740992 before any code can read it,
 * and so another run. GraphQL's own takes it; this one takes text, and integers that a number holds exactly.
 */
const exactId = new GraphQLScalarType({
  ...GraphQLID.toConfig(),
  parseValue: toId,
  // The name since graphql 17, where the one of GraphQL's own would win over `parseValue`.
  ...{ coerceInputValue: toId },
});

/**
 * The id in what a client sent.
 * @throws {GraphQLError} when there is none, or one that has been rounded
 */
export function toId(value: unknown): string {
  if (typeof value === 'string' || Number.isSafeInteger(value)) return String(value);
  throw new GraphQLError('Expected an id: text, or a whole number that is not beyond 9007199254740991 (2^53 - 1).');
}

/**
 * Puts {@link exactId} wherever the schema says `ID`. The schema must be fresh, as it is changed in place; GraphQL's own
 * scalar isn't, as other schemas of the process share it. Tools that build a schema don't let a standard scalar be chosen.
 */
export function withExactIds(schema: GraphQLSchema): GraphQLSchema {
  const types = schema.getTypeMap();
  types.ID = exactId;
  for (const type of Object.values(types)) {
    if (type instanceof GraphQLObjectType || type instanceof GraphQLInterfaceType) {
      for (const field of Object.values(type.getFields())) {
        field.type = exact(field.type);
        for (const argument of field.args) argument.type = exact(argument.type);
      }
    } else if (type instanceof GraphQLInputObjectType) {
      for (const field of Object.values(type.getFields())) field.type = exact(field.type);
    }
  }
  return schema;
}

/** The type with `ID` exchanged, through lists and non-nulls. */
function exact<Type extends GraphQLType>(type: Type): Type {
  if (type instanceof GraphQLNonNull) return new GraphQLNonNull(exact(type.ofType)) as Type;
  if (type instanceof GraphQLList) return new GraphQLList(exact(type.ofType)) as Type;
  return (type as GraphQLType) === GraphQLID ? (exactId as Type) : type;
}

const expectedDateTime =
  'Expected a date-time as RFC 3339 defines it, of the years 1970 to 9999, with an offset, as text: 2026-11-20T08:00:00Z or 2026-11-20T09:00:00.000+01:00.';

/** No run is earlier than Unix time, and a provider may fail at such a time. In the one form, times are sorted as texts. */
const earliest = '1970-01-01T00:00:00.000Z';

/** With its offset, as a client knows where it is. */
const dateTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** GraphQL's `DateTime`: to be added to the type of the schema. What this service answers with is in that form already. */
export const DateTime = {
  __parseValue: (value: unknown) => toDateTime(value),
  __parseLiteral: (node: ValueNode) => toDateTime(valueFromASTUntyped(node), node),
};

/**
 * @param node where it is written, in a document
 * @throws {GraphQLError} when it is no time
 */
function toDateTime(value: unknown, node?: ValueNode): string {
  const time = typeof value === 'string' && dateTime.test(value) ? fromIsoText(value) : undefined;
  if (time === undefined || time < earliest) throw new GraphQLError(expectedDateTime, { nodes: node ?? null });
  return time;
}
