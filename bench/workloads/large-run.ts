/** A run of Olostep's with a log of a megabyte: its ids alone, or all there is. */
import { largeRun, type OlostepBody, type Run } from '../upstream/runs.ts';
import { toDetail, toIdentity, toLog } from './expected.ts';
import { detail, idsOf, logEvent, rawDetail, toRawDetail } from './fields.ts';
import { type Requests, requestBare, requestGraph, requestRest } from './requests.ts';

const { monitorId, runId } = largeRun.key;
const rawArguments = `monitor_id: "${monitorId}", run_id: "${runId}"`;

const idsQuery = `query LargeRunIds($monitorId: ID!, $runId: ID!) {
  olostepRun(monitorId: $monitorId, runId: $runId) {
    id
    monitorId
    runId
  }
}`;

const rawIdsQuery = `query LargeRunIds {
  olostep_getMonitorRun(${rawArguments}) {
    ... on olostep_MonitorRun {
      monitor_id
      run_id
    }
  }
}`;

export const largeRunIds: Requests = {
  bare: requestBare([largeRun.key]),
  rest: requestRest('/ids', [largeRun.key], [toIdentity(largeRun)], 1),
  graph: requestGraph(idsQuery, idsOf(largeRun), { olostepRun: toIdentity(largeRun) }, 1),
  openapi: requestGraph(rawIdsQuery, {}, { olostep_getMonitorRun: { monitor_id: monitorId, run_id: runId } }, 1),
};

/** The most events of a page: a log of ten thousand takes ten, each after the last event of the one before. */
const pageSize = 1_000;

const pages = toPages(largeRun);

function toPages(run: Run<OlostepBody>) {
  const log = toLog(run);
  const starts = [...log.keys()].filter((place) => place % pageSize === 0);
  return starts.map((start) => {
    const cursor = Buffer.from(JSON.stringify([start - 1, log[start - 1]?.id])).toString('base64url');
    return {
      name: `from${start}`,
      place: start === 0 ? `first: ${pageSize}` : `first: ${pageSize}, after: "${cursor}"`,
      events: log.slice(start, start + pageSize),
    };
  });
}

const query = `query WholeLargeRun($monitorId: ID!, $runId: ID!) {
  olostepRun(monitorId: $monitorId, runId: $runId) {
    ${detail}
${pages.map(({ name, place }) => `    ${name}: events(${place}) { ...Page }`).join('\n')}
  }
}

fragment Page on AgentLogEventConnection {
  nodes {
    ${logEvent}
  }
}`;

const rawQuery = `query WholeLargeRun {
  olostep_getMonitorRun(${rawArguments}) {
    ${rawDetail}
  }
}`;

export const wholeLargeRun: Requests = {
  bare: requestBare([largeRun.key]),
  rest: requestRest(
    '/details',
    { datafold: [], olostep: [largeRun.key] },
    { datafold: [], olostep: [{ ...toDetail(largeRun), events: toLog(largeRun) }] },
    1,
  ),
  graph: requestGraph(
    query,
    idsOf(largeRun),
    {
      olostepRun: {
        ...toDetail(largeRun),
        ...Object.fromEntries(pages.map(({ name, events }) => [name, { nodes: events }])),
      },
    },
    1,
  ),
  openapi: requestGraph(rawQuery, {}, { olostep_getMonitorRun: toRawDetail(largeRun) }, 1),
};
