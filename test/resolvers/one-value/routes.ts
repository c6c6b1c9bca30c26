/** The root fields that lead to runs and monitors. */
import { type GraphQLNamedOutputType, type GraphQLSchema, isCompositeType } from 'graphql';
import type { Random } from './random.ts';
import { createSelections, type Selection } from './selections.ts';
import type { UpstreamWorld } from './upstream-world.ts';

export interface Question {
  readonly route: string;
  readonly query: string;
  /** The alias of its root field. */
  readonly root: string;
  readonly selection: Selection;
}

/** How an object is reached, given what is selected of it, and what else there is to choose. */
export interface Route {
  readonly route: string;
  /** Of which type the selection is, */
  readonly type: string;
  /** and the field around it; `…` stands for the selection. */
  readonly field: string;
}

export const staleRoutes = (world: UpstreamWorld, random: Random): readonly Route[] => {
  const { runKeys } = toNames(world);
  const some = random.someOf(runKeys, 1 + random.upTo(5));
  return [
    { route: 'key', type: 'MonitorRun', field: `monitorRun(key: ${random.oneOf(runKeys)}, allowStale: true) …` },
    { route: 'keys', type: 'MonitorRun', field: `monitorRuns(keys: [${some}], allowStale: true) …` },
  ];
};

export function allRoutes(world: UpstreamWorld, random: Random): readonly Route[] {
  const { runs, runKeys, runIds, monitorKeys, monitorIds, representations } = toNames(world);
  const some = (items: readonly string[], max = 20) => `[${random.someOf(items, 1 + random.upTo(max))}]`;
  const own = random.oneOf(runs);
  const provider = random.oneOf(['DATAFOLD', 'OLOSTEP']);
  const page = () => random.oneOf(['nodes …', 'edges { node … }']);
  return [
    { route: 'key', type: 'MonitorRun', field: `monitorRun(key: ${random.oneOf(runKeys)}) …` },
    { route: 'keys', type: 'MonitorRun', field: `monitorRuns(keys: ${some(runKeys)}) …` },
    { route: 'keys', type: 'MonitorRun', field: `monitorRuns(keys: ${some(runKeys, 3)}) …` },
    {
      route: 'key',
      type: own.provider === 'DATAFOLD' ? 'DatafoldRun' : 'OlostepRun',
      field: `${own.provider.toLowerCase()}Run(monitorId: "${own.monitorId}", runId: "${own.runId}") …`,
    },
    { route: 'node', type: 'Node', field: `node(id: ${random.oneOf([...runIds, ...monitorIds])}) …` },
    { route: 'node', type: 'Node', field: `nodes(ids: ${some([...runIds, ...monitorIds])}) …` },
    { route: 'key', type: 'Monitor', field: `monitor(key: ${random.oneOf(monitorKeys)}) …` },
    { route: 'keys', type: 'Monitor', field: `monitors(keys: ${some(monitorKeys)}) …` },
    { route: 'list', type: 'Monitor', field: `monitorList(provider: ${provider}) { ${page()} }` },
    {
      route: 'list',
      type: 'MonitorRun',
      field: `monitor(key: ${random.oneOf(monitorKeys)}) { runs(first: ${random.oneOf([2, 20])}) { ${page()} } }`,
    },
    { route: 'feed', type: 'MonitorRun', field: `runs(first: ${random.oneOf([5, 60])}) { ${page()} }` },
    { route: 'entity', type: '_Entity', field: `_entities(representations: ${some(representations)}) …` },
  ];
}

function toNames(world: UpstreamWorld) {
  const monitors = [
    ...world.datafold.map((monitor) => ({ provider: 'DATAFOLD', ...monitor })),
    ...world.olostep.map((monitor) => ({ provider: 'OLOSTEP', ...monitor })),
  ];
  const runs = monitors.flatMap(({ provider, monitorId, runs }) =>
    runs.map(({ runId }) => ({ provider, monitorId, runId })),
  );
  const toType = (provider: string, kind: string) => `${provider === 'DATAFOLD' ? 'Datafold' : 'Olostep'}${kind}`;
  return {
    runs,
    runKeys: runs.map((run) => `{ provider: ${run.provider}, monitorId: "${run.monitorId}", runId: "${run.runId}" }`),
    runIds: runs.map(({ provider, monitorId, runId }) => `"${provider}:${monitorId}:${runId}"`),
    monitorKeys: monitors.map(({ provider, monitorId }) => `{ provider: ${provider}, monitorId: "${monitorId}" }`),
    monitorIds: monitors.map(({ provider, monitorId }) => `"${provider}:monitor:${monitorId}"`),
    representations: [
      ...runs.flatMap(({ provider, monitorId, runId }) => [
        `{ __typename: "${toType(provider, 'Run')}", id: "${provider}:${monitorId}:${runId}" }`,
        `{ __typename: "MonitorRun", id: "${provider}:${monitorId}:${runId}" }`,
      ]),
      ...monitors.map(
        ({ provider, monitorId }) =>
          `{ __typename: "${toType(provider, 'Monitor')}", id: "${provider}:monitor:${monitorId}" }`,
      ),
    ],
  };
}

/** An operation that takes the route, with what is selected of the objects at its end. */
export function toQuestion(schema: GraphQLSchema, random: Random, { route, type, field }: Route): Question {
  const isWhole = random.oneIn(4);
  const found = schema.getType(type) as GraphQLNamedOutputType | undefined;
  if (!isCompositeType(found)) throw new Error(`Expected a type ${type}.`);
  const selection = createSelections(schema, random, isWhole).select(found, isWhole ? 2 : 3);
  const query = `{ root: ${field.replace('…', selection.text)} }`;
  return { route, query, root: 'root', selection };
}
