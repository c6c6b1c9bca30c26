/** README.md and docs/: everything that they show works, and every link leads somewhere. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, print } from 'graphql';
import { expect, it } from 'vitest';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { documentation, readBlocks } from '../support/documentation.ts';
import { createWorld } from '../support/world.ts';

const read = (page: string) => readFileSync(page, 'utf8');
const readme = read('README.md');
const pages = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  ...globSync('docs/**/*.md'),
  ...globSync('examples/**/*.md'),
];

/** The time at which the README's response was sent. */
const now = () => Date.UTC(2026, 10, 22, 9);

it('the README shows an example operation, what failed, and which monitors are red, with their responses', async () => {
  const queries = readBlocks('graphql', readme);
  const responses = readBlocks('json', readme);

  expect(exampleOperations.map((text) => print(parse(text)))).toContain(print(parse(queries[0] ?? '')));
  expect(queries.map((query) => /\b(?:monitorRuns|runs|monitorList)\b/.exec(query)?.[0])).toEqual([
    ...['monitorRuns', 'runs', 'monitorList'],
  ]);
  const world = await createSandboxWorld();
  for (const [place, query] of queries.entries())
    expect(await world.execute(query)).toEqual(JSON.parse(responses[place] ?? ''));
});

it('every query that a page shows is answered by the sandbox, without errors and without null objects', async () => {
  const world = await createSandboxWorld();
  for (const query of readBlocks('graphql')) {
    const { data, errors } = await world.execute(query);
    expect(errors, query).toBeUndefined();
    expect(Object.values(data).flat(), query).not.toContain(null);
  }
});

it('every curl command works as it is pasted', async () => {
  const world = await createSandboxWorld();
  const commands = readBlocks('sh').filter((block) => block.startsWith('curl'));
  expect(commands.length).toBeGreaterThan(1);
  for (const command of commands) {
    const [, url, headers = '', body = ''] =
      /^curl (?:-N )?(\S+) ((?:-H '[^']+' )+)\\\n {2}-d '([^']+)'$/.exec(command.trim()) ?? [];
    expect(url, command).toBe('http://localhost:4000/graphql');

    const pairs = [...headers.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]);
    const response = await world.post(body, { headers: Object.fromEntries(pairs) });

    expect(response.status, command).toBe(200);
    const text = await response.text();
    expect(text, command).toContain('"data":{');
    expect(text, command).not.toContain('"errors"');
  }
});

it('names every variable that the example configuration has', () => {
  const variables = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  expect(variables.length).toBeGreaterThan(0);
  for (const name of variables) expect(documentation).toContain(`\`${name}\``);
});

it('every link to a file or a heading leads to one', () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
      .filter(([, path = '', heading]) => {
        const file = path === '' ? page : join(dirname(page), path);
        return !existsSync(file) || (heading !== undefined && !toHeadings(read(file)).includes(heading));
      })
      .map(([link]) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

it.each(['docs/architecture.md', 'docs/glossary.md', 'CONTRIBUTING.md'])(
  '%s: every path that it names exists',
  (page) => {
    const paths = [...read(page).matchAll(/`((?:[\w-]+\/)+[\w.-]*)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => path !== 'dist/' && !existsSync(path) && !existsSync(join('src', path)))).toEqual([]);
  },
);

it('the README has less than 200 lines', () => {
  expect(readme.split('\n').length).toBeLessThan(200);
});

/** The headings of a page as GitHub makes anchors of them. */
function toHeadings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

async function createSandboxWorld() {
  const sandbox = await startSandbox({ now, seed: 1 });
  return createWorld({ providers: sandbox.providers });
}
