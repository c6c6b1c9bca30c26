/**
 * What pages of other sites could make a browser send (C-20 to C-22), what they could read of the answers, and what every
 * answer and side page says about itself (S-09).
 */
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { canaries } from '../service.ts';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';
import { extensionsBeyondList } from '../upstream/extensions.ts';

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const query = '{ datafoldRun(monitorId: "7", runId: "42") { state } }';
/** There is none in the schema: it must be refused for what it is, wherever it comes in. */
const mutation = 'mutation { datafoldRun(monitorId: "7", runId: "42") { state } }';
const inSearch = (document: string) => `/graphql?query=${encodeURIComponent(document)}`;
const inJson = (document: string) => JSON.stringify({ query: document });
const inForm = (document: string) => `query=${encodeURIComponent(document)}`;
const inParts = (document: string) =>
  ['--b', 'Content-Disposition: form-data; name="operations"', '', inJson(document), '--b--', ''].join('\r\n');
const typed = (type: string, body: string): Sent => ({ method: 'POST', headers: { 'content-type': type }, body });

/** Everything that a page can have sent to another site without a preflight, and what looks like it. */
export const simpleRequests = (document: string): Record<string, Sent> => ({
  'a form': typed('application/x-www-form-urlencoded', inForm(document)),
  'a form in capitals': typed('APPLICATION/X-WWW-FORM-URLENCODED', inForm(document)),
  'a form of parts': typed('multipart/form-data; boundary=b', inParts(document)),
  'a form of parts with files': typed(
    'multipart/form-data; boundary=b',
    `${inParts(document)}`.replace('--b--', '--b'),
  ),
  'plain text of JSON': typed('text/plain', inJson(document)),
  'plain text of a document': typed('text/plain', document),
  'plain text that mentions JSON': typed('text/plain;application/json', inJson(document)),
  'plain text with JSON for its charset': typed('text/plain; charset=application/json', inJson(document)),
  'TEXT/PLAIN': typed('TEXT/PLAIN', inJson(document)),
  'two types': typed('text/plain, application/json', inJson(document)),
  'two types, the other way round': typed('application/x-www-form-urlencoded; application/json', inJson(document)),
  'a document': typed('application/graphql', document),
  'no type': { method: 'POST', body: inJson(document) },
  'an empty type': typed('', inJson(document)),
  'an unknown type': typed('x', inJson(document)),
  'nearly JSON': typed('application/jsonp', inJson(document)),
  'a document in the URL of a POST': { method: 'POST', path: inSearch(document) },
  'a document in the URL of a form': { ...typed('application/x-www-form-urlencoded', ''), path: inSearch(document) },
  'a GET': { path: inSearch(document) },
  'a GET with Accept: application/json': { path: inSearch(document), headers: { accept: 'application/json' } },
  'a GET of plain text': { path: inSearch(document), headers: { 'content-type': 'text/plain' } },
  'a GET of a form': { path: inSearch(document), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  'a GET of plain text that mentions JSON': {
    path: inSearch(document),
    headers: { 'content-type': 'text/plain;application/json' },
  },
  'a GET of an empty type': { path: inSearch(document), headers: { 'content-type': '' } },
  'a GET with an empty header': { path: inSearch(document), headers: { 'apollo-require-preflight': '' } },
});

/** A mutation by GET, whatever stands beside it. */
const forced = { 'apollo-require-preflight': '1' };

const origins = {
  listed: 'https://app.example',
  strangers: [
    'https://evil.test',
    'null',
    'https://app.example.evil.test',
    'https://evil-app.example',
    'https://evilapp.example',
    'https://app.exampl',
    'https://app.example:8443',
    'https://app.example/',
    'http://app.example',
    'HTTPS://APP.EXAMPLE',
    'https://sub.app.example',
    'https://app.example, https://evil.test',
    'https://user@app.example',
    '*',
    '',
    'https://app.example%00.evil.test',
    'https://app_example',
  ],
};
const preflight = (origin: string): Sent => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, content-type',
  },
});
const requesting = (origin: string): Sent => ({
  method: 'POST',
  headers: { origin, 'content-type': 'application/json' },
  body: inJson(query),
});

export async function run(tally: Tally): Promise<void> {
  await withStage(async (stage) => {
    await forge(tally, stage);
    await checkMethods(tally, stage);
    await checkSidePages(tally, stage);
    for (const origin of [origins.listed, ...origins.strangers]) {
      await readFromElsewhere(tally, stage, `no list: ${origin}`, origin, false);
    }
    tally.check('no unexpected error', !stage.service.output().includes('unexpected error'));
  });
  await withStage(
    async (stage) => {
      await readFromElsewhere(tally, stage, `listed: ${origins.listed}`, origins.listed, true);
      await readFromElsewhere(tally, stage, 'listed second', 'http://localhost:5173', true);
      for (const origin of origins.strangers)
        await readFromElsewhere(tally, stage, `not listed: ${origin}`, origin, false);
      await forge(tally, stage, origins.listed);
      const { headers } = await send(stage, requesting(origins.listed));
      tally.check('answers vary by origin', /\borigin\b/i.test(String(headers.vary)), headers);
    },
    { CORS_ORIGINS: `${origins.listed},http://localhost:5173` },
  );
}

