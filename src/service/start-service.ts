/** Reads the command line and the environment, listens, stops. Nothing has an effect but what is called from here. */
import { once } from 'node:events';
import { type AddressInfo, isIPv6 } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { type Config, ConfigError, exampleManifest, readConfig, readSandboxConfig } from '../config/config.ts';
import { MissingPackageError } from '../core/import-module.ts';
import { defaultLimits } from '../core/limits.ts';
import { createGateway } from '../gateway/create-gateway.ts';
import { exampleOperations } from '../generated/example-operations.ts';
import { ManifestError } from '../graphql/documents/persisted-documents.ts';
import { createLineWriter, createPrettyLines, type LineWriter } from '../observability/log-writer.ts';
import { createLog, type Log } from '../observability/logger.ts';
import type { RunCache } from '../run-cache/run-cache.ts';
import { createGracefulShutdown } from '../server/graceful-shutdown.ts';
import { createLoadShedder } from '../server/load-shedding.ts';
import { createServer } from '../server/server.ts';
import { loadMetrics } from './metrics.ts';
import { loadTraces } from './open-telemetry.ts';
import { withRotatedSecrets } from './secret-rotation.ts';
import type { ShutdownSignals } from './shutdown-signals.ts';

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

/** How long a process that ends sends its last spans, in milliseconds. */
const maxFlushMs = 2_000;

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
  const traces = config.traces && (await loadTraces(config.traces, log));
  const metrics = config.metrics && (await loadMetrics(config.metrics, config.gateway.persistedDocuments));
  const gateway = createGateway({
    ...config.gateway,
    ...(metrics && { observer: metrics.observer }),
    ...(traces && { openTelemetry: traces.api }),
    runCache,
    exampleDocuments: exampleManifest,
    limits,
    log,
    bodyLimitEnforced: true,
  });
  const gracefulShutdown = createGracefulShutdown({ ...defaultLimits, ...limits });
  const loadShedder = createLoadShedder({ ...defaultLimits, ...limits });
  const server = createServer({
    ...config.httpServer,
    gateway,
    log,
    operations: exampleOperations,
    limits,
    gracefulShutdown,
    loadShedder,
    onRejected: metrics?.reject,
    metrics: metrics?.onService,
  });
  metrics?.watch(gateway, loadShedder);
  const closeMetrics = await metrics?.listen({ ...config, log });
  const closeMonitors = metrics?.watchMonitors(gateway, { log, limits });
  // All of the start may have been one turn of the event loop: a signal that came in it is heard now, before any client is admitted.
  await immediate();
  const listening = once(server, 'listening');
  // From the moment at which the system accepts clients. What prevents that is reported below.
  signals.handOver(async (signal) => {
    await listening.catch(() => {});
    log.info({ signal }, 'shutting down');
    await gracefulShutdown.stop();
    await traces?.shutdown(maxFlushMs);
    // A thread that writes to a reader that doesn't read would hold the process for ever, `process.exit` or not.
    if (!(await lines.drain(5_000))) process.kill(process.pid, 'SIGKILL');
    // A call without a caller mustn't hold the process.
    setTimeout(() => process.exit(), 500).unref();
    await gateway.close();
    closeMonitors?.();
    closeMetrics?.();
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
    gateway.prepare().then(
      () => log.debug?.({}, 'prepared'),
      ({ stack }: Error) => log.error({ error: stack }, 'unexpected error'),
    );
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

/** `start` serves the graph; `sandbox` serves invented monitors; `check` says whether the configuration is usable. */
const commands = ['start', 'sandbox', 'check'] as const;
type Command = (typeof commands)[number];

/** The command line isn't usable; says how it is. */
class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

const isCommand = (text: string): text is Command => (commands as readonly string[]).includes(text);

/**
 * Reads the command: `monitor-graph sandbox`; without one, `start`.
 * @throws {CommandLineError}
 */
function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseCommandLine(args);
  const [command = values.sandbox ? 'sandbox' : 'start', ...others] = positionals;
  if (!isCommand(command) || others.length > 0) throw new CommandLineError(expected);
  return command;
}

function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { sandbox: { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw new CommandLineError(error instanceof Error ? error.message : expected);
  }
}

const expected = `Expected one command of ${commands.join(', ')}; without one, start.`;

const operatorErrors = [CommandLineError, ConfigError, ManifestError, MissingPackageError];

/** A wrong setting, a wrong document, a wrong flag, a port that is taken, a host that isn't there. */
function isOperatorError(error: unknown): error is Error {
  if (operatorErrors.some((type) => error instanceof type)) return true;
  if (!(error instanceof Error)) return false;
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === 'listen' || syscall === 'getaddrinfo';
}

/** From so large a heap on V8 lets it grow to four times what is in use; smaller ones it limits to less itself. */
const largeHeap = 2 * 1024 ** 3;

/**
 * Sets how V8 treats a service that is there for long. Not on the command line: Node.js throws away the compiled code that it comes
 * with where V8 starts with such flags. A start takes an eighth longer then, and each `process.nextTick` five times as long for good.
 */
function applyV8Flags(): void {
  // A request's way is many short functions; by default V8 stops before it has them all in one.
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2400');
  // What Maglev took to compile is given back at once, where it was taken: by another thread, later, 12 MB stay with the allocator.
  setFlagsFromString('--no-maglev-destroy-on-background');
  // To 2.5 times: most of what is more is unneeded buffers.
  if (getHeapStatistics().heap_size_limit >= largeHeap) setFlagsFromString('--heap-growing-percent=150');
}
