/** The subgraph's SDL as a file, for composition without a GraphQL request. */
import type { ServerResponse } from 'node:http';
import { once } from '../core/lazy.ts';
import type { Gateway } from '../gateway/create-gateway.ts';
import { badInput, type Check, type Rejection } from './checks/check.ts';

export const sdlPath = '/schema.graphql';

/** Nothing is executed, so no header need show that a page of another site hasn't sent it. */
export const isGet: Check = ({ method }) =>
  method === 'GET' || method === 'HEAD' ? undefined : badInput(405, 'Expected a GET.', { allow: 'GET, HEAD' });

const notShown: Rejection = {
  status: 403,
  code: 'FORBIDDEN',
  message: 'Expected a service whose schema may be read: INTROSPECTION=true.',
};

/** Lets it pass where clients may read the schema. */
export const isSdlShown =
  ({ readSdl }: Gateway): Check =>
  () =>
    readSdl() === undefined ? notShown : undefined;

export function createSdlAnswer({ readSdl }: Gateway): (response: ServerResponse) => void {
  // One buffer for all clients: those that do not read it hold no copy.
  const readBytes = once(() => Buffer.from(readSdl() ?? ''));
  return (response) => {
    const sdl = readBytes();
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': sdl.length }).end(sdl);
  };
}
