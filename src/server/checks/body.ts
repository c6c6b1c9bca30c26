/** The size of a request's body, held to a limit before anything is done with it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AsyncCheck, badInput, type Check, type Rejection } from './check.ts';

/** A request whose body has been read already, and how long its client has waited. */
export type WithBody = IncomingMessage & {
  body?: Buffer;
  /** The name of the API token that the request carries, where it has one. */
  caller?: string | undefined;
  /** For the issuer's keys, in milliseconds. */
  waitedMs?: number;
};

/** Refuses bodies that would have to be unpacked, which this service doesn't do. */
export const isPlain: Check = ({
  headers: { 'content-encoding': content = 'identity', 'transfer-encoding': transfer },
}) =>
  content.toLowerCase() === 'identity' && (transfer ?? 'chunked').toLowerCase() === 'chunked'
    ? undefined
    : badInput(415, 'Expected a body without content encoding, and no transfer encoding but chunked.');

/**
 * Refuses bodies of more than `most` bytes, a stated length at once. The body is read to its end, and left at
 * `request.body`.
 */
export const hasSmallBody =
  (most: number): AsyncCheck =>
  (request, response) => {
    const stated = request.headers['content-length'];
    if (Number(stated ?? 0) > most) return refuseSize(most, response);
    if (stated === undefined && request.headers['transfer-encoding'] === undefined) return undefined;
    return readWithin(most, request, response);
  };

function refuseSize(most: number, response: ServerResponse): Rejection {
  response.setHeader('connection', 'close');
  return badInput(413, `Expected a body of at most ${most} bytes.`);
}

/** @throws {Error} when the client leaves before its end */
function readWithin(most: number, request: WithBody, response: ServerResponse): ReturnType<AsyncCheck> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) return void chunks.push(chunk);
      request.pause().removeAllListeners('data');
      resolve(refuseSize(most, response));
    });
    request.on('end', () => {
      request.body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      resolve(undefined);
    });
    request.on('error', reject);
  });
}
