/**
 * Whether a server that listens there, or is called there, is reachable from this machine only. Names and addresses, as in a URL
 * too.
 */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
