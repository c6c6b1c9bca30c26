/** A list of runs of Datafold's: five fields of each. */
import type { DatafoldBody, Run } from '../upstream/runs.ts';
import { toSummary } from './expected.ts';
import { rawSummary, toRawSummary } from './fields.ts';
import { type Requests, requestBare, requestGraph, requestRest } from './requests.ts';

const query = `query ManyRuns($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) {
    id
    phase
    outcome
    startedAt
    ... on DatafoldRun {
      state
    }
  }
}`;

/** Where there is no field for many, each has one with another name. */
const toRawQuery = (list: readonly Run[]) => `query ManyRuns {
${list
  .map(
    ({ key }, place) => `  run${place}: datafold_getMonitorRun(id: ${key.monitorId}, run_id: ${key.runId}) {
    ${rawSummary}
  }`,
  )
  .join('\n')}
}`;

/** The list may name a run more than once. */
export function manyRuns(list: readonly Run<DatafoldBody>[]): Requests {
  const keys = list.map(({ key }) => key);
  const summaries = list.map(toSummary);
  const distinct = new Set(keys).size;
  return {
    bare: requestBare(keys),
    rest: requestRest('/summaries', keys, summaries, distinct),
    graph: requestGraph(query, { keys }, { monitorRuns: summaries }, distinct),
    openapi: requestGraph(
      toRawQuery(list),
      {},
      Object.fromEntries(list.map((run, place) => [`run${place}`, toRawSummary(run)])),
      // They know of no two that they are the same.
      list.length,
    ),
  };
}
