/** Where a request says it is going: its Host header and its path. */
import type { IncomingMessage } from 'node:http';
import { badInput, type Check } from './refusal.ts';

const host = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?$/;

/** Whether the text is a host, perhaps with a port. */
export const isHost = (text: string): boolean =>
  // Of the grammar, but still no host: 1.2.3.4.5, [::::], a port beyond 65535.
  host.test(text) && URL.canParse(`http://${text}`);

/**
 * Refuses all but exactly one Host header, and one that is a host (RFC 9112, 3.2). Anything else must be 400, and would
 * make a URL that means something else further in.
 */
export const hasOneHost: Check = ({ headersDistinct: { host: hosts = [] } }) =>
  hosts.length === 1 && isHost(hosts[0] ?? '')
    ? undefined
    : badInput(400, 'Expected exactly one Host header, with a host and perhaps a port.');

/**
 * Refuses requests to other hosts, as a browser sends them for a page whose name was made to point here.
 * @param allowed hosts; one without a port stands for all its ports. None allow every host
 */
export function isAtHost(allowed: readonly string[]): Check {
  const hosts = new Set(allowed.map((text) => text.toLowerCase()));
  return ({ headers }) => {
    const asked = headers.host?.toLowerCase() ?? '';
    if (hosts.size === 0 || hosts.has(asked) || hosts.has(asked.replace(/:\d+$/, ''))) return undefined;
    return badInput(421, 'Expected a Host header that this service is configured for.');
  };
}

export const isAtPath =
  (path: string): Check =>
  (request) =>
    pathOf(request) === path ? undefined : badInput(404, `Expected the path ${path}.`);

/** The path of the request, without its query. */
export const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';
