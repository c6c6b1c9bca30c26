/**
 * What the sandboxes of all providers share: their contract, random choices and time. The same request always gets the same
 * choices, and monitors run by a timetable. All times are milliseconds; the origin is the moment at which the sandbox starts.
 */

/** Makes a provider's stand-in: the answers of a small world that moves with the clock. */
export type CreateSandbox = (world: SandboxWorld) => Sandbox;

export interface SandboxWorld {
  /** The time, in Unix milliseconds. */
  readonly now: () => number;
  /** Which world: the same seed and start give the same one. */
  readonly seed: number;
  /** The account whose world it is. @default the default one */
  readonly account?: string;
}

export interface Sandbox {
  /** The key that it accepts. */
  readonly apiKey: string;
  /** Answers a GET as the provider's OpenAPI document says. */
  answer(request: SandboxRequest): SandboxAnswer;
}

interface SandboxRequest {
  /** The path, without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The value of a header, given its name in lower case. */
  header(name: string): string | undefined;
}

export interface SandboxAnswer {
  readonly status: number;
  /** Beside the content type, which is that of JSON. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A row of choices. Each call takes the next one, so their order is part of what they mean. */
export interface Dice {
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  pick<Item>(items: Choices<Item>): Item;
  /** Lower-case letters and digits, as ids are made of. */
  word(length: number): string;
}

/** What can be picked from: never nothing. An item that stands there twice is twice as likely. */
export type Choices<Item> = readonly [Item, ...Item[]];

const characters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Makes the dice of one subject. Subjects that differ in anything have nothing to do with each other. */
export function createDice(seed: number, ...subject: readonly (string | number)[]): Dice {
  const next = createSequence(toHash([seed, ...subject].join('/')));
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    pick: (items) => items[between(0, items.length - 1)] ?? items[0],
    word: (length) => Array.from({ length }, () => characters[between(0, characters.length - 1)]).join(''),
  };
}

/** FNV-1a: short, and good enough without attackers. */
function toHash(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}

/** Mulberry32: numbers from 0 up to 1, for the same reasons. */
function createSequence(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A monitor's runs, numbered from 1. */
export interface Timetable {
  /** How many of them began before the origin and have long ended. */
  readonly history: number;
  /** The time between those. */
  readonly every: number;
  /**
   * Those after the history: when the first begins, counted from the origin (below zero it is in progress there), and the
   * time between them, much shorter than `every`, so that a person sees the world move. A paused monitor has none.
   */
  readonly live?: { readonly from: number; readonly every: number };
}

/** How many runs have begun. */
export const countRuns = ({ history, live }: Timetable, sinceOrigin: number): number =>
  live === undefined || sinceOrigin < live.from
    ? history
    : history + 1 + Math.floor((sinceOrigin - live.from) / live.every);

/** When a run begins, counted from the origin. */
export function toBeginning({ history, every, live }: Timetable, run: number): number {
  const sinceHistory = run - history - 1;
  return live === undefined || sinceHistory < 0 ? sinceHistory * every : live.from + sinceHistory * live.every;
}
