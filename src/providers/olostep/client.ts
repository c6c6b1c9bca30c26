/** Olostep, as a provider, and what its statuses mean where that isn't what HTTP says: as its own clients read them [O12]. */
import type { ReadStatus } from '../../upstream/read-response.ts';
import type { ProviderDefinition } from '../provider.ts';
import { monitors } from './monitors.ts';
import { runs } from './runs.ts';

const readStatus: ReadStatus = ({ status, header, text }) => {
  // A wrong key is refused, and an account without credits by a flag beside it.
  if (status === 402) return usageLimit.test(text()) ? undefined : 'bad-key';
  // The API's gateway takes whatever no route of the API is for as a request to AWS, and misses the signature.
  if (status === 403) {
    const said = `${header('x-amzn-errortype')} ${text()}`;
    return signature.test(said) ? 'unknown-route' : undefined;
  }
  // It says so where there are too few machines, and nothing of the request.
  if (status === 404 && noResources.test(text())) return 'busy';
  return undefined;
};

const usageLimit = /"usage_limit_reached"\s*:\s*true/;
const signature =
  /IncompleteSignature|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken|Missing Authentication Token|Invalid key=value pair|requires '(?:Credential|Signature)' parameter/i;
const noResources = /"not enough resources available /i;

export const olostep: ProviderDefinition = {
  defaultBaseUrl: 'https://api.olostep.com',
  apiPath: '/v1',
  headers: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  readStatus,
  runs,
  monitors,
  loadSandbox: () => import('./sandbox.ts'),
};
