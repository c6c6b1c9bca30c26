/**
 * The graph as people and tools look at it: GraphiQL, wholly from this process, as no script, font or picture of the page comes from
 * elsewhere; and the SDL of the subgraph as a file.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { importPackage } from '../core/import-module.ts';
import { lazy, once } from '../core/lazy.ts';
import { acceptsGzip, prefersPage } from '../gateway/content-negotiation.ts';
import type { Gateway } from '../gateway/create-gateway.ts';
import { toOverloaded } from './load-shedding.ts';
import { type Check, type Rejection, refuse } from './request-checks.ts';
import type { RequestState } from './request-state.ts';

/** What a client holds that reads the page unpacked, or does not read it: the state of zlib, and what waits in the socket. */
const unpackBytes = 256 * 1024;

/** Whether the GET is of a browser that wants to look at the graph. */
export const wantsPage = ({ headers }: IncomingMessage): boolean => prefersPage(headers.accept);

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

/** The page of GraphiQL: nine megabytes, rendered by a package that is slow to load, or packed by the build once for all. */
interface GraphiQLPage {
  /** The value of `Content-Security-Policy` for the page. */
  readonly policy: string;
  /** The page, as gzip has it. */
  readonly packed: Buffer;
}

/** The files of the packed page, beside the bundle of the service. */
export const pageFiles = { page: 'graphiql.html.gz', policy: 'graphiql-policy.txt' } as const;

/** The page that the build has packed; rendered now where the service runs from its sources. */
async function loadPage(operations: readonly string[]): Promise<GraphiQLPage> {
  const read = (name: string) => readFile(new URL(name, import.meta.url));
  try {
    const [packed, policy] = await Promise.all([read(pageFiles.page), read(pageFiles.policy)]);
    return { packed, policy: policy.toString() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return renderPage(operations);
  }
}

/** Renders the page, with one tab an operation. It sends operations to the path that it is shown at, whatever a proxy makes of that. */
export async function renderPage(operations: readonly string[]): Promise<GraphiQLPage> {
  const load = () => import('@graphql-yoga/render-graphiql');
  const { renderGraphiQL } = await importPackage('GraphiQL', '@graphql-yoga/render-graphiql', load);
  const rendered = renderGraphiQL({
    title: 'monitor-graph',
    defaultTabs: operations.map((query) => ({ query })),
    schemaDescription: true,
    shouldPersistHeaders: unlessSwitchedOn,
  });
  const page = rendered.replace('<head>', `<head>${head}`).replace('<script>', `<script>${prelude}`);
  return { policy: toPolicy(page), packed: await promisify(gzip)(page, { level: 9 }) };
}

/**
 * Tabs are moved to their places, and a click stops that: the tab leaps away from under the pointer, and is not opened.
 * Without it they are at their places at once. Ids are shown letter by letter, without ligatures. On a phone the page is as
 * wide as the screen, and the response is below the query.
 */
const head = `<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  .graphiql-tab { transform: none !important }
  .graphiql-container .monaco-editor, .graphiql-container .monaco-editor * {
    font-variant-ligatures: none !important; font-feature-settings: normal !important
  }
  @media (max-width: 700px) {
    .graphiql-container { flex-direction: column-reverse !important }
    .graphiql-container .graphiql-sidebar { flex-direction: row !important; width: auto !important; padding: 0 8px !important }
    .graphiql-container .graphiql-main { flex-direction: column !important; min-height: 0 !important }
    .graphiql-container .graphiql-plugin { max-width: none !important; flex: 0 1 45% !important }
    .graphiql-container .graphiql-sessions { margin: 8px 8px 0 !important; min-height: 0 !important }
    .graphiql-container #graphiql-session { flex-direction: column !important; min-height: 0 !important }
    .graphiql-container .graphiql-horizontal-drag-bar, .graphiql-container .graphiql-logo { display: none !important }
    .graphiql-container .graphiql-editors, .graphiql-container .graphiql-response { flex: 1 1 50% !important; min-height: 0 !important }
    .graphiql-container .graphiql-response { padding: 8px 0 0 !important }
  }
</style>`;

/**
 * Whether headers, keys and tokens among them, stay in the browser beyond the page. Neither yes, which the package has by
 * itself, nor no, which takes the setting away from the person: `null` is what JSON has for neither.
 */
const unlessSwitchedOn = null as unknown as undefined;

/**
 * Runs before GraphiQL.
 *
 * - GraphiQL would fill in the headers that another page of this origin has stored, and send them here: no person has switched
 *   that on.
 * - The documentation lists types by name, and leaves out what only a federation gateway calls.
 * - A response that refuses the token says where one is typed.
 */
const prelude = `
  try {
    if (localStorage.getItem('graphiql:shouldPersistHeaders') !== 'true') localStorage.removeItem('graphiql:headers');
  } catch {}
  {
    const { fetch } = globalThis;
    const isFederation = ({ name }) => name.startsWith('_') && !name.startsWith('__');
    const adapt = (result) => {
      const schema = result?.data?.__schema;
      if (Array.isArray(schema?.types)) {
        schema.types = schema.types.filter((type) => !isFederation(type)).sort((a, b) => (a.name < b.name ? -1 : 1));
        for (const type of schema.types) type.fields = type.fields?.filter((field) => !isFederation(field)) ?? null;
      }
      for (const error of result?.errors ?? [])
        if (error.extensions?.code === 'UNAUTHENTICATED')
          error.message += ' In GraphiQL: open Headers below the query, and type {"Authorization": "Bearer ..."}.';
      return result;
    };
    globalThis.fetch = async (...request) => {
      const response = await fetch(...request);
      if (!/json/.test(response.headers.get('content-type') ?? '')) return response;
      const text = await response.text();
      let body = text;
      try {
        body = JSON.stringify(adapt(JSON.parse(text)));
      } catch {}
      const { status, statusText, headers } = response;
      return new Response(body, { status, statusText, headers });
    };
  }`;

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

/** Where the SDL of the subgraph is, for composition without a GraphQL request. */
export const sdlPath = '/schema.graphql';

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
