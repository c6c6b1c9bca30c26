/** GraphiQL, wholly from this process: no script, font or picture of the page comes from elsewhere. */
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { lazy } from '../core/lazy.ts';
import { acceptsGzip, prefersPage } from '../gateway/content-negotiation.ts';
import { refuse } from './checks/check.ts';
import { loadPage } from './graphiql-page.ts';
import { toOverloaded } from './load-shedding.ts';
import type { RequestState } from './request-state.ts';

/** What a client holds that reads the page unpacked, or does not read it: the state of zlib, and what waits in the socket. */
const unpackBytes = 256 * 1024;

/** Whether a browser wants to look at the graph. */
export const wantsPage = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && prefersPage(headers.accept);

/** Makes what shows the page, with one tab an operation. The page waits for the first view; then it is cached, compressed. */
export function createGraphiQL(operations: readonly string[]) {
  const getPage = lazy(() => loadPage(operations));

  return async (state: RequestState): Promise<void> => {
    const { response, requestId } = state;
    const { policy, packed } = await getPage();
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'x-frame-options': 'DENY',
    };
    response.appendHeader('vary', 'Accept, Accept-Encoding');
    if (acceptsGzip(response.req.headers['accept-encoding'])) {
      response.writeHead(200, { ...headers, 'content-encoding': 'gzip' }).end(packed);
      return;
    }
    if (!state.settleResponse(unpackBytes)) return refuse(response, toOverloaded(), requestId);
    response.writeHead(200, headers);
    // A client that leaves in between is no failure: its answer is over.
    pipeline([packed], createGunzip(), response, () => {});
  };
}
