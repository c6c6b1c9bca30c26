/** Apollo Server with its own data source for REST, as its users write it: with its own HTTP client, not undici. */
import { RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { port, upstreamUrl } from './environment.ts';
import { type Context, createSchema, toRun } from './graph.ts';

/** Created for each request: it requests each distinct run once. */
class Runs extends RESTDataSource {
  override baseURL = upstreamUrl;

  async load(key: MonitorRunKey): Promise<unknown> {
    const { provider, monitorId, runId } = key;
    const path = `/${provider === 'DATAFOLD' ? 'api/v1' : 'v1'}/monitors/${monitorId}/runs/${runId}`;
    return toRun(key, await this.get(path, { headers: { authorization: 'Bearer key' } }));
  }
}

const server = new ApolloServer<Context>({ schema: createSchema() });

await startStandaloneServer(server, {
  listen: { port, host: '127.0.0.1', path: '/graphql' },
  context: async () => ({ runs: new Runs({ cache: server.cache }) }),
});
