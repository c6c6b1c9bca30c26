/** Incremental responses, as a client reads them. */
import type { Answer, AnswerError } from './world.ts';

export interface Part extends Answer {
  readonly hasNext?: boolean;
  readonly incremental?: readonly {
    readonly path: readonly (string | number)[];
    readonly label?: string;
    readonly data?: unknown;
    readonly items?: readonly unknown[] | null;
    readonly errors?: readonly AnswerError[];
  }[];
}

export const forms = ['multipart/mixed', 'text/event-stream'] as const;

/** The parts of an answer as they come, whichever form they have; and then its end, which must be there. */
export async function* readParts(response: Response): AsyncGenerator<Part, void> {
  const isMultipart = response.headers.get('content-type')?.startsWith('multipart/mixed');
  const [between, end] = isMultipart ? ['\r\n---', '--\r\n'] : ['\n\n', 'event: complete\ndata:'];
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const pieces = text.split(between);
    text = pieces.pop() ?? '';
    for (const piece of pieces) {
      const json = /\{.*\}$/.exec(piece)?.[0];
      if (json !== undefined) yield JSON.parse(json);
      else if (piece === end) return;
    }
    if (text === end) return;
  }
  throw new Error(`The answer ended without its end, behind ${JSON.stringify(text)}.`);
}

/** What comes next, when there must be something. */
export async function nextOf(parts: AsyncIterator<Part, void>): Promise<Part> {
  const { value } = await parts.next();
  if (!value) throw new Error('There is no further part.');
  return value;
}

/** The whole answer that the parts make, put together as their paths say. */
export function putTogether(parts: readonly Part[]): Answer {
  const [first = {}, ...others] = parts;
  const root = { data: structuredClone(first.data) };
  const errors = [...(first.errors ?? [])];
  for (const { path, data, items, errors: more } of others.flatMap(({ incremental = [] }) => incremental)) {
    errors.push(...(more ?? []));
    const place = Number(path.at(-1));
    if (items === undefined) put(root, path, data);
    for (const [index, item] of items?.entries() ?? []) put(root, [...path.slice(0, -1), place + index], item);
  }
  return { ...root, ...(errors.length > 0 && { errors }) };
}

function put(root: { data?: unknown }, path: readonly (string | number)[], value: unknown): void {
  const way = ['data', ...path];
  const last = way.pop() as string;
  let place = root as Record<string, unknown>;
  for (const step of way) place = place[step] as typeof place;
  place[last] = merge(place[last], value);
}

function merge(before: unknown, value: unknown): unknown {
  if (typeof before !== 'object' || typeof value !== 'object' || before === null || value === null)
    return value ?? before;
  for (const [name, inner] of Object.entries(value)) {
    (before as Record<string, unknown>)[name] = merge((before as Record<string, unknown>)[name], inner) ?? null;
  }
  return before;
}
