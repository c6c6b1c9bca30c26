/**
 * The unit: node:http and undici's `Pool.dispatch`, and nothing else. It reads a list of runs, requests each distinct one
 * once, and concatenates the bytes of the responses, of which it understands nothing.
 */
import { createServer } from 'node:http';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import { port } from './environment.ts';
import { createDispatchClient } from './upstream-client.ts';

const getBytes = createDispatchClient();

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    try {
      const bytes = await answer(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
      response.end(bytes);
    } catch {
      response.writeHead(502).end();
    }
  });
}).listen(port, '127.0.0.1');

const [open, comma, close] = [Buffer.from('['), Buffer.from(','), Buffer.from(']')];

async function answer(keys: readonly MonitorRunKey[]): Promise<Buffer> {
  const distinct = new Map<string, Promise<Buffer>>();
  for (const key of keys) {
    const name = `${key.monitorId}/${key.runId}`;
    if (!distinct.has(name)) distinct.set(name, getBytes(key));
  }
  await Promise.all(distinct.values());
  const parts: Buffer[] = [];
  for (const { monitorId, runId } of keys) {
    parts.push(parts.length === 0 ? open : comma, (await distinct.get(`${monitorId}/${runId}`)) ?? comma);
  }
  parts.push(close);
  return Buffer.concat(parts);
}
