/** What the slow path's `Response`s become: responses of `node:http`, and the `Response` that the runtime itself has. */
import type { ServerResponse } from 'node:http';

/** Whether the response is incremental, and so has no length. */
export const isStream = ({ headers }: Pick<Response, 'headers'>): boolean =>
  /^(multipart\/mixed|text\/event-stream)/.test(headers.get('content-type') ?? '');

/**
 * Writes a response as fast as its client reads it; a client that disconnects ends what the response is made from.
 * @throws {unknown} when the response can't be made to its end
 */
export async function writeResponse(source: Response, response: ServerResponse): Promise<void> {
  const parts = isStream(source) ? source.body : null;
  if (response.destroyed || response.writableEnded) return parts?.cancel();
  response.writeHead(source.status, Object.fromEntries(source.headers));
  // The text of a response that has none is empty.
  if (parts === null) return void response.end(await source.text());
  const { read, cancel } = toReader(parts);
  response.once('close', cancel);
  for (;;) {
    const { done, value } = await read();
    if (done || response.destroyed) break;
    if (!response.write(value)) await isDrained(response);
  }
  response.end();
}

/** Resolves when the client has read what it was sent, or has disconnected. */
const isDrained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
    if (response.destroyed) done();
  });

/**
 * A response of the class that `globalThis` has. The slow path has a faster class, whose body frameworks can't take: they
 * check the class, or use methods that it lacks.
 * @param onCancel called when the reader of an incremental response cancels it
 */
export async function toGlobalResponse(response: Response, onCancel: () => void): Promise<Response> {
  const isGlobal: boolean = response instanceof globalThis.Response;
  if (isGlobal) return response;
  const { status } = response;
  const headers = [...response.headers];
  const parts = isStream(response) ? response.body : null;
  if (parts !== null) return new globalThis.Response(toGlobalStream(parts, onCancel), { status, headers });
  const text = await response.text();
  return new globalThis.Response(text === '' ? null : text, { status, headers });
}

function toGlobalStream(parts: ReadableStream<Uint8Array>, onCancel: () => void): ReadableStream<Uint8Array> {
  const { read, cancel } = toReader(parts);
  return new globalThis.ReadableStream({
    async pull(controller) {
      const { done, value } = await read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      onCancel();
      cancel();
    },
  });
}

/** Reads a stream. To cancel it ends its source at once, and doesn't wait for the part that is being read. */
function toReader(parts: ReadableStream<Uint8Array>) {
  const reader = parts.getReader();
  return {
    read: () => reader.read(),
    // `cancel` of the slow path's stream works while it is read; a stream of the runtime is cancelled by its reader alone.
    cancel: () => void parts.cancel().catch(() => reader.cancel().catch(() => {})),
  };
}
