/** Every provider's stand-in, each a real HTTP server on loopback. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderConfig } from '../gateway/create-gateway.ts';
import type { Provider } from '../generated/types.ts';
import { providerNames, providers } from '../providers/index.ts';
import type { Sandbox, SandboxWorld } from '../providers/sandbox.ts';

/** Where a provider's stand-in is, and the key that it takes. */
type ProviderAddress = Required<Pick<ProviderConfig, 'apiKey' | 'baseUrl'>>;

/** The providers as the gateway is to be configured, and a way to end them. */
export interface RunningSandbox {
  readonly providers: Readonly<Record<Provider, ProviderAddress>>;
  close(): void;
}

/**
 * Starts a server for each provider, on a port of loopback that the system chooses.
 * @param world the clock, and the seed of what is invented. @default the time of the system, and 1
 */
export async function startSandbox({ now = Date.now, seed = 1 }: Partial<SandboxWorld> = {}): Promise<RunningSandbox> {
  const world: SandboxWorld = { now, seed };
  const servers: Server[] = [];
  const start = async (provider: Provider): Promise<[Provider, ProviderAddress]> => {
    const { createSandbox } = await providers[provider].loadSandbox();
    const sandbox = createSandbox(world);
    const server = serve(sandbox);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    // It is there for the service, and doesn't hold a process that has none.
    server.unref();
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return [provider, { apiKey: sandbox.apiKey, baseUrl: `http://127.0.0.1:${port}` }];
  };
  return {
    providers: Object.fromEntries(await Promise.all(providerNames.map(start))) as RunningSandbox['providers'],
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

const serve = (sandbox: Sandbox): Server =>
  createServer((request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
    const { status, headers, body } = sandbox.answer({
      path,
      query,
      header: (name) => request.headers[name]?.toString(),
    });
    response.writeHead(status, { ...headers, 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
