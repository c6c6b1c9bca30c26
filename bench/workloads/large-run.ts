/** A run of Olostep's with a log of a megabyte: its ids alone, or a page of the log. */
import { largeRun } from '../upstream/runs.ts';
import { toIdentity, toLog } from './expected.ts';
import { idsOf, logEvent, rawDetail, toRawDetail } from './fields.ts';
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

/** The most events of a page. */
const pageSize = 1_000;
/** The page in the middle of the log: its cursor is the last one of the page before. */
const start = 5 * pageSize;

const log = toLog(largeRun);
const toCursor = (place: number) => Buffer.from(JSON.stringify([place, log[place]?.id])).toString('base64url');
const after = toCursor(start - 1);

const query = `query LargeRunPage($monitorId: ID!, $runId: ID!, $after: String) {
  olostepRun(monitorId: $monitorId, runId: $runId) {
    id
    events(first: ${pageSize}, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ${logEvent}
      }
    }
  }
}`;

const rawQuery = `query LargeRunPage {
  olostep_getMonitorRun(${rawArguments}) {
    ${rawDetail}
  }
}`;

const page = {
  totalCount: log.length,
  pageInfo: { hasNextPage: true, endCursor: toCursor(start + pageSize - 1) },
  nodes: log.slice(start, start + pageSize),
};

/** Those that have no pages hand out the whole log: the bare proxy, and graphs that are made of OpenAPI documents. */
export const largeRunPage: Requests = {
  bare: requestBare([largeRun.key]),
  rest: requestRest('/events', { key: largeRun.key, first: pageSize, after }, page, 1),
  graph: requestGraph(
    query,
    { ...idsOf(largeRun), after },
    { olostepRun: { id: toIdentity(largeRun).id, events: page } },
    1,
  ),
  openapi: requestGraph(rawQuery, {}, { olostep_getMonitorRun: toRawDetail(largeRun) }, 1),
};
