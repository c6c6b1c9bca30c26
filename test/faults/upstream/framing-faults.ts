/** Responses that aren't HTTP, or more than one response at once (U-07, U-08). */
import { badBody, data, type InjectedFault, unavailable, upstreamCanary } from './fault.ts';
import { toHead } from './fault-server.ts';

const json = { 'content-type': 'application/json', 'x-canary': upstreamCanary };
const whole = (body: string) =>
  toHead(200, 'OK', { ...json, 'content-length': String(Buffer.byteLength(body)) }) + body;
const many = Object.fromEntries(Array.from({ length: 3_000 }, (_item, index) => [`x-${index}`, upstreamCanary]));

export const framingFaults: readonly InjectedFault[] = [
  {
    name: 'cuts a body without length',
    ...badBody,
    play: ({ socket, body }) => socket.end(toHead(200, 'OK', json) + body.slice(0, body.length / 2)),
  },
  {
    name: 'has a Content-Length that is too short',
    ...badBody,
    play: ({ socket, body }) =>
      socket.write(toHead(200, 'OK', { ...json, 'content-length': String(body.length - 10) }) + body),
  },
  {
    name: 'has two lengths',
    ...badBody,
    play: ({ socket, body }) =>
      socket.write(
        toHead(200, 'OK', { ...json, 'content-length': [String(body.length), String(body.length - 10)] }) + body,
      ),
  },
  {
    name: 'has a negative length',
    ...badBody,
    play: ({ socket, body }) => socket.write(toHead(200, 'OK', { ...json, 'content-length': '-1' }) + body),
  },
  {
    name: 'has a length and chunks',
    ...badBody,
    play: ({ socket, body }) =>
      socket.write(
        `${toHead(200, 'OK', { ...json, 'content-length': '5', 'transfer-encoding': 'chunked' })}${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      ),
  },
  {
    name: 'has chunks whose size is no number',
    ...badBody,
    play: ({ socket, body }) =>
      socket.write(`${toHead(200, 'OK', { ...json, 'transfer-encoding': 'chunked' })}zz\r\n${body}\r\n`),
  },
  { name: 'answers junk', ...badBody, play: ({ socket }) => socket.write(`${upstreamCanary}\0\xff junk\r\n\r\n`) },
  { name: 'answers in HTTP/0.9', ...badBody, play: ({ socket, body }) => socket.end(body) },
  {
    name: 'answers in HTTP/9.9',
    ...badBody,
    play: ({ socket, body }) => socket.write(whole(body).replace('/1.1', '/9.9')),
  },
  {
    name: 'answers in SSH',
    ...badBody,
    play: ({ socket }) => socket.write(`SSH-2.0-OpenSSH_9.9 ${upstreamCanary}\r\n`),
  },
  {
    name: 'has a status that is no number',
    ...badBody,
    play: ({ socket, body }) => socket.write(whole(body).replace('200', 'abc')),
  },
  {
    name: 'has a NUL in a header',
    ...badBody,
    play: ({ socket, body }) => socket.write(whole(body).replace('x-canary: ', 'x-canary: \0')),
  },
  {
    name: 'has a header of 40 KB',
    ...badBody,
    play: ({ socket, body }) =>
      socket.write(toHead(200, 'OK', { ...json, 'x-long': upstreamCanary.repeat(2_500) }) + body),
  },
  {
    name: 'has 3,000 headers',
    ...badBody,
    play: ({ socket, body }) => socket.write(toHead(200, 'OK', { ...json, ...many }) + body),
  },

  {
    name: 'switches protocols',
    ...unavailable,
    play: ({ socket }) =>
      socket.write(toHead(101, 'Switching Protocols', { upgrade: upstreamCanary, connection: 'upgrade' })),
  },
  {
    name: 'says 100 before it answers',
    ...data,
    play: ({ socket, body }) => socket.write(toHead(100, 'Continue', {}) + whole(body)),
  },
  {
    name: 'gives early hints',
    ...data,
    play: ({ socket, body }) => socket.write(toHead(103, 'Early Hints', { link: `<${upstreamCanary}>` }) + whole(body)),
  },
  {
    name: 'answers byte by byte, but soon',
    ...data,
    play: ({ socket, body }) => {
      for (const byte of whole(body)) socket.write(byte);
    },
  },
];
