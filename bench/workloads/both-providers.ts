/** One run of each provider, Olostep's with its log. */
import { datafoldRun, olostepRun } from '../upstream/runs.ts';
import { toDetail, toLog, toSummary } from './expected.ts';
import { detail, logEvent, rawDetail, rawSummary, summary, toRawDetail, toRawSummary } from './fields.ts';
import { type Requests, requestBare, requestGraph, requestRest } from './requests.ts';

const query = `query BothProviders($datafold: MonitorRunKey!, $olostepMonitorId: ID!, $olostepRunId: ID!) {
  datafoldRun: monitorRun(key: $datafold) {
    ... on DatafoldRun {
    ${summary}
    }
  }
  olostepRun(monitorId: $olostepMonitorId, runId: $olostepRunId) {
    ${detail}
    events {
      nodes {
        ${logEvent}
      }
    }
  }
}`;

const rawQuery = `query BothProviders($monitorId: Int!, $runId: Int!) {
  datafold_getMonitorRun(id: $monitorId, run_id: $runId) {
    ${rawSummary}
  }
  olostep_getMonitorRun(monitor_id: "${olostepRun.key.monitorId}", run_id: "${olostepRun.key.runId}") {
    ${rawDetail}
  }
}`;

export const bothProviders: Requests = {
  bare: requestBare([datafoldRun.key, olostepRun.key]),
  rest: requestRest(
    '/details',
    { datafold: [datafoldRun.key], olostep: [olostepRun.key] },
    { datafold: [toSummary(datafoldRun)], olostep: [{ ...toDetail(olostepRun), events: toLog(olostepRun) }] },
    2,
  ),
  graph: requestGraph(
    query,
    {
      datafold: datafoldRun.key,
      olostepMonitorId: olostepRun.key.monitorId,
      olostepRunId: olostepRun.key.runId,
    },
    {
      datafoldRun: toSummary(datafoldRun),
      olostepRun: { ...toDetail(olostepRun), events: { nodes: toLog(olostepRun) } },
    },
    2,
  ),
  openapi: requestGraph(
    rawQuery,
    { monitorId: Number(datafoldRun.key.monitorId), runId: Number(datafoldRun.key.runId) },
    { datafold_getMonitorRun: toRawSummary(datafoldRun), olostep_getMonitorRun: toRawDetail(olostepRun) },
    2,
  ),
};
