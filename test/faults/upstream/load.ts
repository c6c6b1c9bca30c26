/** Many requests, cheaply: `fetch` costs more than what is to be measured. */
import { Agent, request as httpRequest } from 'node:http';
import { range, runConcurrently } from '../concurrency.ts';
import type { RunningService } from '../service.ts';
import type { Subject } from './subjects.ts';

/** Requests a run; resolves with `data` or the error's code. */
export type SendRequest = (subject: Subject, run: number) => Promise<string>;

/** Opens connections to the service; `close` ends them. */
export function openLoad({ url }: RunningService): { readonly execute: SendRequest; close(): void } {
  const agent = new Agent({ keepAlive: true });
  const query = 'query ($key: MonitorRunKey!) { monitorRun(key: $key) { id } }';
  const execute: SendRequest = (subject, run) =>
    new Promise((resolve, reject) => {
      const request = httpRequest(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } });
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve(/"code":"(\w+)"/.exec(text)?.[1] ?? (text.includes('"id":"') ? 'data' : text)),
        );
      });
      request.end(JSON.stringify({ query, variables: { key: subject.toKey(run) } }));
    });
  return { execute, close: () => agent.destroy() };
}

/** What came of many requests, each outcome with its number. */
export type Outcomes = Readonly<Record<string, number>>;

/** Sends `count` requests, `concurrency` at a time. */
export async function requestMany(
  execute: SendRequest,
  subject: Subject,
  count: number,
  concurrency: number,
): Promise<Outcomes> {
  const outcomes: Record<string, number> = {};
  await runConcurrently(concurrency, range(0, count), async (run) => {
    const outcome = await execute(subject, run);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  });
  return outcomes;
}
