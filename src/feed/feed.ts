/**
 * The newest runs of all monitors, of all providers. None of them lists runs across monitors: their monitors are listed, and
 * then those are asked, side by side, of which runs may be among the newest.
 */
import { type Feed, toPart } from '../connection.ts';
import type { Context } from '../context.ts';
import type { SelectedOf } from '../execution/selected.ts';
import { countAwaited } from '../fetching/planner.ts';
import type { MonitorRunKey, Provider, QueryRunsArgs } from '../generated/types.ts';
import { providers } from '../providers/index.ts';
import { type Budget, createBudget } from './budget.ts';
import { createGaps } from './gaps.ts';
import type { Lane } from './lane.ts';
import { merge } from './merge.ts';
import { openLanes } from './open-lanes.ts';
import { toFeedPage } from './page.ts';
import { type Question, toQuestion } from './question.ts';
import { readLane } from './read-lane.ts';
import { type FeedDefinition, type FeedSource, isAskable } from './source.ts';

/**
 * A page of the feed.
 * @param definitions how the providers' lists are asked for and read
 * @throws {BadUserInput} when an argument can't be
 * @throws {OperationTooCostly} when lists have put too much into the answer already
 */
export async function readFeed(
  args: QueryRunsArgs,
  context: Context,
  selectedOf: SelectedOf,
  definitions: Readonly<Record<Provider, FeedDefinition>> = providers,
): Promise<Feed> {
  const question = toQuestion(args, context.now);
  const gaps = createGaps();
  const budget = createBudget(context.limits.maxFeedCalls);
  const sources = new Map<Provider, FeedSource>();
  for (const provider of question.providers) {
    if (!isAskable(provider, question, context, gaps)) continue;
    const get = budget.pay(context.fetches.of(provider));
    sources.set(provider, { ...definitions[provider], provider, get, budget, gaps, question, context });
  }

  const lanes = (await Promise.all([...sources.values()].map(openLanes))).flat();
  await readLanes(lanes, question, budget, (lane) => readLane(sources.get(lane.provider) as FeedSource, lane));
  const page = toFeedPage(lanes, question);
  for (const { provider } of page.unread) gaps.add(provider, null, budget.toError());

  context.allowance.spendListed(page.items.length);
  context.allowance.spendAwaited(countFeedAwaited(page.items, selectedOf.inPage('RunFeedConnection')));
  const nodes = page.items.map(({ key, row }) => context.runs.toListed(key, row));
  return {
    ...toPart('RunFeedConnection', 'MonitorRunEdge', page.items, nodes, page),
    gaps: gaps.all(),
  };
}

/**
 * Reads on in waves until no lane may hold more of the newest runs, or the budget is spent. At first as many are asked as runs
 * are wanted: each of them has one. What they have shows who else may have more.
 */
async function readLanes(
  lanes: readonly Lane[],
  { size }: Question,
  budget: Budget,
  read: (lane: Lane) => Promise<void>,
): Promise<void> {
  for (let most = size; budget.left() > 0; most = Number.POSITIVE_INFINITY) {
    const { open } = merge(lanes, size);
    if (open.length === 0) return;
    await Promise.all(open.slice(0, Math.min(most, budget.left())).map(read));
  }
}

const countFeedAwaited = (items: readonly { readonly key: MonitorRunKey }[], selectedOf: SelectedOf): number =>
  items.reduce((sum, { key }) => {
    const { typeName, listed } = providers[key.provider].runs;
    return sum + countAwaited(selectedOf(typeName), listed);
  }, 0);
