/** The size of a request's body, held to a limit before anything is done with it. */
import type { IncomingMessage } from 'node:http';
import { badInput, type Check } from './refusal.ts';

/** Where whoever comes next finds a body that has been read already. */
type WithBody = IncomingMessage & { body?: Buffer };

/** Refuses bodies that would have to be unpacked, which nobody here does. */
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
  (most: number): Check =>
  async (request, response) => {
    if (await fitsIn(most, request)) return undefined;
    response.setHeader('connection', 'close');
    return badInput(413, `Expected a body of at most ${most} bytes.`);
  };

async function fitsIn(most: number, request: WithBody): Promise<boolean> {
  const stated = request.headers['content-length'];
  if (Number(stated ?? 0) > most) return false;
  if (stated === undefined && request.headers['transfer-encoding'] === undefined) return true;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > most) return false;
    chunks.push(chunk);
  }
  request.body = Buffer.concat(chunks);
  return true;
}
