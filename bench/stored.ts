/** What is stored of the runs: of each workload and trial the last. */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { parts } from './options.ts';
import { result } from './paths.ts';
import type { Results } from './results.ts';

/** What is stored so far. */
export function readStored(): Results | undefined {
  const file = result('results.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/**
 * What was stored, with what a run measured in its place. Undefined where one can't be beside the other, as the machine or the
 * settings were others: then all has to be measured again.
 */
export function toStored(stored: Results | undefined, results: Results): Results | undefined {
  if (stored === undefined || parts.every((part) => part in results.runs)) return results;
  if (!isAlike(stored, results)) return undefined;
  const isOld = (part: string) => !(part in results.runs);
  const { startMs, memoryMb, soakMb } = stored;
  return {
    ...(isOld('start') && startMs && { startMs }),
    ...(isOld('memory') && memoryMb && { memoryMb }),
    ...(isOld('soak') && soakMb && { soakMb }),
    ...results,
    runs: { ...stored.runs, ...results.runs },
    samples: filter({ ...stored.samples, ...results.samples }, (part) => isOld(part) || part in results.samples),
    // Told as "W1", or "W1, ours, set 2 of 3".
    failures: { ...filter(stored.failures, (place) => isOld(place.replace(/,.*/, ''))), ...results.failures },
  };
}

const isAlike = (stored: Results, { machine, effort }: Results): boolean =>
  isDeepStrictEqual(stored.machine, machine) && isDeepStrictEqual(stored.effort, effort);

const filter = <Value>(values: Readonly<Record<string, Value>>, isWanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => isWanted(name)));
