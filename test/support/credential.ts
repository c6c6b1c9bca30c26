/** Credentials that are sent in `Authorization`, for tests below the gateway. */
import { type Credential, createCredential } from '../../src/upstream/credential.ts';

/** @param authorization a word, a space and the key */
export const toCredential = (authorization: string, owner: Credential['owner'], baseUrl: string): Credential =>
  createCredential({
    headers: { authorization },
    apiKey: authorization.slice(authorization.indexOf(' ') + 1),
    owner,
    account: { account: 'default' },
    baseUrl,
  });
