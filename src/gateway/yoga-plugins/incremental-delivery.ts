/** Incremental responses, as Yoga sends them: with each part's errors, the form that is wanted, and headers of ours. */

import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { Limits } from '../../core/limits.ts';
import type { Part } from '../../graphql/executor/execute-incrementally.ts';
import { toClientErrors } from '../error-masking.ts';
import { isStream } from '../responses.ts';
import { completeAfter } from './complete-after.ts';
import { cancellationOf, requestLogOf, type ServerContext } from './server-context.ts';

export function useParts({ maxResponseErrors }: Pick<Limits, 'maxResponseErrors'>): Plugin<object, ServerContext> {
  return {
    onResultProcess({ request, result, serverContext, setResult }) {
      if (!isAsyncIterable(result)) return;
      const log = requestLogOf(serverContext);
      /** How many errors all payloads together still have room for; each payload can say how many of its errors are omitted. */
      let room = maxResponseErrors;
      const toClient = <Errors extends Pick<Part, 'errors'>>(part: Errors): Errors => {
        if (part.errors === undefined) return part;
        const errors = toClientErrors(
          part.errors,
          log,
          cancellationOf(request, serverContext).reason,
          Math.max(room, 1),
        );
        room -= errors.length;
        return { ...part, errors };
      };
      const toClientPart = (part: Part): Part => {
        const { incremental, ...rest } = toClient(part);
        return incremental === undefined ? rest : { incremental: incremental.map(toClient), ...rest };
      };
      setResult(completeAfter(log, mapAsyncIterator(result as AsyncIterable<Part>, toClientPart)));
    },
    onResponse({ response }) {
      if (!isStream(response)) return;
      const { headers } = response;
      // How the connection goes on is the server's to say, and Yoga's coding is none.
      for (const name of ['connection', 'transfer-encoding', 'content-encoding']) headers.delete(name);
      // A compressor like Express's would hold parts back.
      headers.set('cache-control', 'no-store, no-transform');
      // A proxy like nginx would collect them otherwise.
      headers.set('x-accel-buffering', 'no');
    },
  };
}
