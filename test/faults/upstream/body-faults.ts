/** Answers that are HTTP, but hold no run, or a strange one (U-10, U-11, U-14, U-31, U-33). */
import { gzipSync } from 'node:zlib';
import { badBody, data, type InjectedFault, upstreamCanary, type Wire } from './fault.ts';
import { reply, type WireReply } from './fault-server.ts';

/** A fault that is one reply. */
const says = (
  name: string,
  meaning: Pick<InjectedFault, 'code' | 'attempts' | 'status'>,
  toReply: (wire: Wire) => WireReply,
): InjectedFault => ({
  name,
  ...meaning,
  play(wire) {
    const { headers, ...rest } = toReply(wire);
    reply(wire.socket, {
      ...rest,
      headers: { 'x-canary': upstreamCanary, 'set-cookie': `a=${upstreamCanary}`, ...headers },
    });
  },
});

const html = `<!doctype html><title>502 ${upstreamCanary}</title>`;
const emptyBody = (status: number) => ({ code: 'UPSTREAM_BAD_RESPONSE', attempts: 1, status }) as const;

/** The right answer with something put in after its brace. */
const within =
  (text: string) =>
  ({ body }: Wire): WireReply => ({ body: `{${text},${body.slice(1)}` });
/** The right answer with something put in before its last brace, so that it comes last. */
const atEnd =
  (text: string) =>
  ({ body }: Wire): WireReply => ({ body: `${body.slice(0, -1)},${text}}` });
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const idMismatch = { code: 'UPSTREAM_BAD_RESPONSE', attempts: 1 } as const;
const otherIds =
  (toOther: (id: string | number) => unknown, which: 'run_id' | 'monitor_id') =>
  ({ body }: Wire): WireReply => {
    const json = JSON.parse(body);
    return { body: JSON.stringify({ ...json, [which]: toOther(json[which]) }) };
  };
/** A neighbour's id, of the same type. */
const neighbour = (id: string | number) => (typeof id === 'number' ? id + 1 : `${id}0`);

export const bodyFaults: readonly InjectedFault[] = [
  says('sends HTML', badBody, () => ({ headers: { 'content-type': 'text/html' }, body: html })),
  says('sends HTML as JSON', badBody, () => ({ body: html })),
  says('sends JSON as HTML', badBody, ({ body }) => ({ headers: { 'content-type': 'text/html' }, body })),
  says('sends JSON as a type that only begins like JSON', badBody, ({ body }) => ({
    headers: { 'content-type': 'application/jsonp' },
    body,
  })),
  says('sends two types', badBody, ({ body }) => ({
    headers: { 'content-type': ['text/html', 'application/json'] },
    body,
  })),
  says('sends its type twice', data, ({ body }) => ({
    headers: { 'content-type': ['application/json', 'application/json; charset=utf-8'] },
    body,
  })),
  says('sends nothing', badBody, () => ({})),
  says('sends a space', badBody, () => ({ body: ' ' })),
  says('answers 204', emptyBody(204), () => ({ status: 204, headers: { 'content-length': [] } })),
  says('answers 206', emptyBody(206), ({ body }) => ({
    status: 206,
    body: body.slice(0, 20),
    headers: { 'content-range': 'bytes 0-19/999' },
  })),
  says('answers 201', emptyBody(201), ({ body }) => ({ status: 201, body })),
  says('answers 202', emptyBody(202), ({ body }) => ({ status: 202, body })),
  ...['null', '[]', `"${upstreamCanary}"`, '7', 'true', `[{"state":"${upstreamCanary}"}]`].map((body) =>
    says(`sends ${body}`, badBody, () => ({ body })),
  ),

  says('sends cut JSON', badBody, ({ body }) => ({ body: body.slice(0, -2) })),
  says('sends JSON twice', badBody, ({ body }) => ({ body: body + body })),
  says('sends lines of JSON', badBody, ({ body }) => ({ body: `${body}\n${body}\n` })),
  says('sends NaN', badBody, within(`"${upstreamCanary}":NaN`)),
  says('sends a comment', badBody, within(`/* ${upstreamCanary} */ "a":1`)),
  says('sends a trailing comma', badBody, ({ body }) => ({ body: `${body.slice(0, -1)},}` })),
  says('sends a byte order mark', data, ({ body }) => ({ body: `\ufeff${body}` })),
  says('sends UTF-16', badBody, ({ body }) => ({ body: Buffer.from(body, 'utf16le') })),
  says('sends a JSON prefix against hijacking', badBody, ({ body }) => ({ body: `)]}',\n${body}` })),
  says('sends Latin-1', data, ({ body }) => ({
    body: Buffer.from(`{"note":"caf\xe9 ${upstreamCanary}",${body.slice(1)}`, 'latin1'),
  })),
  says('sends a charset', data, ({ body }) => ({
    headers: { 'content-type': 'application/json; charset=utf-7' },
    body,
  })),
  says('sends no type', data, ({ body }) => ({ headers: { 'content-type': [] }, body })),
  says(
    'sends duplicate keys',
    data,
    within('"run_id":1,"monitor_id":1,"state":"error","warnings":7,"events":7,"snapshot":7'),
  ),
  says('sends lone surrogates', data, within('"\\ud800":"\\udc00"')),
  says(
    'sends __proto__',
    data,
    within('"__proto__":{"polluted":true,"state":7,"snapshot":7},"constructor":{"prototype":{"polluted":true}}'),
  ),
  says('nests 5,000 levels', data, within(`"note":${nested(5_000)}`)),
  says('nests 100,000 levels', data, within(`"note":${nested(100_000)}`)),
  says('nests 100,000 levels beside a long number', data, within(`"id":9007199254740993,"note":${nested(100_000)}`)),

  says('answers about another run', idMismatch, otherIds(neighbour, 'run_id')),
  says('answers about another monitor', idMismatch, otherIds(neighbour, 'monitor_id')),
  says(
    'answers about a run that is a list',
    idMismatch,
    otherIds((id) => [id], 'run_id'),
  ),
  says('answers about another run at the end', idMismatch, atEnd('"run_id":1')),

  says('packs the answer unasked', badBody, ({ body }) => ({
    headers: { 'content-encoding': 'gzip' },
    body: gzipSync(body),
  })),
  says('packs the answer 400 times', badBody, ({ body }) => ({
    headers: { 'content-encoding': Array.from({ length: 400 }, () => 'gzip').join(', ') },
    body: gzipSync(body),
  })),
];
