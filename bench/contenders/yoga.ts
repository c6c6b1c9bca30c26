/** GraphQL Yoga as it comes. */
import { createServer } from 'node:http';
import { createYoga } from 'graphql-yoga';
import { port } from './environment.ts';
import { createSchema } from './graph.ts';
import { createRuns } from './loader.ts';
import { createRequestClient } from './upstream-client.ts';

const getBody = createRequestClient();
const yoga = createYoga({ schema: createSchema(), context: () => ({ runs: createRuns(getBody) }) });

createServer(yoga).listen(port, '127.0.0.1');
