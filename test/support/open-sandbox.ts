/** A sandbox as the providers' clients meet it, on real HTTP, with a clock that the test moves. */
import { onTestFinished } from 'vitest';
import { createWorld } from '../../src/providers/olostep/sandbox.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import type { ProviderAnswer } from './documented.ts';

/** The time at which every sandbox starts. */
export const origin = Date.parse('2026-11-20T08:00:00Z');

/** Starts a sandbox for the test that calls it, and ends it with the test. */
export async function openSandbox(seed = 1) {
  let time = origin;
  const now = () => time;
  const sandbox = await startSandbox({ now, seed });
  onTestFinished(() => sandbox.close());
  const { DATAFOLD, OLOSTEP } = sandbox.providers;
  const execute = async (url: string, authorization?: string): Promise<ProviderAnswer> => {
    const response = await fetch(url, authorization === undefined ? {} : { headers: { authorization } });
    return { status: response.status, body: await response.json() };
  };
  const datafold = (path: string) => execute(`${DATAFOLD.baseUrl}${path}`, `Key ${DATAFOLD.apiKey}`);
  const olostep = (path: string) => execute(`${OLOSTEP.baseUrl}${path}`, `Bearer ${OLOSTEP.apiKey}`);
  const olostepWorld = createWorld({ now, seed });

  return {
    providers: sandbox.providers,
    execute,
    datafold,
    olostep,
    /** Every run that Datafold's stand-in has by now: its ids count from 1. */
    async allDatafold(): Promise<ProviderAnswer[]> {
      const answers: ProviderAnswer[] = [];
      for (let monitor = 1; ; monitor++) {
        for (let run = 1; ; run++) {
          const answer = await datafold(`/api/v1/monitors/${monitor}/runs/${run}`);
          if (answer.status === 404 && run === 1) return answers;
          if (answer.status === 404) break;
          answers.push(answer);
        }
      }
    },
    /** Every run that Olostep's stand-in has by now. */
    async allOlostep(): Promise<ProviderAnswer[]> {
      const paths = olostepWorld.monitorIds.flatMap((monitorId) =>
        olostepWorld.runIdsOf(monitorId).map((runId) => `/v1/monitors/${monitorId}/runs/${runId}`),
      );
      const answers: ProviderAnswer[] = [];
      for (const path of paths) answers.push(await olostep(path));
      return answers;
    },
    advance(milliseconds: number) {
      time += milliseconds;
    },
  };
}
