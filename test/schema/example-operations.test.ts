import { expect, it } from 'vitest';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { createWorld } from '../support/world.ts';

/** The run of the one has no error; those of the other haven't ended when the sandbox starts, which is what it shows. */
const mayBeNull: ReadonlySet<string> = new Set(['.datafoldRun.error', '.monitorRuns.outcome']);

it.each(exampleOperations.map((text) => [text.match(/query (\w+)/)?.[1], text]))(
  'answers the example operation %s on the sandbox, without errors and without null runs',
  async (_name, text) => {
    const sandbox = await startSandbox({ now: Date.now, seed: 1 });
    const world = await createWorld({ providers: sandbox.providers });

    const { data, errors } = await world.execute(text);
    sandbox.close();

    expect(errors).toBeUndefined();
    expect(Object.values(data).flat()).not.toContain(null);
    expect(findAlwaysNull(data).filter((path) => !mayBeNull.has(path))).toEqual([]);
  },
);

/** The fields that are `null` wherever they are selected, by their paths without places in lists: they would show nothing. */
function findAlwaysNull(data: object): string[] {
  const isNull = new Map<string, boolean>();
  const note = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      for (const item of value) note(item, path);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, field] of Object.entries(value)) note(field, `${path}.${name}`);
    } else isNull.set(path, value === null && isNull.get(path) !== false);
  };
  note(data, '');
  return [...isNull].flatMap(([path, isAlways]) => (isAlways ? [path] : []));
}
