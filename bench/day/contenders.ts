/** Who serves the screens, and how each is started. */
import { type Contender, ours } from '../contenders.ts';
import { built } from '../paths.ts';
import { createBffScreens } from './bff-screens.ts';
import { createGraphScreens } from './graph-screens.ts';
import { createRestClient } from './rest-client.ts';
import { createRestScreens } from './rest-screens.ts';
import type { Screens } from './screens.ts';

export interface DayContender {
  readonly title: string;
  /** The process that is started; without, people call the providers themselves. */
  readonly gateway?: Pick<Contender, 'parameters' | 'env'>;
  /** @param url of the process, or of the providers */
  createScreens(url: string): Screens;
}

export const dayContenders: Readonly<Record<string, DayContender>> = {
  rest: { title: 'REST clients', createScreens: (url) => createRestScreens(createRestClient(url)) },
  bff: {
    title: 'Fastify, 5 s cache',
    gateway: {
      parameters: () => [built('contenders/bff.mjs')],
      env: (port, upstreamUrl) => ({ PORT: `${port}`, UPSTREAM_URL: upstreamUrl, NODE_ENV: 'production' }),
    },
    createScreens: createBffScreens,
  },
  ours: {
    title: ours.title,
    gateway: {
      parameters: ours.parameters,
      // By its defaults, other than where the CPU of a request is measured.
      env: (port, upstreamUrl) => ({
        HOST: '127.0.0.1',
        PORT: `${port}`,
        ...{ DATAFOLD_BASE_URL: upstreamUrl, OLOSTEP_BASE_URL: upstreamUrl },
        ...{ DATAFOLD_API_KEY: 'key', OLOSTEP_API_KEY: 'key' },
      }),
    },
    createScreens: createGraphScreens,
  },
};
