/** All guards. */

import { accountGuards } from './account-guards.ts';
import { detailGuards } from './detail-guards.ts';
import { graphGuards } from './graph-guards.ts';
import type { Guard } from './guard.ts';
import { httpServerGuards } from './http-server-guards.ts';
import { questionGuards } from './question-guards.ts';
import { runCacheGuards } from './run-cache-guards.ts';
import { runFeedGuards } from './run-feed-guards.ts';
import { runFeedHttpGuards } from './run-feed-http-guards.ts';
import { upstreamGuards } from './upstream-guards.ts';

export const guards: readonly Guard[] = [
  ...graphGuards,
  ...accountGuards,
  ...detailGuards,
  ...httpServerGuards,
  ...runFeedGuards,
  ...runFeedHttpGuards,
  ...questionGuards,
  ...runCacheGuards,
  ...upstreamGuards,
];
