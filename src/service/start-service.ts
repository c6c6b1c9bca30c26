/** Reads the environment, listens, stops. Nothing has an effect but what is called from here. */
import { once } from 'node:events';
import { type AddressInfo, isIPv6 } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { type Config, ConfigError, readConfig, readSandboxConfig } from '../config/config.ts';
import { exampleManifest } from '../config/read-manifests.ts';
import { MissingPackageError } from '../core/import-module.ts';
import { defaultLimits } from '../core/limits.ts';
import { createGateway } from '../gateway/create-gateway.ts';
import { exampleOperations } from '../generated/example-operations.ts';
import { ManifestError } from '../graphql/documents/persisted-documents.ts';
import { createLineWriter, type LineWriter } from '../observability/log-writer.ts';
import { createLog, type Log } from '../observability/logger.ts';
import { createPrettyLines } from '../observability/pretty-lines.ts';
import type { RunCache } from '../run-cache/run-cache.ts';
import { createGracefulShutdown } from '../server/graceful-shutdown.ts';
import { createServer } from '../server/server.ts';
import { CommandLineError, readCommand } from './command-line.ts';
import { withRotatedSecrets } from './secret-rotation.ts';
import type { ShutdownSignals } from './shutdown-signals.ts';
import { applyV8Flags } from './v8-flags.ts';

/** Starts the service, as the environment and the command line have it. */
export async function startService(signals: ShutdownSignals): Promise<void> {
  try {
    const command = readCommand(process.argv.slice(2));
    if (command === 'check') await check();
    else await start(command === 'sandbox', signals);
  } catch (error) {
    // What the operator can mend is one message; anything else is a bug, and its stack is wanted.
    console.error(isOperatorError(error) ? error.message : error);
    process.exitCode = 1;
  }
}

/** Says whether the environment configures a service; nothing listens, and nothing is called. */
async function check(): Promise<void> {
  const { gateway: config, limits, warnings } = readConfig(process.env);
  if (warnings.length > 0) throw new ConfigError(warnings);
  const gateway = createGateway({ ...config, runCache: false, exampleDocuments: exampleManifest, limits });
  await gateway.close();
  console.log('The configuration is usable.');
}

async function start(isSandbox: boolean, signals: ShutdownSignals): Promise<void> {
  const { config: given, close } = isSandbox
    ? await readSandbox()
    : { config: readConfig(process.env), close: () => {} };
  const lines = createLineWriter(process.stdout.fd);
  process.once('exit', lines.flush);
  const isPretty = given.logFormat === 'pretty';
  const log = createLog(given.logLevel, isPretty ? await createPrettyLines(lines, process.stdout.isTTY) : lines);
  for (const warning of given.warnings) log.warn({ warning }, 'unknown variable');
  const { secretFilesPollMs } = { ...defaultLimits, ...given.limits };
  const config = isSandbox ? given : withRotatedSecrets(process.env, given, log, secretFilesPollMs);
  const runCache = await openRunCache(config, log);
  await serve({ config, log, lines, runCache, isSandbox, close }, signals).catch(async (error) => {
    // Open handles would hold a process that can't start.
    if (typeof runCache === 'object') await runCache.close();
    close();
    throw error;
  });
}

/** What the service is made of, beside what comes with the package. */
interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly lines: LineWriter;
  readonly runCache: boolean | RunCache;
  readonly isSandbox: boolean;
  /** Ends the upstreams of the service, where these are a part of the process. */
  close(): void;
}

async function serve(parts: Parts, signals: ShutdownSignals): Promise<void> {
  const { config, log, lines, runCache, isSandbox, close } = parts;
  const { limits } = config;
  const gateway = createGateway({
    ...config.gateway,
    runCache,
    exampleDocuments: exampleManifest,
    limits,
    log,
    bodyLimitEnforced: true,
  });
  const gracefulShutdown = createGracefulShutdown({ ...defaultLimits, ...limits });
  const server = createServer({
    ...config.httpServer,
    gateway,
    log,
    operations: exampleOperations,
    limits,
    gracefulShutdown,
  });
  // All of the start may have been one turn of the event loop: a signal that came in it is heard now, before any client is admitted.
  await immediate();
  const listening = once(server, 'listening');
  // From the moment at which the system accepts clients. What prevents that is reported below.
  signals.handOver(async (signal) => {
    await listening.catch(() => {});
    log.info({ signal }, 'shutting down');
    await gracefulShutdown.stop();
    // A thread that writes to a reader that doesn't read would hold the process for ever, `process.exit` or not.
    if (!(await lines.drain(5_000))) process.kill(process.pid, 'SIGKILL');
    // A call without a caller mustn't hold the process.
    setTimeout(() => process.exit(), 500).unref();
    await gateway.close();
    close();
  });
  server.listen(config.port, config.host);
  await listening;
  applyV8Flags();
  // A process manager may send a signal as soon as it reads that the service listens.
  const url = toUrl(config.host, (server.address() as AddressInfo).port);
  if (isSandbox) printWelcome(url, exampleOperations);
  else log.info({ url, providers: Object.keys(config.gateway.providers ?? {}) }, 'listening');
  // Once the first requests are answered, and before there are many.
  setTimeout(() => {
    gateway.prepare().catch(({ stack }: Error) => log.error({ error: stack }, 'unexpected error'));
  }, 1_000).unref();
}

/** Whether runs are cached, or the store outside that they are cached in. */
async function openRunCache({ redisUrl: url, gateway, limits }: Config, log: Log): Promise<boolean | RunCache> {
  if (url === undefined) return gateway.runCache ?? true;
  const { createRedisCache } = await import('../run-cache/redis/redis-cache.ts');
  return createRedisCache({ url, log, limits: { ...defaultLimits, ...limits } });
}

/** The configuration of the sandbox: nothing of the environment that could lead outside. */
async function readSandbox(): Promise<{ config: Config; close: () => void }> {
  const config = readSandboxConfig({ LOG_LEVEL: 'warn', ...process.env });
  const { startSandbox } = await import('../sandbox/start-sandbox.ts');
  const { providers, close } = await startSandbox({ now: Date.now, seed: 1 });
  return { config: { ...config, gateway: { ...config.gateway, providers } }, close };
}

function printWelcome(url: string, operations: readonly string[]): void {
  console.log(`This is the sandbox: invented monitors and runs, served on this machine; it calls nothing outside.

GraphiQL and the graph: ${url}

A query to paste:

${operations[0]}`);
}

function toUrl(host: string, port: number): string {
  if (host === '127.0.0.1') return `http://localhost:${port}/graphql`;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}/graphql`;
}

const operatorErrors = [CommandLineError, ConfigError, ManifestError, MissingPackageError];

/** A wrong setting, a wrong document, a wrong flag, a port that is taken, a host that isn't there. */
function isOperatorError(error: unknown): error is Error {
  if (operatorErrors.some((type) => error instanceof type)) return true;
  if (!(error instanceof Error)) return false;
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === 'listen' || syscall === 'getaddrinfo';
}
