/** The backend for these screens that a team would write by hand: Fastify, and a cache of five seconds. It runs as a separate process. */
import { fastify } from 'fastify';
import { port, upstreamUrl } from '../contenders/environment.ts';
import { createRestClient, withCache } from './rest-client.ts';
import { createRestScreens } from './rest-screens.ts';
import { type RunKey, reportPauseMs } from './screens.ts';

const cacheMs = 5_000;
const screens = createRestScreens(withCache(createRestClient(upstreamUrl), cacheMs));
// A report takes longer than Fastify's own limit.
const app = fastify({ requestTimeout: 100 * reportPauseMs });

app.get('/dashboard', () => screens.dashboard());
app.post<{ Body: RunKey }>('/run', async ({ body }) => ({ isOver: await screens.run(body) }));
app.post<{ Body: RunKey }>('/log', async ({ body }) => ({ lines: await screens.log(body) }));
app.post<{ Body: { windowMs: number } }>('/report', ({ body }) => screens.report(body.windowMs));

await app.listen({ port, host: '127.0.0.1' });
