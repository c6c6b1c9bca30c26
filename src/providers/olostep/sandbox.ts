/** Olostep's stand-in: its answers. */
import type { CreateSandbox, SandboxAnswer } from '../provider.ts';
import type { components } from './openapi.d.ts';
import { toEventPage, toList, toMonitor } from './sandbox/answers.ts';
import { createWorld } from './sandbox/world.ts';

const apiKey = 'sandbox-olostep-key';
const anyPath = /^\/v1\/monitors(?:\/([^/]+)(?:\/(events)|\/runs\/([^/]+))?)?$/;

/** Makes the stand-in. */
export const createSandbox: CreateSandbox = (sandboxWorld) => {
  const world = createWorld(sandboxWorld);
  return {
    apiKey,
    answer({ path, query, authorization }) {
      const parts = anyPath.exec(path);
      if (parts === null) return noRoute;
      if (authorization !== `Bearer ${apiKey}`) return toRefusal(401, 'Invalid API key');
      const [, monitorId, events, runId] = parts;
      if (monitorId === undefined) return toAnswer(toList(world, query));
      // The prefixes are all that Olostep promises of its ids, and for a single run alone it documents that it checks them.
      if (runId !== undefined && !monitorId.startsWith('monitor_')) return toRefusal(400, 'Invalid monitor_id');
      if (runId?.startsWith('run_') === false) return toRefusal(400, 'Invalid run_id');
      if (!world.monitorIds.includes(monitorId)) return toRefusal(404, 'Monitor not found');
      if (events !== undefined) return toAnswer(toEventPage(world, monitorId, query));
      if (runId === undefined) return toAnswer(toMonitor(world, monitorId, query));
      // Olostep words its 404 for the monitor alone; what it says to an unknown run isn't documented.
      return toAnswer(world.findRun(monitorId, runId), 404, 'Run not found');
    },
  };
};

/** What the gateway in front of Olostep says of a path that there is none of, as Olostep's SDK knows it. */
const noRoute: SandboxAnswer = {
  status: 403,
  headers: { 'x-amzn-errortype': 'IncompleteSignatureException' },
  body: { message: 'Invalid key=value pair (missing equal-sign) in Authorization header.' },
};

/** The body, or a refusal where there is none. */
const toAnswer = (body: object | undefined, status = 404, error = 'Not found'): SandboxAnswer =>
  body === undefined ? toRefusal(status, error) : { status: 200, body };

/** Olostep documents the body of 400 alone. The others are taken to be alike. */
const toRefusal = (status: number, error: string): SandboxAnswer => ({
  status,
  body: { error } satisfies components['schemas']['ErrorResponse'],
});
