/** A connection to the service, byte by byte: for what no HTTP client would send. */
import { once } from 'node:events';
import { connect } from 'node:net';

/** One answer, as far as it came. */
export interface WireAnswer {
  readonly status: number;
  /** The whole head, status line included. */
  readonly head: string;
  readonly body: string;
}

export interface Wire {
  send(bytes: string | Uint8Array): void;
  /** Everything that came so far, a character a byte. */
  received(): string;
  /** Resolves once that many whole answers have come, the connection has ended or the time is up. */
  answers(count: number, ms?: number): Promise<WireAnswer[]>;
  /** Resolves once the service has closed the connection: with `false` when the time is up before. */
  isClosed(ms?: number): Promise<boolean>;
  /** Says that no more is sent, and still listens. */
  end(): void;
  /** Leaves, with a reset. */
  reset(): void;
}

/** How long an answer may take before it counts as none, in milliseconds. */
const patienceMs = 2_000;

/** Connects to a port of this machine. */
export async function openWire(port: number): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }).setEncoding('latin1');
  let received = '';
  let isClosed = false;
  const close = () => {
    isClosed = true;
    socket.emit('progress');
  };
  socket.on('data', (chunk) => {
    received += chunk;
    socket.emit('progress');
  });
  socket.on('end', close).on('close', close);
  socket.on('error', close);
  await Promise.race([once(socket, 'connect'), once(socket, 'progress')]);

  /** Waits for progress until there is enough of it. */
  const until = async (isEnough: () => boolean, ms: number) => {
    const signal = AbortSignal.timeout(ms);
    while (!isEnough() && !signal.aborted) await once(socket, 'progress', { signal }).catch(() => {});
  };

  return {
    send: (bytes) => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    received: () => received,
    async answers(count, ms = patienceMs) {
      await until(() => isClosed || toAnswers(received).length >= count, ms);
      return toAnswers(received);
    },
    async isClosed(ms = patienceMs) {
      await until(() => isClosed, ms);
      return isClosed;
    },
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  };
}

/** The whole answers in the bytes, those that only say `continue` left out. */
function toAnswers(bytes: string): WireAnswer[] {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return [];
  const head = bytes.slice(0, end);
  const status = Number(head.split(' ', 2)[1]);
  const rest = bytes.slice(end + 4);
  if (status === 100) return toAnswers(rest);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  const isChunked = /^transfer-encoding: *chunked/im.test(head);
  const [body, next] = isChunked ? splitChunks(rest) : [rest.slice(0, Number(length ?? 0)), Number(length ?? 0)];
  if (next === undefined || next > rest.length) return [];
  return [{ status, head, body }, ...toAnswers(rest.slice(next))];
}

/** The body in the chunks, and where they end: nowhere, when the last hasn't come. */
function splitChunks(bytes: string): [body: string, end?: number] {
  let body = '';
  let start = 0;
  for (;;) {
    const sizeEnd = bytes.indexOf('\r\n', start);
    if (sizeEnd < 0) return [body];
    const size = Number.parseInt(bytes.slice(start, sizeEnd), 16);
    start = sizeEnd + 2 + size + 2;
    if (start > bytes.length) return [body];
    if (size === 0) return [body, start];
    body += bytes.slice(sizeEnd + 2, start - 2);
  }
}
