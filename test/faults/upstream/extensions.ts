/** What an error may tell beside its message. */
const listed: ReadonlySet<string> = new Set([
  'code',
  'provider',
  'account',
  'upstreamStatus',
  'retryable',
  'retryAfterMs',
  'requestId',
]);

/** The extensions of an answer's errors, and of the answer, that are not of the list. */
export function extensionsBeyondList(body: {
  readonly extensions?: object;
  readonly errors?: readonly { readonly extensions?: object }[];
}): string[] {
  const names = [body, ...(body.errors ?? [])].flatMap(({ extensions = {} }) => Object.keys(extensions));
  return names.filter((name) => !listed.has(name)).map((name) => `extension ${name}`);
}
