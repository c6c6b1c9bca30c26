/** The REST backend that a team would write by hand, with Fastify: it calls as undici's guide shows it. */
import { serveRest } from './rest-app.ts';
import { createRequestClient } from './upstream-client.ts';

await serveRest(createRequestClient());
