/** One run of Datafold's: five fields. */
import { numberMark } from '../measure/wrk.ts';
import { datafoldRun } from '../upstream/runs.ts';
import { toSummary } from './expected.ts';
import { idsOf, rawSummary, summary, toRawSummary } from './fields.ts';
import { type Requests, requestBare, requestGraph, requestRest } from './requests.ts';

const { monitorId, runId } = datafoldRun.key;

const query = `query OneRun($monitorId: ID!, $runId: ID!) {
  datafoldRun(monitorId: $monitorId, runId: $runId) {
    ${summary}
  }
}`;

const rawQuery = `query OneRun($monitorId: Int!, $runId: Int!) {
  datafold_getMonitorRun(id: $monitorId, run_id: $runId) {
    ${rawSummary}
  }
}`;

export const oneRun: Requests = {
  bare: requestBare([datafoldRun.key]),
  rest: requestRest('/summaries', [datafoldRun.key], [toSummary(datafoldRun)], 1),
  graph: requestGraph(query, idsOf(datafoldRun), { datafoldRun: toSummary(datafoldRun) }, 1),
  openapi: requestGraph(
    rawQuery,
    { monitorId: Number(monitorId), runId: Number(runId) },
    { datafold_getMonitorRun: toRawSummary(datafoldRun) },
    1,
  ),
};

const newQuery = `query New${numberMark} {
  datafoldRun(monitorId: "${monitorId}", runId: "${runId}") {
    ${summary}
  }
}`;

/** By a document with another text each time, which no server has seen before. */
export const newDocument: Requests = { graph: requestGraph(newQuery, {}, { datafoldRun: toSummary(datafoldRun) }, 1) };
