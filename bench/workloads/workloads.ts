/** What the contenders are asked, each in its own words. */
import { numberMark } from '../measure/wrk.ts';
import {
  type DatafoldBody,
  datafoldRun,
  delayedRuns,
  largeRun,
  type OlostepBody,
  olostepRun,
  promptRuns,
  type Run,
} from '../upstream/runs.ts';
import { type Ask, askBare, askGraph, askRest } from './ask.ts';
import { toDetail, toIdentity, toLog, toSummary } from './expected.ts';

/** `graph`: our schema. `openapi`: the schema that a gateway makes of our OpenAPI documents by itself. */
export type Dialect = 'bare' | 'rest' | 'graph' | 'openapi';

export interface Workload {
  readonly title: string;
  /** How many clients ask at a time. */
  readonly clients: number;
  /** How many times as long as others a round of it lasts: the slower the answers, the more an unfinished one counts. */
  readonly length?: number;
  /** A round has so many requests, and takes as long as they do; {@link numberMark} is another number in each. */
  readonly requests?: number;
  /** Those who take part, by their names. @default all but `forwarding` */
  readonly only?: readonly string[];
  /** A contender whose dialect isn't here can't be asked it. */
  readonly asks: Readonly<Partial<Record<Dialect, Ask>>>;
}

const idsOf = ({ key: { monitorId, runId } }: Run) => ({ monitorId, runId });

const summaryFields = 'id\n    phase\n    outcome\n    startedAt';
const logFields =
  'id\n        timestamp\n        ingestedAt\n        stream\n        message\n        kind\n        event';

const oneRun = `query OneRun($monitorId: ID!, $runId: ID!) {
  datafoldRun(monitorId: $monitorId, runId: $runId) {
    ${summaryFields}
    state
  }
}`;

const oneRunAsks: Workload['asks'] = {
  bare: askBare([datafoldRun.key]),
  rest: askRest('/summaries', [datafoldRun.key], [toSummary(datafoldRun)], 1),
  graph: askGraph(oneRun, idsOf(datafoldRun), { datafoldRun: toSummary(datafoldRun) }, 1),
};

const bothProviders = `query BothProviders($datafold: ID!, $datafoldRun: ID!, $olostep: ID!, $olostepRun: ID!) {
  datafoldRun(monitorId: $datafold, runId: $datafoldRun) {
    ${summaryFields}
    state
  }
  olostepRun(monitorId: $olostep, runId: $olostepRun) {
    ${summaryFields}
    finishedAt
    snapshot
    logGroup
    events {
      nodes {
        ${logFields}
      }
    }
  }
}`;

const bothProvidersAsks: Workload['asks'] = {
  bare: askBare([datafoldRun.key, olostepRun.key]),
  rest: askRest(
    '/details',
    { datafold: [datafoldRun.key], olostep: [olostepRun.key] },
    { datafold: [toSummary(datafoldRun)], olostep: [{ ...toDetail(olostepRun), events: toLog(olostepRun) }] },
    2,
  ),
  graph: askGraph(
    bothProviders,
    {
      datafold: datafoldRun.key.monitorId,
      datafoldRun: datafoldRun.key.runId,
      olostep: olostepRun.key.monitorId,
      olostepRun: olostepRun.key.runId,
    },
    {
      datafoldRun: toSummary(datafoldRun),
      olostepRun: { ...toDetail(olostepRun), events: { nodes: toLog(olostepRun) } },
    },
    2,
  ),
};

const manyRuns = `query ManyRuns($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) {
    ${summaryFields}
    ... on DatafoldRun {
      state
    }
  }
}`;

/** A list of runs, which may name one more than once. */
function listAsks(list: readonly Run<DatafoldBody>[]): Workload['asks'] {
  const keys = list.map(({ key }) => key);
  const summaries = list.map(toSummary);
  const calls = new Set(keys).size;
  return {
    bare: askBare(keys),
    rest: askRest('/summaries', keys, summaries, calls),
    graph: askGraph(manyRuns, { keys }, { monitorRuns: summaries }, calls),
  };
}

const largeRunIds = `query LargeRunIds($monitorId: ID!, $runId: ID!) {
  olostepRun(monitorId: $monitorId, runId: $runId) {
    id
    monitorId
    runId
  }
}`;

