/**
 * One id, one value: whatever else is selected, by whatever route an object is reached, cached or not, compiled or not, its fields
 * say the same. The fields are those of the schema, so that a new one is among them.
 */
import { type GraphQLObjectType, isObjectType } from 'graphql';
import { expect, it, onTestFinished, vi } from 'vitest';
import { defaultLimits } from '../../src/core/limits.ts';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { createRedisCache } from '../../src/run-cache/redis/redis-cache.ts';
import { createSchema } from '../../src/schema/create-schema.ts';
import { holdDate, holdDice } from '../support/clock.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import { createListingWorld, type World } from '../support/world.ts';
import { Facts } from './one-value/facts.ts';
import { createRandom, type Random } from './one-value/random.ts';
import { allRoutes, type Question, type Route, staleRoutes, toQuestion } from './one-value/routes.ts';
import { fieldsOf } from './one-value/selections.ts';
import { serveWorld } from './one-value/serve.ts';
import { createUpstreamWorld, now, type UpstreamWorld } from './one-value/upstream-world.ts';

const schema = createSchema();

/** What operations may be: here they are larger than clients are allowed. */
const limits = {
  ...{ maxTokens: 1e6, maxDepth: 50, maxAliases: 1e6, maxFields: 1e6, maxBodyBytes: 1e8, maxRootFields: 1e3 },
  ...{
    maxListNodes: 1e6,
    maxListFetchedFields: 1e6,
    maxUpstreamCalls: 1e4,
    runFeedMaxCalls: 1e3,
    maxResponseBytes: 2 ** 30,
  },
  ...{
    maxRepresentations: 1e4,
    redisTimeoutMs: 500,
    maxAttempts: 1,
    maxResponseErrors: 1e5,
    maxQueuedOperations: 1e4,
    queueTimeoutMs: 60_000,
  },
};

interface Run {
  readonly random: Random;
  readonly upstream: UpstreamWorld;
  readonly facts: Facts;
}

async function execute(world: World, { facts }: Run, mode: string, question: Question): Promise<void> {
  const answer = await world.execute(question.query);
  expect(answer.data, JSON.stringify(answer.errors)).toBeDefined();
  // The address of a diff begins with that of the upstream, and each world has another.
  const { baseUrl } = world.datafold;
  const comparable = JSON.parse(JSON.stringify(answer).replaceAll(baseUrl, 'https://datafold.test')) as typeof answer;
  facts.add(comparable, question.root, question.selection, { ...question, mode });
}

async function requestAll(world: World, run: Run, mode: string, rounds: number, routes = allRoutes): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const route of routes(run.upstream, run.random)) {
      const question = toQuestion(schema, run.random, route as Route);
      await execute(world, run, mode, question);
      // From the third time on it is executed by a plan.
      if (mode === 'uncached' && round % 2 === 0)
        for (const use of ['uncached', 'planned']) await execute(world, run, use, question);
    }
}

async function createServed({ upstream }: Run, config: Partial<GatewayConfig>): Promise<World> {
  const world = await createListingWorld({ ...config, limits });
  serveWorld(world, upstream);
  return world;
}

/** Reads cached runs that are fresh, and then, while both providers are down, those that aren't any more. */
async function requestCached(run: Run, mode: string, runCache: GatewayConfig['runCache'] & {}): Promise<void> {
  const world = await createServed(run, { runCache });
  await requestAll(world, run, mode, 8);
  for (const far of [world.datafold, world.olostep]) far.onAny({ status: 500 });
  vi.setSystemTime(new Date(Date.parse(now) + 2 * defaultLimits.runCacheTtlMs));
  await requestAll(world, run, 'stale', 30, staleRoutes);
  vi.setSystemTime(new Date(now));
}

/** The types that have ids, and those below them. */
const objectTypes = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType =>
    isObjectType(type) && !type.name.startsWith('_') && !['Query', 'Account'].includes(type.name),
);
/** A page belongs to its route, and no object leads to it. */
const isOfPage = (name: string) => /^(?:RunFeed|MonitorConnection|MonitorEdge)/.test(name);

/** The fields that no operation has had a value of, by each route and in each mode that they have to be seen in. */
function findMissing({ seen }: Facts): readonly string[] {
  return objectTypes.flatMap((type) => {
    const isRun = /Run$/.test(type.name) && type.getInterfaces().length > 0;
    const isMonitor = type.getInterfaces().length > 0 && !isRun;
    const needed = [
      ...(isOfPage(type.name) ? [] : ['uncached']),
      ...(isRun ? ['key', 'keys', 'list', 'feed', 'node', 'entity', 'cached', 'stale', 'planned'] : []),
      ...(isMonitor ? ['key', 'keys', 'list', 'node', 'entity', 'planned'] : []),
    ];
    return fieldsOf(type).flatMap(({ name }) => {
      // Monitors have no stale-if-error while their provider is down, nor has the page that says which run was before.
      const ofField = ['monitor', 'previous'].includes(name) ? needed.filter((one) => one !== 'stale') : needed;
      return ofField.flatMap((one) =>
        seen.get(`${type.name}.${name}`)?.has(one) ? [] : `${type.name}.${name} ${one}`,
      );
    });
  });
}

it.each([1, 2, 3].slice(0, casesOf(3, 1)))(
  'one id, one value: A field of a run or a monitor has one value, whatever else is selected, by all routes: world %i',
  fuzz,
  async (seed) => {
    holdDate(now);
    holdDice(0);
    const random = createRandom(seed);
    const run: Run = { random, upstream: createUpstreamWorld(random), facts: new Facts() };

    const uncached = await createServed(run, { runCache: false });
    await requestAll(uncached, run, 'uncached', 8);
    await requestCached(run, 'cached', true);
    if (hasRedisServer) {
      const redis = await startRedisServer();
      const store = await createRedisCache({ url: redis.url, log: silentLog, limits: { ...defaultLimits, ...limits } });
      onTestFinished(() => store.close());
      await requestCached(run, 'redis', store);
    }

    // Some fields are far from all routes, and chance finds them early or late.
    for (let more = 0; more < 40 && findMissing(run.facts).length > 0; more++)
      await requestAll(uncached, run, 'uncached', 1);
    expect(run.facts.compared).toBeGreaterThan(5_000);
    expect(findMissing(run.facts)).toEqual([]);
  },
);
