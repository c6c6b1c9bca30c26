/** A fake upstream: a real HTTP server on loopback that responds as the test says and records its requests. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer, whole; `body` is sent as JSON unless it is text. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: unknown;
}

/** Responds by a function: to hang, to drip, to cut. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Takes the request and never answers. */
export const silence: Handler = () => {};

export interface FakeUpstream {
  readonly baseUrl: string;
  /** The paths requested so far, in the order of arrival. */
  readonly paths: string[];
  /** The requests themselves, likewise. */
  readonly requests: IncomingMessage[];
  /** Answers the path so from now on; a path without an answer is 404. */
  on(path: string, answer: Reply | Handler): void;
  /** Responds to the path as to those without a response. */
  off(path: string): void;
  /** Responds to every path that has no other response. */
  onAny(answer: Reply | Handler): void;
  /** Resolves once `count` requests have arrived, now or later. */
  arrived(count: number): Promise<void>;
  /** Resolves once `count` requests have been given up by the service before they were answered, now or later. */
  deserted(count: number): Promise<void>;
  /** How many requests are in flight. */
  underWay(): number;
  /** The most requests that have been in flight at one time so far. */
  maxAtOnce(): number;
  close(): void;
}

export async function startFakeUpstream(): Promise<FakeUpstream> {
  const answers = new Map<string, Reply | Handler>();
  let fallback: Reply | Handler = { status: 404, body: { detail: 'Not Found' } };
  const paths: string[] = [];
  const requests: IncomingMessage[] = [];
  let underWay = 0;
  let most = 0;
  let deserted = 0;

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    paths.push(path);
    requests.push(request);
    // The clock of a test is its own: without a date of theirs, answers have none.
    response.sendDate = false;
    most = Math.max(most, ++underWay);
    response.once('close', () => {
      underWay--;
      if (response.writableFinished) return;
      deserted++;
      server.emit('deserted');
    });
    const answer = answers.get(path) ?? fallback;
    if (typeof answer === 'function') answer(request, response);
    else send(response, answer);
    server.emit('arrived');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    requests,
    on: (path, answer) => void answers.set(path, answer),
    off: (path) => void answers.delete(path),
    onAny(answer) {
      fallback = answer;
    },
    async arrived(count) {
      while (requests.length < count) await once(server, 'arrived');
    },
    async deserted(count) {
      while (deserted < count) await once(server, 'deserted');
    },
    underWay: () => underWay,
    maxAtOnce: () => most,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function send(response: ServerResponse, { status = 200, headers, body = {} }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
