/** Which monitors a provider has, and when each ran last. */
import { ProviderError } from '../errors.ts';
import type { Provider } from '../generated/types.ts';
import { toLaneName } from './cursor.ts';
import { createLane, type Lane } from './lane.ts';
import type { FeedSource } from './source.ts';

/** The lanes of all monitors of a provider, as far as its list could be read; what couldn't is a gap. */
export async function openLanes(source: FeedSource): Promise<readonly Lane[]> {
  const { provider, gaps } = source;
  const lanes = new Map<string, Lane>();
  try {
    await walkMonitors(source, lanes);
  } catch (error) {
    gaps.add(provider, null, error);
  }
  return [...lanes.values()];
}

async function walkMonitors(source: FeedSource, lanes: Map<string, Lane>): Promise<void> {
  const { provider, context, monitors, get, gaps, budget, question } = source;
  const { walk, mostPages, isKey, lagMs = 0 } = monitors;
  const { first, read } = walk(context.limits.listPageSize);
  // Whatever lists cost, what is in them can be asked for as well.
  const enough = Math.floor(budget.left() / 2);
  let request: typeof first | undefined = first;
  for (let pages = 0; request !== undefined; pages++) {
    if (pages === mostPages || (pages > 0 && budget.left() <= enough)) throw budget.toError();
    const page = await get(request);
    if (page === null) throw toBadList(provider);
    const { rows, next } = read(page);
    for (const row of rows) {
      const { monitorId } = row;
      if (!isKey(monitorId)) gaps.add(provider, null, toBadList(provider));
      else
        lanes.set(
          monitorId,
          createLane(provider, row, lagMs, question, question.resumes.get(toLaneName(provider, monitorId))),
        );
    }
    request = next;
  }
}

const toBadList = (provider: Provider) => new ProviderError(provider, 'UPSTREAM_BAD_RESPONSE');
