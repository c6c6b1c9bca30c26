/** Starts the gateway on this machine: Hive Gateway's runtime behind a server of Node.js. */
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { gatewayConfig } from './gateway.config.ts';

const port = 4100;

createServer(createGatewayRuntime(gatewayConfig)).listen(port, '127.0.0.1', () => {
  console.log(`The gateway answers at http://localhost:${port}/graphql`);
});
