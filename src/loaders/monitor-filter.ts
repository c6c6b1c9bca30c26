/** Which monitors of a list are wanted: the arguments of a filter, checked, and what the row of a monitor says to them. Pure. */

import type { Account } from '../core/accounts.ts';
import { BadUserInput } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { presentText } from '../core/operation-params.ts';
import type { RunOutcome } from '../generated/types.ts';
import type { MonitorFacts } from '../providers/provider.ts';
import type { Body } from '../upstream/read-response.ts';

/** What a monitor has to be like. Times are Unix milliseconds; what is `undefined`, or empty, matches every monitor. */
export interface MonitorFilter {
  /** Its name has all of them, folded as {@link foldCase} does. */
  readonly words: readonly string[];
  /** It has all of them. */
  readonly tags: readonly string[];
  readonly lastOutcomes: ReadonlySet<RunOutcome> | undefined;
  readonly lastRunBefore: number | undefined;
  readonly lastAlertAfter: number | undefined;
}

/** The arguments of a filter, as a client has sent them. */
export interface MonitorFilterArgs {
  readonly search?: string | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  readonly lastOutcomes?: readonly RunOutcome[] | null | undefined;
  /** RFC 3339, in UTC. */
  readonly lastRunBefore?: string | null | undefined;
  readonly lastAlertAfter?: string | null | undefined;
}

export type FilterLimits = Pick<Limits, 'maxTags' | 'maxTagLength' | 'maxSearchLength'>;

/**
 * @param account the one whose list is filtered, if it is one
 * @throws {BadUserInput} when an argument can't be
 */
export function readMonitorFilter(args: MonitorFilterArgs, limits: FilterLimits, account?: Account): MonitorFilter {
  const tags = [...new Set(args.tags ?? [])];
  checkTags(args.tags ?? [], account, limits);
  return {
    words: toWords(presentText(args.search) ?? '', limits, account),
    tags,
    lastOutcomes: toChoice('lastOutcomes', args.lastOutcomes),
    lastRunBefore: toTime(args.lastRunBefore),
    lastAlertAfter: toTime(args.lastAlertAfter),
  };
}

const toTime = (text: string | null | undefined): number | undefined => (text == null ? undefined : Date.parse(text));

/**
 * The items of an argument; `undefined` when it isn't given.
 * @throws {BadUserInput} when it is an empty list, which nothing would match
 */
export function toChoice<Item>(name: string, items: readonly Item[] | null | undefined): ReadonlySet<Item> | undefined {
  if (!items) return undefined;
  if (items.length === 0) throw new BadUserInput(`Expected at least one of \`${name}\`, or none to be given.`);
  return new Set(items);
}

function toWords(search: string, { maxSearchLength }: FilterLimits, account: Account | undefined): readonly string[] {
  if (search.length > maxSearchLength)
    throw new BadUserInput(`Expected \`search\` of at most ${maxSearchLength} characters.`, account);
  return [...new Set(foldCase(search).split(/\s+/))].filter((word) => word !== '').sort();
}

/** One text for all that differ in upper and lower case alone, or in how Unicode composes them. */
const foldCase = (text: string): string =>
  // A sigma at the end of a word is another lower-case letter than elsewhere.
  text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC').replaceAll('ς', 'σ');

/**
 * @param account the one whose list is filtered, if it is one
 * @throws {BadUserInput} when these can't be tags
 */
export function checkTags(
  tags: readonly string[],
  account: Account | undefined,
  { maxTags, maxTagLength }: Pick<Limits, 'maxTags' | 'maxTagLength'>,
): void {
  if (tags.length > maxTags) throw new BadUserInput(`Expected at most ${maxTags} \`tags\`.`, account);
  for (const tag of tags) {
    // Commas separate tags on the way to the provider.
    if (tag === '' || tag.includes(','))
      throw new BadUserInput('Expected `tags` that are not empty and have no comma.', account);
    if (tag.length > maxTagLength)
      throw new BadUserInput(`Expected \`tags\` of at most ${maxTagLength} characters each.`, account);
    // Half a surrogate pair would become another character in a URL.
    if (!tag.isWellFormed()) throw new BadUserInput('Expected `tags` of well-formed Unicode.', account);
  }
}

/** Whether it matches every monitor. */
export const isOpenFilter = ({ words, tags, ...rest }: MonitorFilter): boolean =>
  words.length === 0 && tags.length === 0 && Object.values(rest).every((one) => one === undefined);

/** Stands for the filter: two that match the same monitors by the same arguments have the same text. */
export const toFilterText = ({ words, tags, lastOutcomes, ...times }: MonitorFilter): string =>
  JSON.stringify([words, tags.toSorted(), lastOutcomes === undefined ? null : [...lastOutcomes].sort(), times]);

/** Why no monitor of a provider can match; `undefined` when one may. */
export function whyNone(
  { tags, lastAlertAfter }: MonitorFilter,
  facts: MonitorFacts,
): 'tags' | 'lastAlertAfter' | undefined {
  if (tags.length > 0 && facts.tags === undefined) return 'tags';
  return lastAlertAfter !== undefined && facts.lastAlertAt === undefined ? 'lastAlertAfter' : undefined;
}

/** Whether the monitor of a row matches; `undefined` when the row doesn't say. */
export function matchMonitor(filter: MonitorFilter, facts: MonitorFacts, row: Body): boolean | undefined {
  let isSure = true;
  for (const check of checks) {
    const verdict = check(filter, facts, row);
    // Whatever else the row doesn't say, the monitor doesn't match.
    if (verdict === false) return false;
    isSure &&= verdict === true;
  }
  return isSure ? true : undefined;
}

type Check = (filter: MonitorFilter, facts: MonitorFacts, row: Body) => boolean | undefined;

const checks: readonly Check[] = [
  ({ words }, facts, row) => {
    if (words.length === 0) return true;
    const name = facts.name(row);
    if (name == null) return name === null ? false : undefined;
    const folded = foldCase(name);
    return words.every((word) => folded.includes(word));
  },
  ({ tags }, facts, row) => (tags.length === 0 ? true : hasTags(facts.tags?.(row), tags)),
  ({ lastOutcomes }, facts, row) => {
    if (lastOutcomes === undefined) return true;
    const outcome = facts.lastOutcome(row);
    return outcome === undefined ? undefined : outcome !== null && lastOutcomes.has(outcome);
  },
  ({ lastRunBefore }, facts, row) => {
    if (lastRunBefore === undefined) return true;
    const time = facts.lastRunAt(row);
    return time === undefined ? undefined : time === null || time <= lastRunBefore;
  },
  ({ lastAlertAfter }, facts, row) => {
    if (lastAlertAfter === undefined) return true;
    const time = facts.lastAlertAt?.(row);
    return time === undefined ? undefined : time !== null && time >= lastAlertAfter;
  },
];

/**
 * Whether all wanted tags are among a monitor's own; `undefined` when that can't be read.
 * @param tags as in {@link MonitorFacts}
 */
export function hasTags(
  tags: readonly (string | undefined)[] | undefined,
  wanted: readonly string[],
): boolean | undefined {
  if (tags === undefined) return undefined;
  const own = new Set(tags);
  if (wanted.every((tag) => own.has(tag))) return true;
  return own.has(undefined) ? undefined : false;
}