const pageSize = 1_000;

/** A page holds a thousand events at the most: a log of ten thousand takes ten, each after the last event of the one before. */
function toPages({ body: { events = [] } }: Run<OlostepBody>): readonly { name: string; argument: string }[] {
  const starts = [...events.keys()].filter((place) => place % pageSize === 0);
  return starts.map((place) => {
    const cursor = Buffer.from(JSON.stringify([place - 1, events[place - 1]?.id])).toString('base64url');
    return { name: `from${place}`, argument: place === 0 ? '' : `, after: "${cursor}"` };
  });
}

const largeRunPages = toPages(largeRun);

const wholeLargeRun = `query WholeLargeRun($monitorId: ID!, $runId: ID!) {
  olostepRun(monitorId: $monitorId, runId: $runId) {
    ${summaryFields}
    finishedAt
    snapshot
    logGroup
${largeRunPages.map(({ name, argument }) => `    ${name}: events(first: ${pageSize}${argument}) { ...Page }`).join('\n')}
  }
}

fragment Page on AgentLogEventConnection {
  nodes {
    ${logFields}
  }
}`;

const wholeLargeRunAsks: Workload['asks'] = {
  bare: askBare([largeRun.key]),
  rest: askRest(
    '/details',
    { datafold: [], olostep: [largeRun.key] },
    { datafold: [], olostep: [{ ...toDetail(largeRun), events: toLog(largeRun) }] },
    1,
  ),
  graph: askGraph(
    wholeLargeRun,
    idsOf(largeRun),
    {
      olostepRun: Object.assign(
        toDetail(largeRun),
        ...largeRunPages.map(({ name }, page) => ({
          [name]: { nodes: toLog(largeRun).slice(page * pageSize, (page + 1) * pageSize) },
        })),
      ),
    },
    1,
  ),
};

/** Another text each time: no server has seen it before. */
const newDocument = `query New${numberMark} {
  datafoldRun(monitorId: "${datafoldRun.key.monitorId}", runId: "${datafoldRun.key.runId}") {
    ${summaryFields}
    state
  }
}`;

/** How many runs a request asks for, where the cost of each is compared. */
export const keyCounts = [1, 2, 5, 10, 20, 50, 100];

/** So many different runs in one request. */
const ofKeys = (keys: number): Workload => ({
  title: `${keys} distinct runs, answered at once`,
  clients: 4,
  only: ['bare', 'ours'],
  asks: listAsks(promptRuns.slice(0, keys)),
});

/** Each is timed in rounds, with all contenders that can be asked it. */
export const workloads: Readonly<Record<string, Workload>> = {
  W1: { title: 'one run, 5 fields', clients: 16, asks: oneRunAsks },
  'W1-c1': { title: 'the same, one client', clients: 1, asks: oneRunAsks },
  'W1-c128': { title: 'the same, 128 clients', clients: 128, asks: oneRunAsks },
  W2: { title: 'one run of each provider, all fields of 5 events', clients: 16, asks: bothProvidersAsks },
  W3: {
    title: '100 keys, 50 distinct runs, upstream 20 ms',
    clients: 16,
    asks: listAsks([...delayedRuns, ...delayedRuns]),
  },
  W4ids: {
    title: 'a run of 10,000 events, 1 MB: its ids',
    clients: 4,
    asks: {
      bare: askBare([largeRun.key]),
      rest: askRest('/ids', [largeRun.key], [toIdentity(largeRun)], 1),
      graph: askGraph(largeRunIds, idsOf(largeRun), { olostepRun: toIdentity(largeRun) }, 1),
    },
  },
  W4all: { title: 'the same run: all fields of all events', clients: 4, length: 2, asks: wholeLargeRunAsks },
  unseen: {
    title: '5,000 documents, each another text',
    clients: 16,
    requests: 5_000,
    only: ['ours', 'mercurius'],
    asks: { graph: askGraph(newDocument, {}, { datafoldRun: toSummary(datafoldRun) }, 1) },
  },
  forwarded: {
    title: 'W1 with the keys of 128 callers',
    clients: 16,
    only: ['ours', 'forwarding'],
    asks: oneRunAsks,
  },
  ...Object.fromEntries(keyCounts.map((keys) => [`keys-${keys}`, ofKeys(keys)])),
};
