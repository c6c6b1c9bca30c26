/** The process: reads the environment, listens, stops. The only file with effects. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { type Config, ConfigError, readConfig, readListenConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { createServer } from './http/server.ts';
import { createLog } from './log.ts';
import { readOperations } from './operations/index.ts';

const { values: flags } = parseArgs({ options: { sandbox: { type: 'boolean', default: false } } });

try {
  await start();
} catch (error) {
  // What the operator can mend is one message; anything else is a bug, and its stack is wanted.
  console.error(isMendable(error) ? error.message : error);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  const { config, close } = flags.sandbox ? await readSandbox() : { config: readConfig(process.env), close: () => {} };
  const log = createLog(config.logLevel);
  const gateway = createGateway({ ...config.gateway, log, isBodyCounted: true });
  const operations = readOperations();
  const server = createServer({ gateway, log, operations });
  server.listen(config.port, config.host);
  await once(server, 'listening').catch((error) => {
    close();
    throw error;
  });
  greet(config, (server.address() as AddressInfo).port, operations);

  const stop = async () => {
    server.close();
    server.closeIdleConnections();
    await once(server, 'close');
    await gateway.close();
    close();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** The configuration of `npm run sandbox`: nothing of the environment that could lead outside. */
async function readSandbox(): Promise<{ config: Config; close: () => void }> {
  const listen = readListenConfig({ LOG_LEVEL: 'warn', ...process.env });
  const { startSandbox } = await import('./sandbox.ts');
  const { providers, close } = await startSandbox({ now: Date.now, seed: 1 });
  return { config: { ...listen, gateway: { providers } }, close };
}

function greet({ host, logLevel, gateway }: Config, port: number, operations: readonly string[]): void {
  const url = `http://${host === '127.0.0.1' ? 'localhost' : host}:${port}/graphql`;
  if (!flags.sandbox) {
    createLog(logLevel).info({ url, providers: Object.keys(gateway.providers ?? {}) }, 'listening');
    return;
  }
  console.log(`This is the sandbox: invented monitors and runs, served on this machine; nothing is asked outside.

GraphiQL and the graph: ${url}

A query to paste:

${operations[0]}`);
}

function isMendable(error: unknown): error is Error {
  return error instanceof ConfigError || (error instanceof Error && 'syscall' in error && error.syscall === 'listen');
}
