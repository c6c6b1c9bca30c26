/** Mercurius with its compiler; it calls by undici's `Pool.dispatch`, its cheapest level. */
import { fastify } from 'fastify';
import mercurius from 'mercurius';
import { port } from './environment.ts';
import { createSchema } from './graph.ts';
import { createRuns } from './loader.ts';
import { createParsingDispatchClient } from './upstream-client.ts';

const getBody = createParsingDispatchClient();
const app = fastify();

app.register(mercurius, { schema: createSchema(), context: () => ({ runs: createRuns(getBody) }), jit: 1 });
await app.listen({ port, host: '127.0.0.1' });
