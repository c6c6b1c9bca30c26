/** The folder examples/supergraph, as far as it runs on this machine alone. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/config.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { createSupergraph } from '../support/supergraph-world.ts';

const read = (file: string) => readFileSync(`examples/supergraph/${file}`, 'utf8');
const readme = read('README.md');
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(readme)?.[1] ?? '';

/** The supergraph on the sandbox, at the time at which the page's answer was given. */
async function createExample() {
  const { providers } = await startSandbox({ now: () => Date.UTC(2026, 10, 22, 9), seed: 1 });
  return createSupergraph(undefined, { providers });
}

it('federation example: answers the query of its page as the page says', async () => {
  const { execute } = await createExample();
  expect(await execute(block('graphql'))).toEqual(JSON.parse(block('json')));
});

it('federation example: answers the query in the other direction', async () => {
  const { execute } = await createExample();

  const { data, errors } = await execute(read('runs-of-incidents.graphql'));

  expect(errors).toBeUndefined();
  expect(data.incidents).toMatchObject([
    { run: { id: 'DATAFOLD:7:42', outcome: 'FINDING', state: 'ALERT' } },
    { run: { outcome: 'FINDING', finishedAt: '2026-11-22T08:00:32.933Z' } },
    { run: { id: 'DATAFOLD:7:42' } },
  ]);
});

it('federation example: composes from a shell, for the configured hosts', async () => {
  const env = { RUNS_URL: 'http://runs:4000/graphql', INCIDENTS_URL: 'http://incidents:4001/graphql' };
  const { stdout } = await promisify(execFile)(process.execPath, ['compose.ts'], { cwd: 'examples/supergraph', env });
  for (const url of Object.values(env)) expect(stdout).toContain(`url: "${url}"`);
});

it('federation example: starts three replicas with an environment that the service takes', () => {
  const { services } = parse(read('compose.yaml'));
  expect(services.runs.deploy.replicas).toBe(3);
  expect(readConfig(services.runs.environment)).toMatchObject({ port: 4000, gateway: { credentials: 'forwarded' } });
});
