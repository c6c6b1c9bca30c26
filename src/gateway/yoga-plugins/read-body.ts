/** Bodies that something in front of a mounted graph has read already, as a body parser does. */
import { toBadRequest } from './params.ts';
import type { ServerContext } from './server-context.ts';

/** The longest body, in bytes, that can be an object or a list of nothing: `{}`. */
const emptyBytes = 2;

/**
 * What a body parser has made of a body, where Yoga would take that for none; `undefined` where Yoga finds it.
 * @throws {GraphQLError} when the body has been read, and nothing of it was left
 */
export function readEmptyBody(request: Request, { req }: ServerContext): object | undefined {
  if (request.bodyUsed) throw toReadAlready();
  // Yoga takes what is there and has a member or a letter.
  if (!req?.readableDidRead || Object.keys(req.body ?? {}).length > 0) return undefined;
  if (Number(req.headers['content-length']) > emptyBytes || typeof req.body !== 'object' || req.body === null)
    throw toReadAlready();
  return req.body;
}

const toReadAlready = () =>
  toBadRequest(
    'Expected a body that nothing has read: something in front of the graph has read this one already. Mount the graph before it.',
  );
