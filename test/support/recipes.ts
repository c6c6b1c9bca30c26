/** The recipes of docs/library.md, run as a reader runs them: in a separate process, with a fake upstream. */

import { readFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { datafoldBody, datafoldPath } from './bodies.ts';
import { readBlocks } from './documentation.ts';
import { startFakeUpstream } from './fake-upstream.ts';
import { findFreePort } from './free-port.ts';

const page = readFileSync('docs/library.md', 'utf8');

/** The code below a heading of the page, calling a fake upstream, and listening on a free port where it listens. */
export async function readRecipe(heading: string) {
  const start = page.indexOf(`### ${heading}\n`);
  expect(start).toBeGreaterThan(-1);
  const [block = ''] = readBlocks('ts', page.slice(start));
  const upstream = await startFakeUpstream();
  upstream.on(datafoldPath, { body: datafoldBody });
  onTestFinished(() => upstream.close());
  const port = await findFreePort();
  const provider = JSON.stringify({ apiKey: 'key', baseUrl: upstream.baseUrl });
  const code = block.replace("{ apiKey: 'your key' }", provider).replace('3000', String(port));
  return { code, port, origin: `http://127.0.0.1:${port}` };
}

const query = '{ datafoldRun(monitorId: "7", runId: "42") { id outcome } }';
export const graphAnswer = { data: { datafoldRun: { id: 'DATAFOLD:7:42', outcome: 'PASSED' } } };

/** Requests of each kind to a graph: by POST, by GET, incremental, and as events. */
export async function requestGraph(url: string) {
  const post = (text: string, accept: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query: text }),
    });
  const deferred = `{ ... @defer { ${query.slice(1, -1)} } }`;
  const [whole, got, parts, events] = await Promise.all([
    post(query, 'application/json'),
    fetch(`${url}?query=${encodeURIComponent(query)}`, { headers: { accept: 'application/json' } }),
    post(deferred, 'multipart/mixed'),
    post(deferred, 'text/event-stream'),
  ]);
  return {
    post: await whole.json(),
    get: await got.json(),
    parts: (await parts.text()).match(/"hasNext":(true|false)/g),
    events: (await events.text()).match(/"hasNext":(true|false)/g),
  };
}

/** What {@link requestGraph} finds where all of it reaches the graph. */
export const allAnswers = {
  post: graphAnswer,
  get: graphAnswer,
  parts: ['"hasNext":true', '"hasNext":false'],
  events: ['"hasNext":true', '"hasNext":false'],
};

/** Resolves when a server listens at the origin. */
export async function untilListening(origin: string, ended: Promise<{ readonly stderr: string }>): Promise<void> {
  let failure: string | undefined;
  void ended.then(({ stderr }) => {
    failure = stderr;
  });
  while (failure === undefined) {
    const answered = await fetch(origin).catch(() => undefined);
    await answered?.arrayBuffer();
    if (answered !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The recipe has ended: ${failure}`);
}
