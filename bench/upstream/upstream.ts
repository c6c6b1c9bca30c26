/** The upstream's process. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { loadCpu, spawnOn } from '../measure/pinned.ts';
import { binary, built } from '../paths.ts';
import { runs, runsPage } from './runs.ts';

const port = 4_800;
const delayMs = 20;

export const upstreamUrl = `http://127.0.0.1:${port}`;

export interface Upstream {
  readonly url: string;
  /** How many runs were requested since it started. */
  count(): Promise<number>;
  stop(): void;
}

/** Starts it, on the processor of what produces load. */
export async function startUpstream(): Promise<Upstream> {
  const routes = built('routes.txt');
  const lines = [...runs, runsPage].map(
    ({ path, isDelayed, body }) => `${path}\t${isDelayed ? 1 : 0}\t${JSON.stringify(body)}\n`,
  );
  writeFileSync(routes, lines.join(''));
  const child = spawnOn(loadCpu, binary('upstream'), [`${port}`, `${delayMs}`, routes], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isUp = await Promise.race([once(child.stdout ?? child, 'data').then(() => true), once(child, 'exit')]);
  if (isUp !== true) throw new Error(`The upstream did not start: is port ${port} taken?`);
  return {
    url: upstreamUrl,
    count: async () => Number(await (await fetch(`${upstreamUrl}/count`)).text()),
    stop: () => child.kill(),
  };
}
