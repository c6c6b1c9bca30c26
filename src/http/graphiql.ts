/** GraphiQL, wholly from this process: no script, font or picture of the page comes from elsewhere. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Whether a browser wants to look at the graph. */
export const wantsPage = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.accept?.includes('text/html') === true;

/**
 * Makes the page, with one tab an operation. The page is nine megabytes and its package slow to load, so both wait for
 * the first view and are then kept.
 */
export function createGraphiQL(endpoint: string, operations: readonly string[]) {
  const render = async () => {
    const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
    const page = renderGraphiQL({
      title: 'monitor-graph',
      endpoint,
      defaultTabs: operations.map((query) => ({ query })),
      schemaDescription: true,
    });
    return promisify(gzip)(page);
  };
  let page: Promise<Buffer> | undefined;

  return async (response: ServerResponse): Promise<void> => {
    page ??= render();
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip', vary: 'accept' });
    response.end(await page);
  };
}
