import { expect, it } from 'vitest';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { createWorld } from '../support/world.ts';

it.each(exampleOperations.map((text) => [text.match(/query (\w+)/)?.[1], text]))(
  'answers the example operation %s on the sandbox, without errors and without null runs',
  async (_name, text) => {
    const sandbox = await startSandbox({ now: Date.now, seed: 1 });
    const world = await createWorld({ providers: sandbox.providers });

    const { data, errors } = await world.execute(text);
    sandbox.close();

    expect(errors).toBeUndefined();
    expect(Object.values(data).flat()).not.toContain(null);
  },
);
