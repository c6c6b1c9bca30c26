/** Olostep's stand-in: its answers. */
import type { CreateSandbox, SandboxAnswer } from '../provider.ts';
import type { components } from './openapi.d.ts';
import { createWorld } from './sandbox/world.ts';

const apiKey = 'sandbox-olostep-key';
const runPath = /^\/v1\/monitors\/([^/]+)\/runs\/([^/]+)$/;

/** Makes the stand-in. */
export const createSandbox: CreateSandbox = (sandboxWorld) => {
  const world = createWorld(sandboxWorld);
  return {
    apiKey,
    answer({ path, authorization }) {
      const [, monitorId, runId] = runPath.exec(path) ?? [];
      if (monitorId === undefined || runId === undefined) return toRefusal(404, 'Not found');
      if (authorization !== `Bearer ${apiKey}`) return toRefusal(401, 'Invalid API key');
      // The prefixes are all that Olostep promises of its ids.
      if (!monitorId.startsWith('monitor_')) return toRefusal(400, 'Invalid monitor_id');
      if (!runId.startsWith('run_')) return toRefusal(400, 'Invalid run_id');
      if (!world.monitorIds.includes(monitorId)) return toRefusal(404, 'Monitor not found');
      const run = world.findRun(monitorId, runId);
      // Olostep words its 404 for the monitor alone; what it says to an unknown run isn't documented.
      return run === undefined ? toRefusal(404, 'Run not found') : { status: 200, body: run };
    },
  };
};

/** Olostep documents the body of 400 alone. The others are taken to be alike. */
const toRefusal = (status: number, error: string): SandboxAnswer => ({
  status,
  body: { error } satisfies components['schemas']['ErrorResponse'],
});
