/** What Olostep's statuses mean where that isn't what HTTP says. */
import { expect, it } from 'vitest';
import { olostepKey, olostepPath } from '../support/bodies.ts';
import { holdDice } from '../support/clock.ts';
import type { Reply } from '../support/fake-upstream.ts';
import { createWorld, keys } from '../support/world.ts';

const query = `{ olostepRun(monitorId: "${olostepKey.monitorId}", runId: "${olostepKey.runId}") { phase } }`;

async function requestFor(reply: Reply) {
  holdDice(0);
  const world = await createWorld();
  world.olostep.on(olostepPath, reply);
  const answer = await world.execute(query);
  expect(answer.data).toEqual({ olostepRun: null });
  expect(JSON.stringify([answer, world.lines])).not.toContain(keys.olostep);
  expect(answer.errors).toHaveLength(1);
  return { world, extensions: answer.errors?.[0]?.extensions };
}

it.each([
  ['{"usage_limit_reached":true}', 'QUOTA_EXCEEDED'],
  ['{"message":"No credits","usage_limit_reached": true}', 'QUOTA_EXCEEDED'],
  ['{"error":{"usage_limit_reached":true}}', 'QUOTA_EXCEEDED'],
  ['{"usage_limit_reached":false}', 'UPSTREAM_AUTH_FAILED'],
  ['{"message":"Invalid API key"}', 'UPSTREAM_AUTH_FAILED'],
  ['', 'UPSTREAM_AUTH_FAILED'],
  ['<h1>Payment Required</h1>', 'UPSTREAM_AUTH_FAILED'],
])('Olostep statuses: 402 with %s is %s', async (body, code) => {
  const { extensions } = await requestFor({ status: 402, body });

  expect(extensions).toMatchObject({ code, upstreamStatus: 402, retryable: false });
});

it('Olostep statuses: 402 without credits used up deletes the cache entries of the key, as 401 does', async () => {
  const forgotten: string[] = [];
  const world = await createWorld({
    runCache: {
      read: (names) => names.map(() => undefined),
      write() {},
      drop() {},
      forget: (owner) => void forgotten.push(owner),
      async close() {},
    },
  });
  world.olostep.on(olostepPath, { status: 402 });
  await world.execute(query);
  expect(forgotten).toHaveLength(1);

  world.olostep.on(olostepPath, { status: 402, body: { usage_limit_reached: true } });
  await world.execute(query);
  expect(forgotten).toHaveLength(1);
});

/** What AWS says to an `Authorization` that isn't an AWS signature, where no route of the API takes it. */
const signature = `Invalid key=value pair (missing equal-sign) in Authorization header: 'Bearer ${keys.olostep}'.`;

it.each<[string, Reply]>([
  ['by its header', { headers: { 'x-amzn-errortype': 'IncompleteSignatureException' }, body: '' }],
  ['by its header in capitals', { headers: { 'X-Amzn-ErrorType': 'MissingAuthenticationTokenException' } }],
  ['by its words', { body: { message: signature } }],
  ['by its words, as text', { headers: { 'content-type': 'text/plain' }, body: signature }],
  ['by its words without a signature', { body: { message: 'Missing Authentication Token' } }],
  [
    'by what it lacks',
    { body: { message: "Authorization header requires 'Credential' parameter. It requires 'Signature' parameter." } },
  ],
])('Olostep statuses: 403 with an AWS signature wording is no route of the API: %s', async (_how, reply) => {
  const { world, extensions } = await requestFor({ status: 403, ...reply });

  expect(extensions).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 403, retryable: false });
  expect(world.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', message: 'upstream call failed', reason: 'unknown_route' }),
  );
});

it.each<[string, Reply]>([
  ['nothing', { body: '' }],
  ['a reason', { body: { message: 'This feature has to be approved.' } }],
  ['a header of AWS about something else', { headers: { 'x-amzn-errortype': 'ForbiddenException' } }],
])('Olostep statuses: 403 with %s is FORBIDDEN', async (_what, reply) => {
  const { extensions } = await requestFor({ status: 403, ...reply });

  expect(extensions).toMatchObject({ code: 'FORBIDDEN', upstreamStatus: 403, retryable: false });
});

it('Olostep statuses: 404 for want of resources is no absence', async () => {
  const body = { malformed_request: false, message: 'Not enough resources available for the batch execution.' };
  const { world, extensions } = await requestFor({ status: 404, body });

  expect(extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', upstreamStatus: 404, retryable: true });
  expect(world.olostep.paths).toHaveLength(3);
});

it('Olostep statuses: 501 is busy, whatever it says', async () => {
  const { world, extensions } = await requestFor({ status: 501, body: { max_capacity_reached: true } });

  expect(extensions).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', upstreamStatus: 501, retryable: true });
  expect(world.olostep.paths).toHaveLength(3);
});
