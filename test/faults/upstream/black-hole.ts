/** A port that takes no more connections and doesn't say so: a client that tries waits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

export interface BlackHole {
  readonly port: number;
  close(): void;
}

const listener = `const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
  console.log(s.address().port))`;

/** A process that listens and is stopped before it accepts anything, and connections until its queue is full. */
export async function openBlackHole(): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  const port = Number(line);
  child.kill('SIGSTOP');
  const sockets: Socket[] = [];
  const hasRoom = () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    return Promise.race([once(socket, 'connect').then(() => true), setTimeout(300, false)]);
  };
  while (await hasRoom());
  return {
    port,
    close() {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}
