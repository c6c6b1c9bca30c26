/** What opens a provider's API, and whose it is. */
import { createHash } from 'node:crypto';

export interface Credential {
  /** The whole `Authorization` header. */
  readonly authorization: string;
  /** Stands for the credential wherever something is remembered of it: never the credential itself. */
  readonly digest: string;
  /** Whose fault it is when the provider refuses it. */
  readonly owner: 'service' | 'caller';
}

export const createCredential = (authorization: string, owner: Credential['owner']): Credential => ({
  authorization,
  digest: createHash('sha256').update(authorization).digest('base64'),
  owner,
});
