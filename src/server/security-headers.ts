/** The security headers of every response. */

/** For every answer. Responses are for their caller only, so no intermediary stores them. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const;
