/** The service in a supergraph: Hive Gateway as the example configures it, the example's incidents, and real HTTP in between. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { onTestFinished } from 'vitest';
import { composeSupergraph } from '../examples/supergraph/compose.ts';
import { gatewayConfig } from '../examples/supergraph/gateway.config.ts';
import { createIncidents, type Incident } from '../examples/supergraph/incidents.ts';
import type { GatewayConfig } from '../src/gateway.ts';
import { type Answer, createWorld, type World } from './world.ts';

export interface Supergraph {
  /** The service, and the providers behind it. */
  readonly world: World;
  /** Posts an operation to the gateway and returns the answer. */
  ask(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** @param incidents those that the other subgraph has; the example's, unless they are given */
export async function createSupergraph(
  incidents?: readonly Incident[],
  config: Partial<GatewayConfig> = {},
): Promise<Supergraph> {
  const world = await createWorld(config);
  const server = createServer(createIncidents(incidents)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const supergraph = composeSupergraph({
    RUNS_URL: world.url,
    INCIDENTS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
  });
  const gateway = createGatewayRuntime({ ...gatewayConfig, supergraph, logging: false });
  onTestFinished(async () => {
    await gateway[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
  });
  return {
    world,
    async ask(query, variables, headers) {
      const response = await gateway.fetch('http://gateway.test/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer;
    },
  };
}
