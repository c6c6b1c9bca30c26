/** Hive Gateway over our OpenAPI documents: no code, and a schema that it generates. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import RestTransport from '@graphql-mesh/transport-rest';
import { built } from '../paths.ts';
import { port } from './environment.ts';

const gateway = createGatewayRuntime({
  supergraph: readFileSync(built('supergraph.graphql'), 'utf8'),
  transports: { rest: RestTransport },
  logging: false,
});

createServer(gateway).listen(port, '127.0.0.1');
