/** The content type of a response as the log has it. */

/** Types that say what responded. Others may be anything, even a key that was sent. */
const known: ReadonlySet<string> = new Set([
  ...[
    'application/json',
    'application/problem+json',
    'application/xml',
    'application/xhtml+xml',
    'application/javascript',
  ],
  ...['application/octet-stream', 'application/x-www-form-urlencoded', 'application/grpc', 'application/pdf'],
  ...['text/html', 'text/plain', 'text/xml', 'text/css', 'text/csv', 'text/javascript', 'text/event-stream'],
  ...['multipart/form-data', 'image/png', 'image/svg+xml'],
]);

/** One of the known types, `other` or `none`; several of them where a response has several. */
export function toLoggedType(header: string | string[] | undefined): string {
  if (header === undefined) return 'none';
  const types = String(header)
    .split(',', 3)
    .map((text) => text.split(';', 1)[0]?.trim().toLowerCase() ?? '')
    .map((type) => (known.has(type) ? type : 'other'));
  return [...new Set(types)].join(', ');
}
