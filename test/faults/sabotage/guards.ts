/** All guards. */
import type { Guard } from './guard.ts';
import { guardsOfTheDoor } from './guards-of-the-door.ts';
import { guardsOfTheGraph } from './guards-of-the-graph.ts';
import { guardsOfTheRunFeed } from './guards-of-the-run-feed.ts';
import { guardsOfTheRunFeedOverHttp } from './guards-of-the-run-feed-over-http.ts';
import { guardsOfTheStore } from './guards-of-the-store.ts';
import { guardsOfTheWayOut } from './guards-of-the-way-out.ts';

export const guards: readonly Guard[] = [
  ...guardsOfTheGraph,
  ...guardsOfTheDoor,
  ...guardsOfTheRunFeed,
  ...guardsOfTheRunFeedOverHttp,
  ...guardsOfTheStore,
  ...guardsOfTheWayOut,
];
