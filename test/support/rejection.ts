/** The rule for all that a client can get wrong, as one suite that is called with what to send. */
import { describe, expect, it } from 'vitest';
import { sendLines } from './raw-http.ts';
import { createWorld, type World } from './world.ts';

export type Send = (world: World) => Promise<Response | null>;

/** What is sent, the status of the answer, what its sentence says, and how it is sent. */
export type Case = readonly [sent: string, status: number, sentence: string | RegExp, send: Send];

/** Every case is answered with its status, a code and a sentence; costs no call; is no bug; and harms no later request. */
export function itRefuses(subject: string, cases: readonly Case[]): void {
  describe(subject, () => {
    it.each(cases)('%s: %d, a code and a sentence', async (_sent, status, sentence, send) => {
      const world = await createWorld();

      const response = await send(world);

      expect(response?.status).toBe(status);
      await expectRefusal(response as Response, sentence);
      expect(await world.execute('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
      expect([...world.datafold.paths, ...world.olostep.paths]).toEqual([]);
      expect(world.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    });
  });
}

/** A GraphQL answer that tells the client in words, and says nothing of the inside. */
async function expectRefusal(response: Response, sentence: string | RegExp) {
  const text = await response.text();
  const requestId = response.headers.get('x-request-id');
  expect(requestId).toMatch(/^[\w-]{36}$/);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(text).not.toMatch(/node_modules|node:|file:\/\/|\\n +at |\.[jt]s\b/);
  const { data, errors } = JSON.parse(text);
  expect(data ?? null).toBe(null);
  expect(errors[0].message).toMatch(sentence);
  for (const { extensions } of errors) expect(extensions).toEqual({ code: 'BAD_USER_INPUT', requestId });
}

/** A good operation. */
export const typename = '{"query":"{ __typename }"}';

export const json = { 'content-type': 'application/json' };

/** Posts the text. */
export const body =
  (text: string, headers: Record<string, string> = json): Send =>
  ({ post }) =>
    post(text, { headers });

/** Posts the parameters of an operation, whatever they are. */
export const params = (given: object): Send => body(JSON.stringify(given));

/** Posts an operation. */
export const query = (text: unknown, variables?: unknown): Send => params({ query: text, variables });

/** Sends a request in any way that `fetch` has. */
export const variants =
  (init: RequestInit & { duplex?: 'half' }): Send =>
  ({ url }) =>
    fetch(url, { method: 'POST', ...init });

/** Gets the graph with this query string. */
export const gets =
  (search: string, headers: Record<string, string> = {}): Send =>
  ({ url }) =>
    fetch(`${url}?${search}`, { headers: { 'apollo-require-preflight': '1', ...headers } });

/** Sends a request without body, of these lines alone. */
export const sends =
  (...lines: string[]): Send =>
  ({ url }) =>
    sendLines(url, lines);

/** Posts a good operation to a target that no client library rewrites, with only these headers beside those of its body. */
export const targets =
  (target: string, headers: readonly string[] = ['Host: graph.test'], version = 'HTTP/1.1'): Send =>
  ({ url }) => {
    const ofBody = ['Content-Type: application/json', `Content-Length: ${typename.length}`];
    return sendLines(url, [`POST ${target} ${version}`, ...headers, ...ofBody], typename);
  };
