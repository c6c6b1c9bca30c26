/** What browsers are told about every answer. */

/** For every answer. Answers hold what a caller alone may see, so nobody in between keeps them. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const;
