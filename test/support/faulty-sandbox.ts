/** The sandbox's Datafold behind a proxy that makes it fail: what it answers is replaced, or a monitor of its list is. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';

/** What is wrong with the provider. */
export interface Faults {
  /** The status of every response. */
  status?: number | undefined;
  /** Whether no response comes. */
  isSilent?: boolean;
  /** The members of each monitor of the list that differ from the sandbox's. */
  monitor?: (id: number) => Readonly<Record<string, unknown>>;
}

export interface FaultySandbox {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** To be changed at any time. */
  faults: Faults;
  close(): void;
}

interface ListedMonitors {
  readonly monitors?: readonly Readonly<Record<string, unknown>>[];
}

export async function startFaultySandbox(): Promise<FaultySandbox> {
  const sandbox = await startSandbox();
  const { apiKey, baseUrl } = sandbox.providers.DATAFOLD;
  const silent = new Set<ServerResponse>();
  const send = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  const server = createServer(async (request, response) => {
    const { status, isSilent = false, monitor } = world.faults;
    if (isSilent) return void silent.add(response);
    if (status !== undefined) return void send(response, status, { detail: 'a fault' });
    const { authorization = '' } = request.headers;
    const answer = await fetch(new URL(request.url ?? '/', baseUrl), { headers: { authorization } });
    const body = (await answer.json()) as ListedMonitors;
    const monitors = body.monitors?.map((each) => ({ ...each, ...monitor?.(Number(each.id)) }));
    return void send(response, answer.status, monitors === undefined ? body : { ...body, monitors });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const world: FaultySandbox = {
    apiKey: String(apiKey),
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: {},
    close() {
      server.close();
      server.closeAllConnections();
      sandbox.close();
    },
  };
  return world;
}
