import { readFileSync } from 'node:fs';
import { parse, print } from 'graphql';
import { expect, it } from 'vitest';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { documentation, readBlocks } from '../support/documentation.ts';
import { createWorld } from '../support/world.ts';

/** The time at which the README's answers were given. */
const now = () => Date.UTC(2026, 10, 22, 9);

it('shows only queries that are example operations, and the answer of the first', async () => {
  const [query = '', ...others] = readBlocks('graphql');
  const [answer = ''] = readBlocks('json');

  const operations = exampleOperations.map((text) => print(parse(text)));
  for (const shown of [query, ...others]) expect(operations).toContain(print(parse(shown)));
  expect(await (await createSandboxWorld()).ask(query)).toEqual(JSON.parse(answer));
});

it('has a curl that works as it is pasted', async () => {
  const [curl = ''] = readBlocks('sh').filter((block) => block.startsWith('curl'));
  const [, url, header, body = ''] = /^curl (\S+) -H '([^']+)' \\\n {2}-d '([^']+)'$/.exec(curl.trim()) ?? [];

  expect(url).toBe('http://localhost:4000/graphql');
  expect(header).toBe('content-type: application/json');
  const response = await (await createSandboxWorld()).post(body);
  expect(await response.json()).toEqual({
    data: { monitorRun: { id: 'DATAFOLD:7:42', phase: 'FINISHED', outcome: 'FINDING' } },
  });
});

it('names every variable that the example configuration has', () => {
  const variables = [...readFileSync('.env.example', 'utf8').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  expect(variables.length).toBeGreaterThan(0);
  for (const name of variables) expect(documentation).toContain(`\`${name}\``);
});

async function createSandboxWorld() {
  const sandbox = await startSandbox({ now, seed: 1 });
  return createWorld({ providers: sandbox.providers });
}
