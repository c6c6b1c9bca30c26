/** The contract of a provider. */
import type { MonitorKey, RunKey } from '../core/accounts.ts';
import type { RunOutcome, RunPhase } from '../generated/types.ts';
import type { UpstreamRequest } from '../upstream/call-context.ts';
import type { Body, ReadStatus } from '../upstream/read-response.ts';
import type {
  Cacheability,
  DetailDefinition,
  LinkKey,
  ListedFields,
  Monitor,
  Reading,
  Run,
  RunReading,
  Selected,
} from './fields.ts';
import type { Get, ListScan, MonitorRow, MonitorWindow, Page, RunListPages, RunRow, RunWindow } from './lists.ts';
import type { CreateSandbox } from './sandbox.ts';

/** A provider, as a value: all that this service has to know about its API. Nothing in it makes a call. */
export interface ProviderDefinition {
  /** Where its API is, unless configured otherwise. @default nowhere: each user has one, and has to configure its base URL */
  readonly defaultBaseUrl?: string;
  /** What all its paths begin with, below the base URL. */
  readonly apiPath: string;
  /** The headers of every call that carry the key, by their names in lower case. */
  headers(apiKey: string): Readonly<Record<string, string>>;
  /** The statuses that say that it doesn't accept the key. @default [401] */
  readonly refusesKeyWith?: readonly number[];
  /** What its other statuses mean where that isn't what HTTP says. @default what HTTP says */
  readonly readStatus?: ReadStatus;
  readonly runs: RunDefinition;
  readonly monitors: MonitorDefinition;
  /**
   * Further objects with a global id, by the word that it has in the place of a monitor's id, which it can't be.
   * @default none
   */
  readonly links?: Readonly<Record<string, LinkDefinition>>;
  /**
   * Its stand-in for `npm run sandbox`, loaded only there, and the names of the further accounts that it serves.
   * @default no further accounts
   */
  loadSandbox(): Promise<{ readonly createSandbox: CreateSandbox; readonly accounts?: readonly string[] }>;
}

/** How a provider's runs are requested and read. All but `readPage` is pure. */
export interface RunDefinition {
  /** The name of their type in the schema. */
  readonly typeName: string;
  /** Whether both ids of the key are of the provider's grammar. Only such keys are requested. */
  isKey(key: RunKey): boolean;
  /** A sentence that says what `isKey` accepts. */
  readonly expectedKey: string;
  /** How to request a run. */
  toRequest(key: RunKey): UpstreamRequest;
  /** The run in the answer to that. */
  toRun(key: RunKey, record: Body, reading: RunReading): Run;
  /** The run in a row of a list. What a row doesn't have, it loads once it is selected. */
  toListedRun(key: RunKey, row: Body, reading: RunReading): Run;
  /**
   * What the run that `toRun` made tells of its row in the list: how far the list is scanned for it. Undefined for others.
   * @default nothing, as no field needs a row
   */
  rowHint?(run: Run): RowHint | undefined;
  /**
   * Checks of arguments that need no response, by the names of the fields. They throw a `BadUserInput`, and nothing is fetched for such
   * a field.
   * @default none
   */
  readonly checkArguments?: Readonly<Record<string, (args: never) => void>>;
  /** The fields that are filled with a {@link LinkKey}: a resolver finds the object, as it knows what is selected of it. @default none */
  readonly linkFields?: readonly string[];
  /** What a row says of a run, by the origins of its fields. */
  readonly listed: ListedFields;
  /**
   * Which of two runs of a monitor is newer, by their ids: negative when the first one is older.
   * @default ids don't tell
   */
  compareIds?(runId: string, other: string): number;
  /** The most pages of the list that are read to find runs, before these are requested separately. */
  readonly maxPages: number;
  /** The list of a monitor's runs, to find some of them, in pages of so many at most. */
  walk(monitorId: string, pageSize: number): ListScan<RunRow>;
  /**
   * A page of the list of a monitor's runs; `null` when there is no such monitor.
   * @throws {BadUserInput} when `after` is no cursor of this list
   */
  readPage(get: Get, monitorId: string, window: RunWindow): Promise<Page<RunRow> | null>;
  /** The list of a monitor's runs, as the run feed reads it. */
  readonly pages: RunListPages;
  /** The phases that the runs of that list can be in. @default any */
  readonly listedPhases?: ReadonlySet<RunPhase>;
  /** The outcomes that they can have. @default any */
  readonly listedOutcomes?: ReadonlySet<RunOutcome>;
  /**
   * How sure it is that the run stays as it is, and may be cached: of the record that it was read from.
   * @param isRow whether that is a row of a list
   */
  cacheability(run: Run, record: Body, isRow: boolean): Cacheability;
}

