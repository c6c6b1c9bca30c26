/** Answers that come in parts, as Yoga sends them: with each part's errors, the form that is wanted, and headers of ours. */

import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { Limits } from '../../core/limits.ts';
import type { Part } from '../../graphql/executor/execute-incrementally.ts';
import { fromAbortSignal } from '../../upstream/cancellation.ts';
import { toClientErrors } from '../error-masking.ts';
import { completeAfter } from './complete-after.ts';
import { requestLogOf, type ServerContext } from './server-context.ts';

export function useParts({ maxResponseErrors }: Pick<Limits, 'maxResponseErrors'>): Plugin<object, ServerContext> {
  return {
    onResultProcess({ request, result, serverContext, setResult }) {
      if (!isAsyncIterable(result)) return;
      const log = requestLogOf(serverContext);
      /** How many errors all payloads together still have room for; each payload can say how many of its errors are omitted. */
      let room = maxResponseErrors;
      const toClient = <Errors extends Pick<Part, 'errors'>>(part: Errors): Errors => {
        if (part.errors === undefined) return part;
        const errors = toClientErrors(part.errors, log, fromAbortSignal(request.signal).reason, Math.max(room, 1));
        room -= errors.length;
        return { ...part, errors };
      };
      const toClientPart = (part: Part): Part => {
        const { incremental, ...rest } = toClient(part);
        return incremental === undefined ? rest : { incremental: incremental.map(toClient), ...rest };
      };
      setResult(completeAfter(log, mapAsyncIterator(result as AsyncIterable<Part>, toClientPart)));
    },
    onResponse({ response: { headers }, serverContext }) {
      if (!/^(multipart\/mixed|text\/event-stream)/.test(headers.get('content-type') ?? '')) return;
      // How the connection goes on is the server's to say, and Yoga's coding is none.
      for (const name of ['connection', 'transfer-encoding', 'content-encoding']) headers.delete(name);
      headers.set('cache-control', 'no-store');
      // A proxy like nginx would collect the parts otherwise.
      headers.set('x-accel-buffering', 'no');
      // Yoga takes the timeout off a connection that it streams to, and a client that doesn't read would hold it for ever.
      const { socket } = serverContext.req ?? {};
      const timeout = socket?.timeout;
      if (timeout !== undefined) setImmediate(() => socket?.setTimeout(timeout));
    },
  };
}
