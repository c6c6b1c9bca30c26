/** The subgraph's SDL as a file, for those who compose it and can't ask GraphQL for it. */
import type { ServerResponse } from 'node:http';
import type { Gateway } from '../gateway.ts';
import { badInput, type Check, type Refusal } from './refusal.ts';

export const sdlPath = '/schema.graphql';

/** Nothing is executed, so no header need show that a page of another site hasn't sent it. */
export const isGet: Check = ({ method }) =>
  method === 'GET' || method === 'HEAD' ? undefined : badInput(405, 'Expected a GET.', { allow: 'GET, HEAD' });

const notShown: Refusal = {
  status: 403,
  code: 'FORBIDDEN',
  message: 'Expected a service that lets its schema be read: INTROSPECTION=true.',
};

/** Lets it pass where clients may read the schema. */
export const isSdlShown =
  ({ readSdl }: Gateway): Check =>
  () =>
    readSdl() === undefined ? notShown : undefined;

export function answerSdl(response: ServerResponse, { readSdl }: Gateway): void {
  const sdl = readSdl() ?? '';
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(sdl) };
  response.writeHead(200, headers).end(sdl);
}
