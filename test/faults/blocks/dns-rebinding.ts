/**
 * DNS rebinding: the page of another site whose name is made to point to this machine. For the browser the service is of the
 * page's own origin then, so neither CORS nor a preflight stops it: the service checks the host that the request names.
 */
import type { Browser, Page } from 'playwright-core';
import { findChromium, launchChromium } from '../../support/browser.ts';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';
import { openWire } from '../wire.ts';

const query = '{ datafoldRun(monitorId: "7", runId: "42") { state } }';
const strangers = ['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test', 'evil-localhost.test', 'evil.local'];
/** Chromium takes each of the last two for this machine without a lookup. */
const ownNames = ['127.0.0.1', 'localhost', 'graph.localhost'];

interface Tried {
  readonly status: number;
  readonly text: string;
}

export async function run(tally: Tally): Promise<void> {
  await withStage(async (stage) => {
    await checkNames(tally, stage);
    const path = findChromium();
    if (path === undefined) {
      console.log('dns-rebinding: SKIPPED in a browser, as there is no chromium');
      tally.check('there is a browser in CI', process.env.CI === undefined);
      return;
    }
    const browser = await launchChromium(path, [
      `--host-resolver-rules=${strangers.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`,
    ]);
    try {
      for (const name of strangers) await attack(tally, stage, browser, name);
      for (const name of ownNames) await openPage(tally, stage, browser, name);
    } finally {
      await browser.close();
    }
    tally.check('no unexpected error', !stage.service.output().includes('unexpected error'));
  });
  await withStage(
    async (stage) => {
      for (const [name, isServed] of Object.entries({ 'graph.test': true, localhost: false, 'evil.test': false }))
        tally.check(`ALLOWED_HOSTS: ${name}`, (await statusAt(stage, name)) === (isServed ? 200 : 421));
    },
    { ALLOWED_HOSTS: 'graph.test' },
  );
}

/** A page of another site, once its name points here. */
async function attack(tally: Tally, stage: Stage, browser: Browser, name: string): Promise<void> {
  const page = await browser.newPage();
  const origin = `http://${name}:${stage.service.port}`;
  // Any page of that origin will do.
  await page.goto(`${origin}/health`);
  tally.check(`${name} is the page's own origin`, (await page.evaluate('location.origin')) === origin);
  const before = stage.calls();
  for (const [kind, init] of Object.entries(requests)) {
    const tried = await tryFrom(page, init.path, init.init);
    const isRefused = tried.status === 421 && !tried.text.includes('"data"');
    tally.check(`${name}: ${kind} is refused`, isRefused, `${tried.status} ${tried.text.slice(0, 200)}`);
  }
  const graphiql = await page.goto(`${origin}/graphql`);
  tally.check(`${name}: no GraphiQL`, graphiql?.status() === 421, graphiql?.status());
  tally.check(`${name}: no provider is called`, stage.calls() === before, stage.calls() - before);
  await page.close();
}

const json = { 'content-type': 'application/json' };
const requests = {
  'an operation by POST': {
    path: '/graphql',
    init: { method: 'POST', headers: json, body: JSON.stringify({ query }) },
  },
  'an operation by GET': { path: `/graphql?query=${encodeURIComponent(query)}`, init: { headers: json } },
  'the schema': { path: '/schema.graphql', init: {} },
};

/** A page of this machine, as GraphiQL is one. */
async function openPage(tally: Tally, stage: Stage, browser: Browser, name: string): Promise<void> {
  const page = await browser.newPage();
  await page.goto(`http://${name}:${stage.service.port}/health`);
  const { path, init } = requests['an operation by POST'];
  const tried = await tryFrom(page, path, init);
  tally.check(`${name}: is served`, tried.text.includes('"OK"'), tried);
  await page.close();
}

const tryFrom = (page: Page, path: string, init: object): Promise<Tried> =>
  page.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(
    async (response) => ({ status: response.status, text: await response.text() }),
    (error) => ({ status: 0, text: String(error) }),
  )`);

/** What no browser is needed for: every way to write a name of this machine, and what only looks like one. */
async function checkNames(tally: Tally, stage: Stage): Promise<void> {
  const own = ['localhost', 'LOCALHOST', 'a.localhost', 'a.b-c.localhost', '127.0.0.1', '127.255.255.254', '[::1]'];
  const others = [
    ...['evil.test', 'localhost.test', 'xlocalhost', 'a.localhost.test', '127.0.0.1.test', '127.0.0.1.localhost.test'],
    ...['10.0.0.1', '128.0.0.1', '0.0.0.0', '[::]', '[::2]', '[::ffff:10.0.0.1]', '.localhost', 'a..localhost'],
  ];
  for (const name of own)
    for (const port of ['', ':1', `:${stage.service.port}`])
      tally.check(`${name}${port} is served`, (await statusAt(stage, `${name}${port}`)) === 200);
  for (const name of others)
    for (const port of ['', `:${stage.service.port}`]) {
      const status = await statusAt(stage, `${name}${port}`);
      tally.check(`${name}${port} is refused`, status === 421 || status === 400, status);
    }
  for (const path of ['/health', '/ready'])
    tally.check(`${path} answers any host`, (await statusAt(stage, '10.0.0.1:4000', `GET ${path}`, '')) === 200);
}

/** The status that an operation, or another request, gets at that host. */
async function statusAt(
  { service }: Stage,
  host: string,
  request = 'POST /graphql',
  body = JSON.stringify({ query: '{ __typename }' }),
): Promise<number> {
  const wire = await openWire(service.port);
  const type = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  wire.send(`${request} HTTP/1.1\r\nHost: ${host}\r\n${type}\r\n${body}`);
  const [answer] = await wire.answers(1);
  wire.reset();
  return answer?.status ?? 0;
}