/** C-20: nothing of it is executed. With an origin, as its page would send it: being listed doesn't make it better. */
async function forge(tally: Tally, stage: Stage, origin?: string): Promise<void> {
  for (const [kind, document] of Object.entries({ query, mutation })) {
    for (const [name, sent] of Object.entries(simpleRequests(document))) {
      const before = stage.calls();
      const answered = await send(stage, { ...sent, headers: { ...sent.headers, ...(origin && { origin }) } });
      const isRefused = answered.status >= 400 && answered.status < 500 && !answered.text.includes('"data"');
      tally.check(
        `${kind} by ${name}${origin ? ' of a listed page' : ''}`,
        isRefused && stage.calls() === before,
        answered,
      );
      checkHeaders(tally, name, answered);
    }
  }
  const { text } = await send(stage, { path: inSearch(query), headers: forced });
  tally.check('query by GET, with what forces a preflight', text.includes('"OK"'), text);
}

/** C-22. */
async function checkMethods(tally: Tally, stage: Stage): Promise<void> {
  const get = await send(stage, { path: inSearch(mutation), headers: forced });
  tally.check('mutation by GET, with what forces a preflight', get.status === 405 || get.status === 400, get);
  for (const method of ['HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'OPTIONS', 'PROPFIND']) {
    for (const sent of [{ path: inSearch(query) }, typed('application/json', inJson(query))]) {
      const before = stage.calls();
      const answered = await send(stage, { ...sent, headers: { ...sent.headers, ...forced }, method });
      tally.check(`${method} executes nothing`, answered.status === 405 && stage.calls() === before, answered);
      tally.check(`${method} echoes nothing`, !answered.text.includes('apollo-require-preflight'), answered);
      checkHeaders(tally, method, answered);
    }
  }
}

/** C-21: no word of CORS unless the origin is listed, letter by letter; never for credentials of the browser's own. */
async function readFromElsewhere(tally: Tally, stage: Stage, name: string, origin: string, isListed: boolean) {
  for (const [kind, sent] of Object.entries({ preflight: preflight(origin), request: requesting(origin) })) {
    const { headers } = await send(stage, sent);
    const words = Object.keys(headers).filter((header) => header.startsWith('access-control-'));
    const allowed = headers['access-control-allow-origin'];
    const isRight = isListed ? allowed === origin : words.length === 0;
    tally.check(`${name}: ${kind}`, isRight && headers['access-control-allow-credentials'] === undefined, headers);
  }
}

/** S-09: nothing of the keys, of versions or of files, and the headers that every answer has. */
async function checkSidePages(tally: Tally, stage: Stage): Promise<void> {
  const pages: Record<string, Sent> = {
    health: { path: '/health' },
    ready: { path: '/ready' },
    GraphiQL: { path: '/graphql', headers: { accept: 'text/html' } },
    'nothing there': { path: '/nothing' },
    'the start': { path: '/', headers: { accept: 'text/html' } },
    metrics: { path: '/metrics' },
    'the environment': { path: '/.env' },
    'an operation': typed('application/json', inJson(query)),
    'a failed operation': typed('application/json', inJson('{ datafoldRun(monitorId: "..", runId: "1") { state } }')),
    'no operation': typed('application/json', '{'),
    'a bad Host': { path: '/health', headers: { host: '%zz' } },
  };
  const before = stage.calls();
  for (const [name, sent] of Object.entries(pages)) {
    const answered = await send(stage, sent);
    const whole = JSON.stringify(answered.headers) + answered.text;
    const canary = Object.values(canaries).find((key) => whole.includes(key.slice(0, 8)));
    tally.check(`${name}: no canary`, canary === undefined);
    tally.check(
      `${name}: no name or version of a server`,
      !answered.headers.server && !answered.headers['x-powered-by'],
      answered.headers,
    );
    tally.check(`${name}: no stack, no file of ours`, !/\n +at |node:internal|\/src\/|\/test\//.test(whole));
    checkHeaders(tally, name, answered);
    const isJson = String(answered.headers['content-type']).includes('json');
    const beyond = isJson ? extensionsBeyondList(JSON.parse(answered.text)) : [];
    tally.check(`${name}: no extension but the listed ones`, beyond.length === 0, beyond);
    if (name !== 'GraphiQL') {
      tally.check(`${name}: no version`, !/\d+\.\d+\.\d+/.test(answered.text), answered.text);
      continue;
    }
    const { 'content-security-policy': policy = '', 'x-frame-options': frames } = answered.headers;
    tally.check(`${name}: is there`, answered.status === 200 && answered.text.includes('<html'), answered.headers);
    tally.check(`${name}: has a policy`, /default-src|script-src/.test(String(policy)), policy);
    tally.check(
      `${name}: has no frame around it`,
      /frame-ancestors 'none'/.test(String(policy)) || frames !== undefined,
      policy,
    );
    tally.check(
      `${name}: loads nothing from elsewhere`,
      !/<(?:script|link|img)[^>]+(?:src|href)="?(?:https?:)?\/\//i.test(answered.text),
    );
  }
  tally.check('side pages call no provider', stage.calls() - before <= 1, stage.calls() - before);
}

function checkHeaders(tally: Tally, name: string, { headers }: Answered): void {
  const isSafe =
    headers['x-content-type-options'] === 'nosniff' &&
    String(headers['cache-control']).includes('no-store') &&
    headers['referrer-policy'] !== undefined &&
    headers['x-request-id'] !== undefined;
  tally.check(`${name}: has the headers of every answer`, isSafe, headers);
}

/** Sends with `node:http`, which sends whatever headers it is given, and adds none. */
async function send({ service }: Stage, { method = 'GET', path = '/graphql', headers, body }: Sent): Promise<Answered> {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const options = { port: service.port, host: '127.0.0.1', method, path, headers: { ...headers, ...length } };
  return new Promise((resolve, reject) => {
    request(options, async (response) => {
      const bytes = await buffer(response);
      const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    })
      .on('error', reject)
      .end(body);
  });
}
