import { readFileSync } from 'node:fs';
import { buildClientSchema, buildSchema, getIntrospectionQuery } from 'graphql';
import { expect, it } from 'vitest';
import { findUnnamedBreaks } from '../released/unnamed-breaks.ts';
import { createWorld } from '../support/world.ts';

const sdl = readFileSync(new URL('../released/schema.graphql', import.meta.url), 'utf8');
const released = buildSchema(sdl);

it('released schema: breaks no client of the released schema, unless the changelog names what breaks', async () => {
  const { data } = await (await createWorld()).execute(getIntrospectionQuery());
  const changelog = readFileSync('CHANGELOG.md', 'utf8');

  expect(await findUnnamedBreaks(released, buildClientSchema(data), changelog)).toEqual([]);
});

it.each([
  ['a field with another name', 'DatafoldRun.diffId', '  diffId: ID\n', '  diff: ID\n'],
  ['a value with another name', 'DatafoldRunState.QUEUED', '  QUEUED\n', '  WAITING\n'],
  ['an argument with another name', 'OlostepRun.events.kind', '    kind: String\n  )', '    type: String\n  )'],
  ['a field of another type', 'OlostepRun.finishedAt', 'finishedAt: DateTime', 'finishedAt: String'],
  ['a field that may be null now', 'AgentLogEventConnection.totalCount', 'totalCount: Int!', 'totalCount: Int'],
  ['an argument that is required now', 'OlostepRun.events.after', '    after: String\n', '    after: String!\n'],
])('released schema: finds %s, until the changelog names it', async (_what, path, before, after) => {
  expect(sdl).toContain(before);
  const doctored = buildSchema(sdl.replace(before, after));
  const breaks = (changelog: string) => findUnnamedBreaks(released, doctored, changelog);

  const named = `\`${path}\``;
  for (const silent of ['', `## 0.1.0\n\n- ${named}\n`, `## Unreleased\n\n- Better.\n\n## 0.1.0\n\n- ${named}\n`])
    expect(await breaks(silent)).toEqual([
      expect.stringContaining(`Expected CHANGELOG.md, Unreleased, to name ${named}`),
    ]);
  expect(await breaks(`## Unreleased\n\n- ${named} is not what it was.\n\n## 0.1.0\n`)).toEqual([]);
});

it('released schema: lets new fields and values come without further ado', async () => {
  const grown = buildSchema(
    sdl
      .replace('  diffId: ID\n', '  diffId: ID\n  diffUrl: String\n')
      .replace('enum RunPhase {', 'enum RunPhase {\n  PAUSED'),
  );

  expect(await findUnnamedBreaks(released, grown, '')).toEqual([]);
});
