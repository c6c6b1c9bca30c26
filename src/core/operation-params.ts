/** What both paths make of the parameters of an operation, as a client has sent them. */

/** All that there are. */
export const parameterNames: ReadonlySet<string> = new Set([
  ...['query', 'variables', 'operationName', 'extensions'],
  ...['documentId', 'doc_id', 'id'],
]);

/** Without an empty text, which counts as none: clients that always send all parameters mean that, by POST as by GET. */
export const presentText = <Value>(value: Value): Value | undefined => (value === '' ? undefined : value);
