/** In what form a client wants an answer that comes in parts. */

export type PartsForm = 'multipart/mixed' | 'text/event-stream';

/**
 * The form that an Accept header names, `multipart/mixed` before `text/event-stream`; `undefined` when it names neither, and
 * the answer is to come whole. A wildcard names none: who sends one needn't know what parts are.
 */
export function toPartsForm(accept: string | null): PartsForm | undefined {
  if (accept === null) return undefined;
  const ranges = accept.toLowerCase().replace(/\s/g, '').split(',');
  const named = new Set(ranges.filter(isOurs).map((range) => range.split(';', 1)[0]));
  if (named.has('multipart/mixed')) return 'multipart/mixed';
  return named.has('text/event-stream') ? 'text/event-stream' : undefined;
}

/** Clients that name the draft which they read mustn't be sent another one. */
const isOurs = (range: string): boolean =>
  range
    .split(';')
    .slice(1)
    .every((parameter) => {
      const [name, value = ''] = parameter.split('=');
      if (name === 'incrementalspec') return false;
      if (name === 'deferspec') return value === '20220824';
      if (name === 'charset') return value === 'utf-8';
      return name !== 'q' || Number(value) > 0;
    });
