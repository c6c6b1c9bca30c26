/** The size of a request's body, held to a limit before anything is done with it. */
import type { IncomingMessage } from 'node:http';

/** Where whoever comes next finds a body that has been read already. */
export type WithBody = IncomingMessage & { body?: Buffer };

/**
 * Whether the body is `most` bytes at the most. A stated length is believed, as Node.js cuts the body there; a body
 * without one is read, and left at `request.body`.
 */
export async function fitsIn(most: number, request: WithBody): Promise<boolean> {
  const stated = request.headers['content-length'];
  if (stated !== undefined) return Number(stated) <= most;
  if (request.headers['transfer-encoding'] === undefined) return true;
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
