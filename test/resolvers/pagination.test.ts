/** What holds for every connection of the schema. */
import { isObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { createSchema } from '../../src/schema/create-schema.ts';
import { holdDate } from '../support/clock.ts';
import { openSandbox, origin } from '../support/open-sandbox.ts';
import { createWorld, type World } from '../support/world.ts';

interface RunIds {
  readonly monitorId: string;
  readonly runId: string;
}

/** Each field that takes `after`, as a selection of two nodes of it for each provider that has it. */
const selections: Readonly<Record<string, (page: string, olostep: RunIds) => readonly string[]>> = {
  'Query.runs': (page) => [`runs${page}`],
  'Query.monitorList': (page) => [
    `monitorList${page.replace('(', '(provider: DATAFOLD, ')}`,
    `monitorList${page.replace('(', '(provider: OLOSTEP, ')}`,
  ],
  'DatafoldMonitor.runs': (page) => [`monitor(key: { provider: DATAFOLD, monitorId: "1" }) { runs${page} }`],
  'OlostepMonitor.runs': (page, { monitorId }) => [
    `monitor(key: { provider: OLOSTEP, monitorId: "${monitorId}" }) { runs${page} }`,
  ],
  'OlostepRun.events': (page, { monitorId, runId }) => [
    `olostepRun(monitorId: "${monitorId}", runId: "${runId}") { events${page} }`,
    `olostepRun(monitorId: "${monitorId}", runId: "${runId}") { events${page.replace('(', '(kind: "node_start", ')} }`,
  ],
};

it('pagination: knows every connection', () => {
  const names = Object.values(createSchema().getTypeMap())
    .filter(isObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ path: `${type.name}.${field.name}`, ...field })),
    )
    .filter(({ args }) => args.some(({ name }) => name === 'after'))
    .map(({ path }) => path);

  expect(Object.keys(selections).sort()).toEqual(names.sort());
});

it.each(Object.keys(selections))(
  'pagination: %s begins at its beginning where `after` is empty, as where it is left out',
  async (path) => {
    const { world, olostep } = await createSandboxWorld();
    const toPage = (after: string) =>
      `(first: 1${after}) { edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } }`;

    const withAfter = selections[path]?.(toPage(', after: $after'), olostep) ?? [];
    const without = selections[path]?.(toPage(''), olostep) ?? [];
    for (const [place, selection] of withAfter.entries()) {
      const execute = (after: unknown) => world.execute(`query ($after: String) { ${selection} }`, { after });
      const whole = await world.execute(`{ ${without[place]} }`);
      expect(whole.errors).toBeUndefined();
      expect(JSON.stringify(whole)).toContain('"hasPreviousPage":false');
      // As often as operations are executed until they have a plan, and once more.
      for (let time = 0; time < 4; time++) expect(await execute('')).toEqual(whole);
      expect(await execute(null)).toEqual(whole);

      const cursor = /"cursor":"([^"]+)"/.exec(JSON.stringify(whole))?.[1];
      expect(JSON.stringify(await execute(cursor))).toContain('"hasPreviousPage":true');
    }
  },
);

/** The service on the sandbox's providers, and a run of Olostep's. */
async function createSandboxWorld(): Promise<{ world: World; olostep: RunIds }> {
  holdDate(new Date(origin).toISOString());
  const world = await createWorld({ providers: (await openSandbox()).providers });
  const query =
    '{ monitorList(provider: OLOSTEP, first: 1) { nodes { monitorId runs(first: 5) { nodes { runId } } } } }';
  const [{ monitorId, runs }] = (await world.execute(query)).data.monitorList.nodes;
  return { world, olostep: { monitorId, runId: runs.nodes.at(-1).runId } };
}
