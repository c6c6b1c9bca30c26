/** The same REST backend by undici's `Pool.dispatch`, as Mercurius and the bare proxy ask. */
import { serveRest } from './rest-app.ts';
import { createParsingDispatchClient } from './upstream-client.ts';

await serveRest(createParsingDispatchClient());
