/** The lanes of a provider's monitors, of those that may have runs of a page or of those behind it. */
import { toLaneName } from './cursor.ts';
import { createLane, isOpen, type Lane } from './lane.ts';
import { readMonitors } from './monitors.ts';
import type { FeedSource } from './source.ts';

export interface OpenLanes {
  readonly lanes: readonly Lane[];
  /** No run of the monitors that are too many is later than this, in Unix milliseconds; minus infinity when there are none. */
  readonly leftOut: number;
}

/** What couldn't be read of the list of monitors is a gap. */
export async function openLanes(source: FeedSource): Promise<OpenLanes> {
  const { provider, context, gaps, monitors, question } = source;
  const { lagMs = 0 } = monitors;
  const { rows, leftOut, errors } = await context.feeds.monitorsOf(provider, () => readMonitors(source));
  for (const error of errors) gaps.add(provider, null, error);
  const lanes: Lane[] = [];
  for (const row of rows) {
    const resume = question.resumes.get(toLaneName(provider, row.monitorId));
    const lane = createLane(provider, row, lagMs, question, resume);
    // That one is at its end is worth telling the next page, unless the list of monitors tells it as well.
    if (isOpen(lane) || resume !== undefined) lanes.push(lane);
  }
  return { lanes, leftOut: leftOut + lagMs };
}
