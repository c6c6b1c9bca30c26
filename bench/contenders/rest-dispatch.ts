/** The same REST backend with undici's cheapest level, as ours, Mercurius and the bare proxy have it, so that the server alone differs. */
import { serveRest } from './rest-app.ts';
import { createParsingDispatchClient } from './upstream-client.ts';

await serveRest(createParsingDispatchClient());
