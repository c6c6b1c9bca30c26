/** HTTP byte by byte, for the requests that `fetch` refuses to send. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends the bytes as they are, and returns what is answered until the connection is closed; `null` when nothing is. */
export async function sendBytes(url: string, bytes: string | Uint8Array): Promise<Response | null> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('latin1');
  socket.write(bytes);
  return toResponse(await text(socket));
}

/** Sends a request with these lines as its head, and no other; requests that the connection is closed after it. */
export const sendLines = (url: string, [line, ...headers]: readonly string[], body = ''): Promise<Response | null> =>
  sendBytes(url, `${[line, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`);

function toResponse(bytes: string): Response | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [statusLine = '', ...lines] = bytes.slice(0, end).split('\r\n');
  const headers = new Headers(lines.map((line) => line.split(': ', 2) as [string, string]));
  const rest = bytes.slice(end + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? joinChunks(rest) : rest;
  return new Response(Buffer.from(body, 'latin1'), { status: Number(statusLine.split(' ')[1]), headers });
}

function joinChunks(bytes: string): string {
  const end = bytes.indexOf('\r\n');
  const size = Number.parseInt(bytes, 16);
  return size > 0 ? bytes.slice(end + 2, end + 2 + size) + joinChunks(bytes.slice(end + 4 + size)) : '';
}
