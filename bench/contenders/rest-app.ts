/** A REST backend for the same screens: Fastify, undici, and a response schema for each of its routes. */
import { fastify } from 'fastify';
import type { MonitorRunKey } from '../../src/generated/types.ts';
import type { DatafoldBody, OlostepBody } from '../upstream/runs.ts';
import { port } from './environment.ts';
import { detail, identity, listOf, logPage, object, summary } from './rest-schemas.ts';
import { finishOf, phaseOf, startOf, toDatafoldRun, toLogEvent, toLogPage, toOlostepRun } from './run.ts';
import type { GetBody } from './upstream-client.ts';

export async function serveRest(getBody: GetBody): Promise<void> {
  const app = fastify();

  const getDatafold = async (key: MonitorRunKey) => toDatafoldRun(key, (await getBody(key)) as DatafoldBody);
  const getOlostep = async (key: MonitorRunKey) => toOlostepRun(key, (await getBody(key)) as OlostepBody);
  const getIdentity = (key: MonitorRunKey): Promise<object> =>
    key.provider === 'DATAFOLD' ? getDatafold(key) : getOlostep(key);

  async function getDetail(key: MonitorRunKey) {
    const run = await getOlostep(key);
    return {
      ...run,
      phase: phaseOf(run),
      startedAt: startOf(run),
      finishedAt: finishOf(run),
      events: run.log.map(toLogEvent),
    };
  }

  app.post<{ Body: MonitorRunKey[] }>('/ids', answering(listOf(identity)), ({ body }) => each(body, getIdentity));
  app.post<{ Body: MonitorRunKey[] }>('/summaries', answering(listOf(summary)), ({ body }) => each(body, getDatafold));
  app.post<{ Body: { datafold: MonitorRunKey[]; olostep: MonitorRunKey[] } }>(
    '/details',
    answering(object({ datafold: listOf(summary), olostep: listOf(detail) })),
    async ({ body }) => {
      const [datafold, olostep] = await Promise.all([each(body.datafold, getDatafold), each(body.olostep, getDetail)]);
      return { datafold, olostep };
    },
  );

  app.post<{ Body: { key: MonitorRunKey; first: number; after?: string } }>(
    '/events',
    answering(logPage),
    async ({ body: { key, first, after } }) => toLogPage((await getOlostep(key)).log, first, after),
  );

  await app.listen({ port, host: '127.0.0.1' });
}

/** Each distinct key is one call. */
function each<Run>(keys: readonly MonitorRunKey[], getRun: (key: MonitorRunKey) => Promise<Run>): Promise<Run[]> {
  const distinct = new Map<string, Promise<Run>>();
  return Promise.all(
    keys.map((key) => {
      const name = `${key.provider}/${key.monitorId}/${key.runId}`;
      const run = distinct.get(name) ?? getRun(key);
      distinct.set(name, run);
      return run;
    }),
  );
}

const answering = (schema: object) => ({ schema: { response: { 200: schema } } });
