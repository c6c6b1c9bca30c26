/**
 * The newest runs of all monitors, of all providers. None of them lists runs across monitors: their monitors are listed, and
 * then those are asked, side by side, of which runs may be among the newest.
 */
import { type Feed, toPart } from '../connection.ts';
import { countAwaited } from '../fetching/planner.ts';
import type { SelectedOf } from '../fetching/selected.ts';
import type { MonitorRunKey, Provider, QueryRunsArgs } from '../generated/types.ts';
import { providers } from '../providers/index.ts';
import type { Budget } from './budget.ts';
import { createGaps } from './gaps.ts';
import { isShown, type Lane } from './lane.ts';
import { beginMerge, type Merged, mergeOn } from './merge.ts';
import { openLanes } from './open-lanes.ts';
import { toFeedPage } from './page.ts';
import { type Question, toQuestion } from './question.ts';
import { readLane } from './read-lane.ts';
import { type FeedContext, type FeedDefinition, type FeedSource, isAskable } from './source.ts';

/**
 * A page of the feed.
 * @param definitions how the providers' lists are asked for and read
 * @throws {BadUserInput} when an argument can't be
 * @throws {OperationTooCostly} when lists have put too much into the answer already, or there are too many feeds
 */
export async function readFeed(
  args: QueryRunsArgs,
  context: FeedContext,
  selectedOf: SelectedOf,
  definitions: Readonly<Record<Provider, FeedDefinition>> = providers,
): Promise<Feed> {
  const question = toQuestion(args, context.now);
  const gaps = createGaps();
  const budget = context.feeds.open();
  const sources = new Map<Provider, FeedSource>();
  for (const provider of question.providers) {
    if (!isAskable(provider, question, context, gaps)) continue;
    const get = budget.pay(provider, context.fetches.of(provider));
    sources.set(provider, { ...definitions[provider], provider, get, budget, gaps, question, context });
  }

  const opened = await Promise.all(
    [...sources.values()].map(async (source) => ({ ...(await openLanes(source)), provider: source.provider })),
  );
  const lanes = opened.flatMap(({ lanes }) => lanes);
  const read = (lane: Lane) => readLane(sources.get(lane.provider) as FeedSource, lane);
  const page = toFeedPage(lanes, await readLanes(lanes, question, budget, read), question);
  for (const { provider } of page.unread) gaps.add(provider, null, budget.toError());
  for (const { provider, leftOut } of opened)
    if (question.size > 0 && leftOut >= page.earliest) gaps.add(provider, null, budget.toError());

  // Their runs lead to them, and what the list says of them need not be asked for again.
  for (const { isRead, provider, monitor } of lanes) if (isRead) context.monitors.note(provider, monitor);
  const inPage = selectedOf.inPage('RunFeedConnection');
  context.allowance.spendListed(page.items.length * inPage.places);
  context.allowance.spendAwaited(countFeedAwaited(page.items, inPage));
  const nodes = page.items.map(({ key, row }) => context.runs.toListed(key, row));
  return {
    ...toPart('RunFeedConnection', 'MonitorRunEdge', page.items, nodes, page),
    gaps: gaps.all(),
  };
}

/**
 * Reads on in waves until no lane may hold more of the newest runs, or the budget is spent. At first as many are asked as runs
 * are wanted: each of them has one. What they have shows who else may have more.
 * @param read whether it could be paid for
 */
async function readLanes(
  lanes: readonly Lane[],
  { size }: Question,
  budget: Budget,
  read: (lane: Lane) => Promise<boolean>,
): Promise<Merged> {
  let merged = beginMerge(lanes, size);
  for (let most = Math.min(size, budget.most); merged.open.length > 0; most = budget.most) {
    const wave = merged.open.slice(0, most).map((lane) => ({ lane, count: lane.items.length }));
    // Also when no call is left: another feed may have paid for the same.
    const isRead = await Promise.all(wave.map(({ lane }) => read(lane)));
    const rows = wave.flatMap(({ lane, count }) => lane.items.slice(count).filter(isShown));
    merged = mergeOn(merged, rows, size);
    if (!isRead.includes(true)) break;
  }
  return merged;
}

const countFeedAwaited = (items: readonly { readonly key: MonitorRunKey }[], selectedOf: SelectedOf): number =>
  items.reduce((sum, { key }) => {
    const { typeName, listed } = providers[key.provider].runs;
    return sum + countAwaited(selectedOf(typeName), listed);
  }, 0);
