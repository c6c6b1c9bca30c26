/** The process: reads the environment, listens, stops. The only file with effects. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { type Config, ConfigError, readConfig, readSandboxConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { createLifeCycle } from './http/life-cycle.ts';
import { createServer } from './http/server.ts';
import { defaultLimits } from './limits.ts';
import { createLog, type Log } from './log.ts';
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
  const { limits } = config;
  const log = createLog(config.logLevel);
  const gateway = createGateway({ ...config.gateway, limits, log, isBodyCounted: true });
  const operations = readOperations();
  const lifeCycle = createLifeCycle({ ...defaultLimits, ...limits });
  const server = createServer({ ...config.door, gateway, log, operations, limits, lifeCycle });
  server.listen(config.port, config.host);
  await once(server, 'listening').catch((error) => {
    close();
    throw error;
  });
  endOnSignal(async (signal) => {
    log.info({ signal }, 'stopping');
    await lifeCycle.stop();
    // A call that nobody waits for any more mustn't keep the process.
    setTimeout(() => process.exit(), 500).unref();
    await gateway.close();
    close();
  });
  // Whoever reads that it listens may tell it to stop.
  greet(config, (server.address() as AddressInfo).port, operations, log);
}

/** The first signal ends the process well; the second, at once. */
function endOnSignal(stop: (signal: NodeJS.Signals) => Promise<void>): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      void stop(signal);
    });
  }
}

/** The configuration of `npm run sandbox`: nothing of the environment that could lead outside. */
async function readSandbox(): Promise<{ config: Config; close: () => void }> {
  const config = readSandboxConfig({ LOG_LEVEL: 'warn', ...process.env });
  const { startSandbox } = await import('./sandbox.ts');
  const { providers, close } = await startSandbox({ now: Date.now, seed: 1 });
  return { config: { ...config, gateway: { ...config.gateway, providers } }, close };
}

function greet({ host, gateway }: Config, port: number, operations: readonly string[], log: Log): void {
  const url = `http://${host === '127.0.0.1' ? 'localhost' : host}:${port}/graphql`;
  if (!flags.sandbox) {
    log.info({ url, providers: Object.keys(gateway.providers ?? {}) }, 'listening');
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
