/** Every provider's stand-in, one for each account, each a real HTTP server on loopback. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccountConfig } from '../gateway/create-gateway.ts';
import type { Provider } from '../generated/types.ts';
import { providerNames, providers } from '../providers/index.ts';
import type { Sandbox, SandboxWorld } from '../providers/sandbox.ts';

/** Where the stand-in of an account is, and the key that it takes. */
type AccountAddress = Required<Pick<AccountConfig, 'apiKey' | 'baseUrl'>>;

/** The default account, and the further ones by their names. */
type ProviderAddress = AccountAddress & { readonly accounts?: Readonly<Record<string, AccountAddress>> };

/** The providers as the gateway is to be configured, and a way to end them. */
export interface RunningSandbox {
  readonly providers: Readonly<Record<Provider, ProviderAddress>>;
  close(): void;
}

/**
 * Starts a server for each account, on a port of loopback that the system chooses.
 * @param world the clock, and the seed of what is invented. @default the time of the system, and 1
 */
export async function startSandbox({ now = Date.now, seed = 1 }: Partial<SandboxWorld> = {}): Promise<RunningSandbox> {
  const world: SandboxWorld = { now, seed };
  const servers: Server[] = [];
  const start = async (sandbox: Sandbox): Promise<AccountAddress> => {
    const server = serve(sandbox);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    // It is there for the service, and doesn't hold a process that has none.
    server.unref();
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { apiKey: sandbox.apiKey, baseUrl: `http://127.0.0.1:${port}` };
  };
  const startProvider = async (provider: Provider): Promise<[Provider, ProviderAddress]> => {
    const { createSandbox, accounts = [] } = await providers[provider].loadSandbox();
    const byDefault = await start(createSandbox(world));
    if (accounts.length === 0) return [provider, byDefault];
    const further = accounts.map(
      async (account) => [account, await start(createSandbox({ ...world, account }))] as const,
    );
    return [provider, { ...byDefault, accounts: Object.fromEntries(await Promise.all(further)) }];
  };
  return {
    providers: Object.fromEntries(await Promise.all(providerNames.map(startProvider))) as RunningSandbox['providers'],
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
