/** The same REST backend by undici's `Pool.dispatch`, as Mercurius and the bare proxy do. */
import { serveRest } from './rest-app.ts';
import { createParsingDispatchClient } from './upstream-client.ts';

await serveRest(createParsingDispatchClient());
