/** Which monitors a provider has, and when each ran last. */
import { ProviderError } from '../errors.ts';
import type { MonitorRow } from '../providers/provider.ts';
import type { Monitors } from './feeds.ts';
import type { FeedSource } from './source.ts';

/** All of them, or those that ran last when there are too many. */
export async function readMonitors(source: FeedSource): Promise<Monitors> {
  const found = new Map<string, MonitorRow>();
  const errors: unknown[] = [];
  try {
    await walkMonitors(source, found, errors);
  } catch (error) {
    errors.push(error);
  }
  return { ...newestOf([...found.values()], source.context.limits.maxFeedMonitors), errors };
}

async function walkMonitors(
  { provider, context, monitors, get, budget }: FeedSource,
  found: Map<string, MonitorRow>,
  errors: unknown[],
): Promise<void> {
  const { walk, mostPages, isKey } = monitors;
  const { first, read } = walk(context.limits.listPageSize);
  // Whatever lists cost, what is in them can be asked for as well.
  const enough = Math.floor(budget.left() / 2);
  let isWhole = true;
  let request: typeof first | undefined = first;
  for (let pages = 0; request !== undefined; pages++) {
    if (pages === mostPages || (pages > 0 && budget.left() <= enough)) throw budget.toError();
    context.price.explainPage(provider, monitorsStep, request.path);
    const page = await get(request);
    if (page === null) throw toBadList();
    const { rows, next, unread } = read(page);
    if (unread) isWhole = false;
    for (const row of rows) {
      if (!isKey(row.monitorId)) isWhole = false;
      else if (row.lastRunAt !== null) found.set(row.monitorId, row);
    }
    request = next;
  }
  if (!isWhole) errors.push(toBadList());

  function toBadList() {
    return new ProviderError(provider, 'UPSTREAM_BAD_RESPONSE');
  }
}

function newestOf(rows: MonitorRow[], most: number): Pick<Monitors, 'rows' | 'leftOut'> {
  if (rows.length <= most) return { rows, leftOut: Number.NEGATIVE_INFINITY };
  rows.sort((one, other) => compareTimes(timeOf(one), timeOf(other)));
  return { rows: rows.slice(0, most), leftOut: timeOf(rows[most] as MonitorRow) };
}

/** One that doesn't say when it ran last may just have run. */
const timeOf = ({ lastRunAt }: MonitorRow): number => lastRunAt ?? Number.POSITIVE_INFINITY;

// A difference would be none of two infinities.
const compareTimes = (one: number, other: number): number => (one === other ? 0 : other > one ? 1 : -1);

const monitorsStep = {
  fetch: 'LIST',
  things: 0,
  calls: 1,
  why: 'Which monitors there are, and when each ran last, says whose runs to ask for.',
} as const;
