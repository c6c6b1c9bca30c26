/** Datafold's stand-in: its answers. */
import type { CreateSandbox, SandboxAnswer } from '../provider.ts';
import type { components } from './openapi.d.ts';
import { createWorld } from './sandbox/world.ts';

type Schemas = components['schemas'];

const apiKey = 'sandbox-datafold-key';
const runPath = /^\/api\/v1\/monitors\/([^/]+)\/runs\/([^/]+)$/;

/** Makes the stand-in. */
export const createSandbox: CreateSandbox = (sandboxWorld) => {
  const world = createWorld(sandboxWorld);
  return {
    apiKey,
    answer({ path, authorization }) {
      const [, id, runId] = runPath.exec(path) ?? [];
      if (id === undefined || runId === undefined) return notFound;
      if (authorization !== `Key ${apiKey}`) return unauthorized;
      const problems = toProblems({ id, run_id: runId });
      if (problems.length > 0)
        return { status: 422, body: { detail: problems } satisfies Schemas['HTTPValidationError'] };
      const run = world.findRun(Number(id), Number(runId));
      return run === undefined ? notFound : { status: 200, body: run };
    },
  };
};

/** Datafold documents no body but those of 200 and 422. A `detail` of text is what its framework sends by itself. */
const notFound: SandboxAnswer = { status: 404, body: { detail: 'Not Found' } };
const unauthorized: SandboxAnswer = { status: 401, body: { detail: 'Not authenticated' } };

/** One for each part of the path that should be an integer and isn't. */
const toProblems = (parts: Readonly<Record<string, string>>): Schemas['ValidationError'][] =>
  Object.entries(parts)
    .filter(([, text]) => !/^-?\d+$/.test(text))
    .map(([name]) => ({
      loc: ['path', name],
      msg: 'Input should be a valid integer, unable to parse string as an integer',
      type: 'int_parsing',
    }));