/** What a run's own record tells of its row in the list. */
export interface RowHint {
  /** Whether the record alone says that the run has ended. */
  readonly isFinished: boolean;
  /** The row is no older than this, in Unix milliseconds; `undefined` when the record doesn't tell. */
  readonly earliest: number | undefined;
}

/** Objects of a provider that runs lead to by an id. Pure. */
export interface LinkDefinition {
  /** The name of their type in the schema. */
  readonly typeName: string;
  /** Whether an id is of the provider's grammar. Only such ids are requested. */
  isKey(id: string): boolean;
  /** A sentence that says what `isKey` accepts. */
  readonly expectedKey: string;
  readonly detail: DetailDefinition;
  /** The object in the response, without its global id; without a response, of its `ownFields` alone. */
  toObject(key: LinkKey, record?: Body): object;
  /** The fields that need no response. */
  readonly ownFields: Selected;
}

/** How a provider's monitors are requested and read. All but `readPage` is pure. */
export interface MonitorDefinition {
  /** The name of their type in the schema. */
  readonly typeName: string;
  /** Whether the id is of the provider's grammar. Only such ids are requested. */
  isKey(monitorId: string): boolean;
  /** A sentence that says what `isKey` accepts. */
  readonly expectedKey: string;
  /** How to request a monitor, given which of its fields are selected. */
  toRequest(monitorId: string, selected: Selected): UpstreamRequest;
  /** The monitor in the answer to that. */
  toMonitor(key: MonitorKey, record: Body, reading: Reading): Monitor;
  /** The monitor in a row of a list. What a row doesn't have, it loads once it is selected. */
  toListedMonitor(key: MonitorKey, row: Body, reading: Reading): Monitor;
  /** What a row says of a monitor, by the origins of its fields. */
  readonly listed: ListedFields;
  /** What a row says of a monitor that lists are filtered by. */
  readonly facts: MonitorFacts;
  /**
   * The fields that lead to a run, by the name of their type, where that is neither a run nor a monitor. They are filled with
   * the run's key: a resolver finds the run, as it knows what is selected of it.
   * @default none
   */
  readonly runFields?: Readonly<Record<string, string>>;
  /** The most pages of the list that are read to find monitors. */
  readonly maxPages: number;
  /**
   * By how many milliseconds the time of a run in its list may be later than its monitor's `lastRunAt`.
   * @default 0
   */
  readonly lagMs?: number;
  /**
   * The list of all monitors, in pages of so many at most.
   * @param tags those that the provider is to select monitors by, if it can: all of them or any, no document says
   */
  walk(pageSize: number, tags?: readonly string[]): ListScan<MonitorRow>;
  /**
   * A page of the list of all monitors.
   * @throws {BadUserInput} when `after` is no cursor of this list, or the list can't be had so
   */
  readPage(get: Get, window: MonitorWindow): Promise<Page<MonitorRow>>;
}

/**
 * What a row of a list of monitors says, fact by fact: the same as the monitor's field of that name. `undefined` when the row doesn't say,
 * or not as documented: only another call could tell.
 */
export interface MonitorFacts {
  /** `null` for a monitor without a name. */
  name(row: Body): string | null | undefined;
  /** Whether the monitor runs on its schedule. @default no row says so */
  enabled?(row: Body): boolean | undefined;
  /** `null` for a monitor whose last run goes on, and for one without a run. */
  lastOutcome(row: Body): RunOutcome | null | undefined;
  /** In Unix milliseconds; `null` for a monitor that has never run. */
  lastRunAt(row: Body): number | null | undefined;
  /** An entry that can't be read is `undefined`. @default no monitor of the provider has tags */
  tags?(row: Body): readonly (string | undefined)[] | undefined;
  /** In Unix milliseconds; `null` for a monitor without an alert. @default the provider states no alerts */
  lastAlertAt?(row: Body): number | null | undefined;
}
