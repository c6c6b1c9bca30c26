/** Where a request says it is going: its Host header and its path. */
import type { IncomingMessage } from 'node:http';

const host = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?$/;

/**
 * Whether the request has exactly one Host header, and one that is a host (RFC 9112, 3.2). Anything else must be 400, and
 * would make a URL that means something else further in.
 */
export function hasOneHost({ rawHeaders }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host',
  );
  const [first = ''] = hosts;
  // Of the grammar, but still no host: 1.2.3.4.5, [::::], a port beyond 65535.
  return hosts.length === 1 && host.test(first) && URL.canParse(`http://${first}`);
}

/** The path of the request, without its query. */
export const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';
