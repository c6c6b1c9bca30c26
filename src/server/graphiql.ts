/** GraphiQL, wholly from this process: no script, font or picture of the page comes from elsewhere. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { importModule } from '../core/import-module.ts';
import { lazy } from '../core/lazy.ts';
import { prefersPage } from '../gateway/incremental-accept.ts';
import { acceptsGzip } from './accept-encoding.ts';
import { refuse } from './checks/check.ts';
import { toOverloaded } from './load-shedding.ts';
import type { RequestState } from './request-state.ts';

/** What a client holds that reads the page unpacked, or does not read it: the state of zlib, and what waits in the socket. */
const unpackBytes = 256 * 1024;

/** Whether a browser wants to look at the graph. */
export const wantsPage = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && prefersPage(headers.accept);

/**
 * Makes the page, with one tab an operation. The page is nine megabytes and its package slow to load, so both wait for
 * the first view; then the page is cached, compressed.
 */
export function createGraphiQL(endpoint: string, operations: readonly string[]) {
  const loadPage = lazy(async () => {
    const { renderGraphiQL } = await importModule(() => import('@graphql-yoga/render-graphiql'));
    const rendered = renderGraphiQL({
      title: 'monitor-graph',
      endpoint,
      defaultTabs: operations.map((query) => ({ query })),
      schemaDescription: true,
      shouldPersistHeaders: unlessSwitchedOn,
    });
    const page = rendered.replace('<head>', `<head>${stillTabs}`).replace('<script>', `<script>${forgetHeaders}`);
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': toPolicy(page),
      'x-frame-options': 'DENY',
    };
    return { headers, packed: await promisify(gzip)(page) };
  });

  return async (state: RequestState): Promise<void> => {
    const { response, requestId } = state;
    const { headers, packed } = await loadPage();
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

/**
 * Tabs are moved to their places, and a click stops that: the tab leaps away from under the pointer, and is not opened.
 * Without it they are at their places at once.
 */
const stillTabs = '<style>.graphiql-tab { transform: none !important }</style>';

/**
 * Whether headers, keys and tokens among them, stay in the browser beyond the page. Neither yes, which the package has by
 * itself, nor no, which takes the setting away from the person: `null` is what JSON has for neither.
 */
const unlessSwitchedOn = null as unknown as undefined;

/** GraphiQL would fill in what another page of this origin has stored, and send it here: no person has switched that on. */
const forgetHeaders = `
  try {
    if (localStorage.getItem('graphiql:shouldPersistHeaders') !== 'true') localStorage.removeItem('graphiql:headers');
  } catch {}`;

/** Lets the page run its own script and call this service, and nothing else. */
function toPolicy(page: string): string {
  const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = '']) => script);
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    // The editor makes its workers of text in the page, and its style sheets while it runs.
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'font-src data:',
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
