/** GraphQL's `DateTime`, as clients send it: checked, and brought to the one form that all times have here. */
import { GraphQLError, type ValueNode, valueFromASTUntyped } from 'graphql';
import { fromIsoText } from '../providers/date-time.ts';

const expected =
  'Expected a date-time as RFC 3339 defines it, of the years 1970 to 9999, with an offset, as text: 2026-11-20T08:00:00Z or 2026-11-20T09:00:00.000+01:00.';

/** No run is earlier than Unix time, and a provider may fail at such a time. In the one form, times are sorted as texts. */
const earliest = '1970-01-01T00:00:00.000Z';

/** With its offset, as a client knows where it is. */
const dateTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** To be added to the type of the schema. What this service answers with is in that form already. */
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
  if (time === undefined || time < earliest) throw new GraphQLError(expected, { nodes: node ?? null });
  return time;
}
