/**
 * A separate process that runs out of file descriptors: it starts the service, opens a connection for each request below, takes
 * all descriptors, sends the requests, frees the descriptors, and sends them again. Its output is the statuses, as JSON.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { text } from 'node:stream/consumers';
import { importModule } from '../../src/core/import-module.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { createServer } from '../../src/server/server.ts';

const jwt = { jwksUrl: 'http://127.0.0.1:1', issuer: 'issuer', audience: 'audience' };
const json = { 'content-type': 'application/json' };
const graphqlJson = { 'content-type': 'application/graphql+json' };
const opened = { authorization: 'Bearer a-token-of-a-test' };

/** What each request is the first to need. */
const requests = {
  slowPath: {
    method: 'POST',
    path: '/graphql',
    headers: { ...graphqlJson, ...opened },
    body: '{"query":"{ unknown }"}',
  },
  graphiql: { method: 'GET', path: '/graphql', headers: { accept: 'text/html' }, body: '' },
  // Of no form that a token has: the keys of the issuer aren't needed.
  jwt: { method: 'POST', path: '/graphql', headers: { ...json, authorization: 'Bearer a.bad.token' }, body: '{}' },
};

const gateway = createGateway({ credentials: 'forwarded', log: silentLog });
const apiTokens = ['a-token-of-a-test'];
const server = createServer({ gateway, log: silentLog, operations: [], apiTokens, jwt });
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

/** Sends a request over a new connection, which stays open. */
async function send(
  agent: Agent,
  { body, ...target }: { method: string; path: string; headers?: object; body: string },
) {
  const sent = request({ ...target, agent, port, host: '127.0.0.1', headers: { ...target.headers } });
  const response = new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (message) => {
      text(message).then((body) => resolve({ status: message.statusCode, body }), reject);
    });
  });
  sent.end(body);
  return (await response).status;
}

const clients = Object.entries(requests).map(([name, target]) => ({
  name,
  send: () => send(agentOf(name), target),
  connect: () => send(agentOf(name), { method: 'GET', path: '/health', body: '' }),
}));
const agents = new Map<string, Agent>();
function agentOf(name: string): Agent {
  const agent = agents.get(name) ?? new Agent({ keepAlive: true, maxSockets: 1 });
  agents.set(name, agent);
  return agent;
}

async function sendAll() {
  const statuses: Record<string, number | undefined> = {};
  for (const { name, send } of clients) statuses[name] = await send();
  return statuses;
}

/** Takes all descriptors but so many. */
function exhaust(free: number): () => void {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync(devNull, 'r'));
  } catch {
    for (const descriptor of taken.splice(taken.length - free)) closeSync(descriptor);
  }
  return () => {
    for (const descriptor of taken) closeSync(descriptor);
  };
}

/** A module whose own file can be read, and whose evaluation needs two more descriptors at a time. */
const hungry = `data:text/javascript,${encodeURIComponent(`
  import { closeSync, openSync } from 'node:fs';
  import { devNull } from 'node:os';
  for (const descriptor of [openSync(devNull, 'r'), openSync(devNull, 'r')]) closeSync(descriptor);
`)}`;
const importHungry = () =>
  importModule(() => import(hungry)).then(
    () => 'imported',
    ({ code }: NodeJS.ErrnoException) => code,
  );

for (const { connect } of clients) await connect();
let free = exhaust(0);
const exhausted = await sendAll();
free();
const recovered = await sendAll();
free = exhaust(1);
const withOneFree = await importHungry();
free();
writeSync(1, JSON.stringify({ exhausted, recovered, evaluation: [withOneFree, await importHungry()] }));
process.exit();
