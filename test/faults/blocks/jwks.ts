/**
 * An issuer of JWTs whose answers are endless, packed, late or nothing of the kind: a server in its place takes neither
 * memory nor time, and those who come with a token of `API_TOKENS` don't notice.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Stage, withStage } from '../stage.ts';
import type { Tally } from '../tally.ts';

const issuer = 'https://issuer.test';
const audience = 'monitor-graph';
const apiToken = 'a-token-of-the-operator';
const maxGrowthMiB = 60;
/** The time that a look at the issuer has, and what the rest may take. */
const maxMs = 3_000 + 1_500;

const json = { 'content-type': 'application/json' };

export async function run(tally: Tally): Promise<void> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const set = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'mine', alg: 'ES256' }] });
  const jwt = await new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: 'mine' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1h')
    .sign(pair.privateKey);

  let answer: Answer = () => {};
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    response.on('error', () => {});
    answer(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await withStage(
    async (stage) => {
      for (const [name, bad] of Object.entries(answers)) {
        answer = bad;
        await attack(tally, stage, name, jwt, () => requests);
      }
      answer = (response) => void response.writeHead(200, json).end(set);
      await setTimeout(1_100);
      const { text } = await requestAs(stage, jwt);
      tally.check('the issuer is well again: its tokens are good', text.includes('"OK"'), text);
      tally.check('no unexpected error', !stage.service.output().includes('unexpected error'));
    },
    {
      JWKS_URL: `http://127.0.0.1:${port}/keys`,
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: audience,
      API_TOKENS: apiToken,
      MAX_EVENT_LOOP_LAG_MS: '60000',
    },
    { isProbed: true },
  );
  server.close();
  server.closeAllConnections();
}

/** What the issuer sends instead of its keys. */
type Answer = (response: ServerResponse) => void;

const chunk = `{"kty":"RSA","n":"${'x'.repeat(64 * 1024)}"},`;
const bomb = gzipSync(Buffer.alloc(200 * 2 ** 20, ' '));

const answers: Readonly<Record<string, Answer>> = {
  'an endless body': (response) => send(response.writeHead(200, json)),
  'an endless body of a stated length': (response) =>
    send(response.writeHead(200, { ...json, 'content-length': String(2 ** 40) })),
  'an endless error': (response) => send(response.writeHead(500, json)),
  'an endless page': (response) => send(response.writeHead(200, { 'content-type': 'text/html' })),
  'a bomb': (response) => void response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(bomb),
  'a body that drips': (response) => {
    response.writeHead(200, json).write('{"keys":[');
    const timer = setInterval(() => response.write(' '), 50);
    response.once('close', () => clearInterval(timer));
  },
  silence: () => {},
};

function send(response: ServerResponse): void {
  while (!response.destroyed && response.write(chunk));
  if (!response.destroyed) response.once('drain', () => send(response));
}

async function attack(tally: Tally, stage: Stage, name: string, jwt: string, requests: () => number): Promise<void> {
  await setTimeout(1_100);
  const before = await stage.service.probe('collect');
  const requested = requests();
  const started = performance.now();
  // Many tokens at once share one look; beside them, others go on.
  const tried = Promise.all(Array.from({ length: 50 }, () => requestAs(stage, jwt)));
  const { text } = await requestAs(stage, apiToken);
  tally.check(`${name}: a token of the operator is good meanwhile`, text.includes('"OK"'), text);
  const statuses = new Set((await tried).map(({ status }) => status));
  const ms = performance.now() - started;
  const { rss } = await stage.service.probe();
  const growth = (rss - before.rss) / 2 ** 20;
  tally.check(`${name}: no caller is admitted`, statuses.size === 1 && statuses.has(503), [...statuses]);
  tally.check(`${name}: one look serves all`, requests() - requested === 1, requests() - requested);
  tally.check(`${name}: is over in time`, ms <= maxMs, `${Math.round(ms)} ms`);
  tally.check(`${name}: takes no memory`, growth <= maxGrowthMiB, `${growth.toFixed(0)} MiB`);
  tally.measured(`${name}: ${Math.round(ms)} ms, RSS +${growth.toFixed(0)} MiB`);
}

const requestAs = ({ service }: Stage, token: string) =>
  service.execute('{ datafoldRun(monitorId: "7", runId: "42") { state } }', undefined, {
    authorization: `Bearer ${token}`,
  });
