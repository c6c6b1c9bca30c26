/** The service when callers bring their own keys along. */
import type { Subject } from './subjects.ts';

/** Its variables: it must not hold keys then. */
export const forwarding = { CREDENTIALS: 'forwarded', DATAFOLD_API_KEY: '', OLOSTEP_API_KEY: '' } as const;

/** What the provider gets of a caller's key. */
export const toAuthorization = ({ scheme }: Subject, key: string): string => `${scheme} ${key}`;
