/** Where a request says it is going: its Host header and its path. */
import type { IncomingMessage } from 'node:http';
import { readAbsoluteTarget } from '../../gateway/node-handler.ts';
import { badInput, type Check } from './check.ts';

const host = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::[0-9]{1,5})?$/;

/** Whether the text is a host, perhaps with a port. */
export const isHost = (text: string): boolean =>
  // Of the grammar, but still no host: 1.2.3.4.5, [::::], a port beyond 65535.
  host.test(text) && URL.canParse(`http://${text}`);

/** The values of the header, each separately. Node.js concatenates or drops what is sent more than once. */
function valuesOf(name: string, { rawHeaders }: IncomingMessage): string[] {
  const values: string[] = [];
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const header = rawHeaders[place];
    if (header?.length === name.length && header.toLowerCase() === name) values.push(rawHeaders[place + 1] ?? '');
  }
  return values;
}

/**
 * Refuses all but exactly one Host header, and one that is a host (RFC 9112, 3.2). Anything else must be 400, and would
 * make a URL that means something else further in.
 */
export function createHostCheck(): Check {
  // Most requests name the host that the one before named.
  let known: string | undefined;
  return (request) => {
    const hosts = valuesOf('host', request);
    const host = hosts[0] ?? '';
    if (hosts.length === 1 && (host === known || isHost(host))) {
      known = host;
      return undefined;
    }
    return badInput(400, 'Expected exactly one Host header, with a host and optionally a port.');
  };
}

/** `loopback`: the names and addresses of this machine, which no page of another site can have. */
export type AllowedHosts = readonly string[] | 'loopback';

const loopbackHost = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Refuses requests to other hosts, as a browser sends them for a page whose name was made to point here (DNS rebinding).
 * @param allowed hosts; one without a port stands for all its ports. An empty list allows every host
 */
export function isAtHost(allowed: AllowedHosts): Check {
  if (allowed.length === 0) return () => undefined;
  const isAllowed = allowed === 'loopback' ? (host: string) => loopbackHost.test(host) : createListCheck(allowed);
  // Most requests name the host that the one before named.
  let last: string | undefined;
  return ({ headers: { host = '' } }) => {
    if (host === last) return undefined;
    if (!isAllowed(host)) return badInput(421, 'Expected a Host header that this service is configured for.');
    last = host;
    return undefined;
  };
}

function createListCheck(allowed: readonly string[]): (host: string) => boolean {
  const hosts = new Set(allowed.map((text) => text.toLowerCase()));
  return (host) => {
    const requested = host.toLowerCase();
    return hosts.has(requested) || hosts.has(requested.replace(/:\d+$/, ''));
  };
}

/**
 * Makes a target that is a whole URL the path in it, and its host the one that the checks behind this one look at: what the
 * Host header says doesn't count then (RFC 9112, 3.2.2). Where every host is allowed nothing but that header tells which
 * are ours, and the URL of another one stays what it is, which is found nowhere.
 */
export const createTargetCheck =
  (allowed: AllowedHosts): Check =>
  (request) => {
    const { url = '' } = request;
    // Nearly all are paths.
    const target = url.startsWith('/') ? undefined : readAbsoluteTarget(url);
    if (target === undefined) return undefined;
    const { scheme, authority, path } = target;
    if (!isHost(authority)) return badInput(400, 'Expected a target with a valid host, and optionally a port.');
    if (allowed.length === 0 && !isSameHost(scheme, authority, request.headers.host ?? '')) return undefined;
    request.headers.host = authority;
    request.url = path;
    return undefined;
  };

/** Whatever the case of their letters, and whether the usual port is said or not. */
const isSameHost = (scheme: string, one: string, other: string): boolean =>
  new URL(`${scheme}://${one}`).host === new URL(`${scheme}://${other}`).host;

export const isAtPath =
  (path: string): Check =>
  (request) =>
    pathOf(request) === path ? undefined : badInput(404, `Expected the path ${path}.`);

/** The path of the request, without its query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
