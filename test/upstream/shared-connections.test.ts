/** Which calls share a connection, and what a provider sends behind its response. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { datafoldBody } from '../support/bodies.ts';
import { createWorld, type World } from '../support/world.ts';

/** A response, and a whole one more without a request. */
const toResponse = (error: string | null) => {
  const body = JSON.stringify({ ...datafoldBody, error });
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
};

/** A Datafold that answers each request as the test says, given its connection and its key. */
async function createRawWorld(answer: (socket: Socket, key: string) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.setNoDelay());
    socket.on('error', () => {});
    socket.on('data', (head) => answer(socket, /^authorization: Key (.*)\r$/im.exec(String(head))?.[1] ?? ''));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const world = await createWorld({
    credentials: 'forwarded',
    providers: { DATAFOLD: { baseUrl: `http://127.0.0.1:${port}` } },
    limits: { maxAttempts: 1 },
  });
  return { world, sockets };
}

const requestWith = (world: World, key: string) =>
  world.execute(
    '{ datafoldRun(monitorId: 7, runId: 42) { error } }',
    {},
    { headers: { 'content-type': 'application/json', 'x-datafold-api-key': key } },
  );
const found = (error: string | null) => ({ data: { datafoldRun: { error } } });

it('What a provider sends behind a response never reaches a call with another key, however late it comes', async () => {
  const before: Socket[] = [];
  const { world } = await createRawWorld((socket, key) => {
    // The rest of the first response comes when the next request is there: on its connection it can't be distinguished.
    for (const other of before.splice(0)) other.write(toResponse('of the first tenant'));
    if (key === 'first-tenant-key') before.push(socket);
    if (!socket.destroyed) socket.write(toResponse(null));
  });

  expect(await requestWith(world, 'first-tenant-key')).toEqual(found(null));
  expect(await requestWith(world, 'second-tenant-key')).toEqual(found(null));
  expect(await requestWith(world, 'second-tenant-key')).toEqual(found(null));
});

it('A connection on which something came behind a response is closed', async () => {
  const { world, sockets } = await createRawWorld((socket) => void socket.write(toResponse(null)));
  expect(await requestWith(world, 'first-tenant-key')).toEqual(found(null));

  const closed = once(sockets[0] as Socket, 'close');
  sockets[0]?.write(toResponse('without a request'));
  await closed;
  await setImmediate();

  expect(await requestWith(world, 'first-tenant-key')).toEqual(found(null));
  expect(sockets).toHaveLength(2);
});

it('A key has its connection for itself, and uses it again', async () => {
  const { world, sockets } = await createRawWorld((socket) => void socket.write(toResponse(null)));

  for (const key of ['first-tenant-key', 'second-tenant-key', 'first-tenant-key', 'second-tenant-key'])
    expect(await requestWith(world, key)).toEqual(found(null));

  expect(sockets).toHaveLength(2);
});

it('Where there may be no more connections, the one that has been free longest is closed for another key', async () => {
  const { world, sockets } = await createRawWorld((socket) => void socket.write(toResponse(null)));
  const keys = Array.from({ length: 32 }, (_, n) => `tenant-${n}-with-a-key`);
  for (const key of [...keys, keys[0] as string]) expect(await requestWith(world, key)).toEqual(found(null));
  expect(sockets).toHaveLength(32);

  const closed = once(sockets[1] as Socket, 'close');
  expect(await requestWith(world, 'one-more-tenant-key')).toEqual(found(null));
  await closed;

  expect(sockets).toHaveLength(33);
  expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1);
});
