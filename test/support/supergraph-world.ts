/** The service in a supergraph: Hive Gateway as the example configures it, the example's incidents, and real HTTP in between. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';
import { onTestFinished } from 'vitest';
import { composeSupergraph } from '../../examples/supergraph/compose.ts';
import { gatewayConfig } from '../../examples/supergraph/gateway.config.ts';
import { createIncidents, type Incident } from '../../examples/supergraph/incidents.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { type Answer, createWorld, type World } from './world.ts';

export interface Supergraph {
  /** The service, and the providers behind it. */
  readonly world: World;
  /** Posts an operation to the gateway and returns the answer. */
  execute(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** @param incidents those that the other subgraph has; the example's, unless they are given */
export async function createSupergraph(
  incidents?: readonly Incident[],
  config: Partial<GatewayConfig> = {},
): Promise<Supergraph> {
  const world = await createWorld(config);
  const INCIDENTS_URL = await serve(createIncidents(incidents));
  return startGateway(world, composeSupergraph({ RUNS_URL: world.url, INCIDENTS_URL }));
}

/** Another subgraph, given by its schema and by what its query has. */
export interface OtherSubgraph {
  readonly sdl: string;
  readonly root: Readonly<Record<string, unknown>>;
}

/** The service beside another subgraph. */
export async function createSupergraphWith({ sdl, root }: OtherSubgraph): Promise<Supergraph> {
  const world = await createWorld();
  const link =
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])';
  const schema = createSchema({
    // The directives are defined by federation, and by nothing here.
    assumeValidSDL: true,
    typeDefs: `${link} ${sdl}`,
    resolvers: { Query: Object.fromEntries(Object.entries(root).map(([name, value]) => [name, () => value])) },
  });
  const other = createYoga({ schema, logging: false });
  const { supergraphSdl, errors } = composeServices([
    { name: 'runs', url: world.url, typeDefs: parse(readFileSync('subgraph.graphql', 'utf8')) },
    {
      name: 'other',
      url: await serve(other),
      typeDefs: parse(`${link} ${sdl}`),
    },
  ]);
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? []);
  return startGateway(world, supergraphSdl);
}

/** Serves a subgraph until the test is over, and returns its URL. */
async function serve(subgraph: RequestListener): Promise<string> {
  const server = createServer(subgraph).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

function startGateway(world: World, supergraph: string): Supergraph {
  const gateway = createGatewayRuntime({ ...gatewayConfig, supergraph, logging: false });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return {
    world,
    async execute(query, variables, headers) {
      const response = await gateway.fetch('http://gateway.test/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer;
    },
  };
}
