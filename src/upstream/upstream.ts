/** The upstream client of one account of a provider, as the loaders use it. */
import type { UpstreamState } from '../observability/observer.ts';
import type { Call, UpstreamRequest } from './call-context.ts';
import type { Credential } from './credential.ts';
import type { Body } from './read-response.ts';

/** The upstream client of one account of a provider. */
export interface Upstream {
  /**
   * GETs a JSON object; `null` when the provider says that it has no such object (404 or 410, in JSON).
   * @throws {ProviderError | BadUserInput} saying why there is no answer
   */
  getJson(request: UpstreamRequest, credential: Credential, call: Call): Promise<Body | null>;
  /** Ends the connections once nothing is in flight. */
  close(): Promise<void>;
}

/** The same, and what it is doing. */
export interface UpstreamClient extends Upstream {
  readState(): UpstreamState;
}
