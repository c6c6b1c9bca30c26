/** Answers whose status says that they are none, with the text that comes with them (U-20, U-21, S-02). */
import { type InjectedFault, upstreamCanary, type Wire } from './fault.ts';
import { reply } from './fault-server.ts';

const detail = JSON.stringify({ detail: [{ msg: upstreamCanary, input: upstreamCanary }], error: upstreamCanary });
/** By this Olostep tells credits that are used up from a key that it doesn't know. */
const usedUp = JSON.stringify({ usage_limit_reached: true, message: upstreamCanary });
const html = `<h1>${upstreamCanary}</h1>`;

const answers = (status: number, code: string, attempts: InjectedFault['attempts'] = 1): InjectedFault => ({
  name: `answers ${status}`,
  code,
  attempts,
  status,
  play: ({ socket }) =>
    reply(socket, {
      status,
      reason: upstreamCanary,
      headers: { 'set-cookie': `a=${upstreamCanary}`, 'www-authenticate': `Key realm="${upstreamCanary}"` },
      body: detail,
    }),
});

const bad = 'UPSTREAM_BAD_RESPONSE';
const down = 'UPSTREAM_UNAVAILABLE';

/** What each status means, to a caller who brought a key along. */
export const statusFaults: readonly InjectedFault[] = [
  answers(400, 'BAD_USER_INPUT'),
  answers(401, 'UNAUTHENTICATED'),
  {
    ...answers(402, 'QUOTA_EXCEEDED'),
    play: ({ socket }) => reply(socket, { status: 402, body: usedUp }),
  },
  answers(403, 'FORBIDDEN'),
  answers(404, 'absent'),
  ...[405, 406, 407, 409, 411, 412, 413, 414, 415, 417, 418, 421, 423, 424, 426, 428, 431, 451, 499].map((status) =>
    answers(status, bad),
  ),
  answers(408, 'UPSTREAM_TIMEOUT', 3),
  answers(410, 'absent'),
  answers(422, 'BAD_USER_INPUT'),
  answers(425, down, 3),
  ...[500, 501, 502, 503, 512, 520, 521, 522, 523, 524, 525, 526, 527, 599].map((status) => answers(status, down, 3)),
  answers(504, 'UPSTREAM_TIMEOUT', 3),
  ...[505, 506, 507, 508, 510, 511].map((status) => answers(status, down)),
  // None at all is read as 5xx (RFC 9110, 15).
  ...[600, 999].map((status) => answers(status, down, 3)),
  {
    ...answers(502, down, 3),
    name: 'answers 502 in HTML',
    play: ({ socket }) => reply(socket, { status: 502, headers: { 'content-type': 'text/html' }, body: html }),
  },
];

/** A status with `Retry-After`. `waitMs` is the wait that it names; without, the header can't be read. */
const variants = (
  status: 429 | 503,
  name: string,
  retryAfter: string | readonly string[] | (() => string),
  { attempts, waitMs }: { attempts: InjectedFault['attempts']; waitMs?: number },
): InjectedFault => ({
  name: `answers ${status} with Retry-After ${name}`,
  code: status === 429 ? 'RATE_LIMITED' : down,
  attempts,
  status,
  ...(waitMs !== undefined && { waitMs }),
  play: ({ socket }) =>
    reply(socket, {
      status,
      headers: { 'retry-after': typeof retryAfter === 'function' ? retryAfter() : retryAfter },
      body: detail,
    }),
});

const inSeconds = (seconds: number) => () => new Date(Date.now() + seconds * 1_000).toUTCString();

/** For operations of 5 seconds: a wait of one second fits, of six doesn't. */
export const retryAfterFaults: readonly InjectedFault[] = [
  { ...answers(429, 'RATE_LIMITED', 'until-deadline'), name: 'answers 429 without Retry-After' },
  ...([429, 503] as const).flatMap((status) => {
    const inTime = status === 429 ? 'until-deadline' : 2;
    // A 429 is retried as one without.
    const unreadable = { attempts: status === 429 ? 'until-deadline' : 1 } as const;
    return [
      variants(status, 'of 1 second', '1', { attempts: inTime, waitMs: 1_000 }),
      variants(status, 'of 0 seconds', '0', { attempts: inTime, waitMs: 0 }),
      variants(status, 'of 6 seconds, for which no time is left', '6', { attempts: 1 }),
      variants(status, 'of a day', '86400', { attempts: 1 }),
      variants(status, 'of a date within a second', inSeconds(1), { attempts: inTime, waitMs: 0 }),
      variants(status, 'of a date in the past', 'Wed, 21 Oct 2015 07:28:00 GMT', { attempts: inTime, waitMs: 0 }),
      variants(status, 'of a date tomorrow', inSeconds(86_400), { attempts: 1 }),
      variants(status, 'that is negative', '-1', unreadable),
      variants(status, 'of 1e9', '1e9', unreadable),
      variants(status, 'of 1,000,000,000 seconds', '1000000000', { attempts: 1 }),
      variants(status, 'of 400 digits', '9'.repeat(400), { attempts: 1 }),
      variants(status, 'that is junk', upstreamCanary, unreadable),
      variants(status, 'of 1.5', '1.5', unreadable),
      variants(status, 'twice', ['1', '0'], unreadable),
    ];
  }),
];

const places: Readonly<Record<string, (wire: Wire) => string>> = {
  'the same host': () => '/second-hop',
  'another host': ({ trapUrl }) => `${trapUrl}/second-hop`,
  'another host without scheme': ({ trapUrl }) => trapUrl.replace('http:', ''),
  'a file': () => 'file:///etc/passwd',
  itself: ({ path }) => path,
  nowhere: () => `http://[${upstreamCanary}`,
};

export const redirectFaults: readonly InjectedFault[] = [300, 301, 302, 303, 304, 305, 307, 308].flatMap((status) =>
  Object.entries(places).map(
    ([name, toPlace]) =>
      ({
        name: `redirects with ${status} to ${name}`,
        code: bad,
        attempts: 1,
        status,
        play: (wire) =>
          reply(wire.socket, {
            status,
            headers: {
              location: toPlace(wire),
              refresh: `0; url=${toPlace(wire)}`,
              ...(status === 304 && { 'content-length': [] }),
            },
            body: status === 304 ? '' : detail,
          }),
      }) satisfies InjectedFault,
  ),
);
