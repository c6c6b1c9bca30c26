/** The screens by this service. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import {
  type Dashboard,
  newestRuns,
  type Report,
  type RunKey,
  reportPauseMs,
  reportTries,
  type Screens,
  type ShownMonitor,
} from './screens.ts';

interface Run extends RunKey {
  readonly phase: string;
  readonly isStale: boolean;
}

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

interface Feed extends Page<Run> {
  readonly isComplete: boolean;
  readonly gaps: readonly object[];
}

interface ListedMonitor {
  readonly monitorId: string;
  readonly state: string;
  readonly isStale?: boolean;
}

interface RedMonitor {
  readonly monitorId: string;
  readonly runs: Page<Run & { readonly error: string | null }> | null;
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string }[];
}

const redStates: ReadonlySet<string> = new Set(['ALERT', 'ERROR']);
const page = 'pageInfo { hasNextPage endCursor }';
const run = 'provider monitorId runId phase isStale';
const reportPage = 100;

/** Which root fields take `allowStale`, and whether monitors say that they are stale. */
interface Support {
  readonly allowStale: (field: string) => string;
  readonly isStale: string;
}

export function createGraphScreens(url: string): Screens {
  const pool = new Pool(url, { connections: 128 });
  return createScreensBy(async (request) => {
    const headers = { 'content-type': 'application/json' };
    const { body } = await pool.request({ method: 'POST', path: '/graphql', headers, body: request });
    return body.json();
  });
}

/** @param post sends a GraphQL request, as JSON, and resolves with the response */
export function createScreensBy(post: (request: string) => Promise<unknown>): Screens {
  const execute = async <Data>(query: string, variables: object = {}) =>
    (await post(JSON.stringify({ query, variables }))) as Answer<Data>;
  let support: Promise<Support> | undefined;
  const findSupport = () => {
    support ??= readSupport(execute);
    return support;
  };

  async function listMonitors({ allowStale, isStale }: Support) {
    const query = `query ($after: String) { monitorList(provider: DATAFOLD, first: 100, after: $after ${allowStale('monitorList')}) {
      nodes { monitorId ... on DatafoldMonitor { state } ${isStale} } ${page} } }`;
    const monitors: ListedMonitor[] = [];
    for (let after: string | null = null; ; ) {
      const answer: Answer<{ monitorList: Page<ListedMonitor> | null }> = await execute(query, { after });
      const list = answer.data?.monitorList;
      if (!list) return { monitors, isWhole: false };
      monitors.push(...list.nodes);
      after = list.pageInfo.endCursor;
      if (!list.pageInfo.hasNextPage) return { monitors, isWhole: true };
    }
  }

  async function readRed(monitors: readonly ListedMonitor[], { allowStale }: Support): Promise<ShownMonitor[]> {
    const red = monitors.filter(({ state }) => redStates.has(state));
    if (red.length === 0) return [];
    const keys = red.map(({ monitorId }) => ({ provider: 'DATAFOLD', monitorId }));
    const { data } = await execute<{ monitors: readonly (RedMonitor | null)[] }>(
      `query ($keys: [MonitorKey!]!) { monitors(keys: $keys ${allowStale('monitors')}) {
        monitorId runs(first: 1) { nodes { ${run} ... on DatafoldRun { error } } ${page} } } }`,
      { keys },
    );
    return red.map(({ monitorId, isStale = false }, place) => {
      const last = data?.monitors[place]?.runs?.nodes[0];
      return { monitorId, detail: last?.error ?? undefined, isMarked: isStale || last?.isStale === true };
    });
  }

  return {
    async dashboard(): Promise<Dashboard> {
      const known = await findSupport();
      const feed = execute<{ runs: Feed | null }>(
        `{ runs(first: ${newestRuns} ${known.allowStale('runs')}) { nodes { ${run} } isComplete gaps { code } } }`,
      );
      const { monitors, isWhole } = await listMonitors(known);
      const red = await readRed(monitors, known);
      const { runs } = (await feed).data ?? {};
      if (!runs && monitors.length === 0) throw new Error('Nothing to show');
      return {
        runs: (runs?.nodes ?? []).map(({ phase, isStale, ...key }) => ({
          ...key,
          isOver: phase === 'FINISHED',
          isMarked: isStale,
        })),
        red,
        hasDatafold: monitors.length > 0,
        isMarked: !isWhole || runs?.isComplete !== true,
      };
    },
    async run({ provider, monitorId, runId }) {
      const { data, errors } = await execute<{ monitorRun: Run | null }>(
        'query ($key: MonitorRunKey!) { monitorRun(key: $key) { phase } }',
        { key: { provider, monitorId, runId } },
      );
      if (!data?.monitorRun) throw new Error(errors?.[0]?.message ?? 'No such run');
      return data.monitorRun.phase === 'FINISHED';
    },
    async log({ monitorId, runId }) {
      const { data, errors } = await execute<{ olostepRun: { events: { totalCount: number } } | null }>(
        'query ($monitorId: ID!, $runId: ID!) { olostepRun(monitorId: $monitorId, runId: $runId) { events(first: 100) { totalCount nodes { timestamp kind } } } }',
        { monitorId, runId },
      );
      if (!data?.olostepRun) throw new Error(errors?.[0]?.message ?? 'No such run');
      return data.olostepRun.events.totalCount;
    },
    async report(windowMs): Promise<Report> {
      const query = `query ($since: DateTime, $after: String) { runs(first: ${reportPage}, since: $since, after: $after) {
        nodes { provider monitorId runId } ${page} isComplete gaps { code } } }`;
      const since = new Date(Date.now() - windowMs).toISOString();
      const runs = new Map<string, RunKey>();
      let isComplete = true;
      for (let after: string | null = null, tries = 1; ; ) {
        const answer: Answer<{ runs: Feed | null }> = await execute(query, { since, after });
        const feed = answer.data?.runs;
        // What a page lacks, it may have a little later.
        if ((!feed || feed.gaps.length > 0) && tries++ < reportTries) {
          await sleep(reportPauseMs);
          continue;
        }
        if (!feed) throw new Error(answer.errors?.[0]?.message ?? 'No feed');
        tries = 1;
        for (const one of feed.nodes) runs.set(`${one.provider} ${one.monitorId} ${one.runId}`, one);
        isComplete = feed.isComplete;
        after = feed.pageInfo.endCursor;
        if (!feed.pageInfo.hasNextPage) return { runs: [...runs.values()], isComplete };
      }
    },
  };
}

async function readSupport(execute: <Data>(query: string) => Promise<Answer<Data>>): Promise<Support> {
  const { data } = await execute<{
    readonly query: {
      readonly fields: readonly { readonly name: string; readonly args: readonly { name: string }[] }[];
    };
    readonly monitor: { readonly fields: readonly { readonly name: string }[] };
  }>(
    '{ query: __type(name: "Query") { fields { name args { name } } } monitor: __type(name: "Monitor") { fields { name } } }',
  );
  const stale = new Set(
    data?.query.fields.filter(({ args }) => args.some(({ name }) => name === 'allowStale')).map(({ name }) => name),
  );
  return {
    allowStale: (field) => (stale.has(field) ? ', allowStale: true' : ''),
    isStale: data?.monitor.fields.some(({ name }) => name === 'isStale') ? 'isStale' : '',
  };
}
