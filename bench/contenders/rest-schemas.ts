/** What the REST backend answers: Fastify compiles these. */

export const object = (properties: Readonly<Record<string, object>>) => ({ type: 'object', properties });
export const listOf = (items: object) => ({ type: 'array', items });

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const freeForm = { type: 'object', additionalProperties: true, nullable: true };

export const identity = object({ id: text, monitorId: text, runId: text });

const shared = { id: text, phase: text, startedAt: textOrNull };

export const summary = object({ ...shared, outcome: textOrNull, state: text });

const logEvent = object({
  ...{ id: textOrNull, timestamp: textOrNull, ingestedAt: textOrNull, stream: textOrNull },
  ...{ message: textOrNull, kind: textOrNull, event: freeForm },
});

export const detail = object({
  ...shared,
  finishedAt: textOrNull,
  snapshot: freeForm,
  logGroup: textOrNull,
  events: listOf(logEvent),
});

export const logPage = object({
  totalCount: { type: 'integer' },
  pageInfo: object({ hasNextPage: { type: 'boolean' }, endCursor: text }),
  nodes: listOf(logEvent),
});
