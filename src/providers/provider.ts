/** What every provider is, and what a run of it looks like to the schema. */
import type { CostBudget } from '../core/cost-budget.ts';
import type { ProviderError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type * as Types from '../generated/types.ts';
import type { MonitorKey, MonitorRunKey } from '../generated/types.ts';
import type { ReadStatus } from '../upstream/error-response.ts';
import type { Body } from '../upstream/read-response.ts';
import type { UpstreamRequest } from '../upstream/request.ts';

/** A provider, as a value: all that this service has to know about its API. Nothing in it makes a call. */
export interface ProviderDefinition {
  /** Where its API is, unless configured otherwise. */
  readonly defaultBaseUrl: string;
  /** What all its paths begin with, below the base URL. */
  readonly apiPath: string;
  /** The whole `Authorization` header for a key. */
  authorization(apiKey: string): string;
  /** What its statuses mean where that isn't what HTTP says. @default what HTTP says */
  readonly readStatus?: ReadStatus;
  readonly runs: RunDefinition;
  readonly monitors: MonitorDefinition;
  /** Its stand-in for `npm run sandbox`, loaded only there. */
  loadSandbox(): Promise<{ readonly createSandbox: CreateSandbox }>;
}

/** How a provider's runs are requested and read. All but `readPage` is pure. */
export interface RunDefinition {
  /** The name of their type in the schema. */
  readonly typeName: string;
  /** Whether both ids of the key are of the provider's grammar. Only such keys are requested. */
  isKey(key: MonitorRunKey): boolean;
  /** A sentence that says what `isKey` accepts. */
  readonly expectedKey: string;
  /** How to request a run. */
  toRequest(key: MonitorRunKey): UpstreamRequest;
  /** The run in the answer to that. */
  toRun(key: MonitorRunKey, record: Body, reading: RunReading): Run;
  /** The run in a row of a list. What a row doesn't have, it loads once it is selected. */
  toListedRun(key: MonitorRunKey, row: Body, reading: RunReading): Run;
  /**
   * What the run that `toRun` made tells of its row in the list: how far the list is scanned for it. Undefined for others.
   * @default nothing, as no field needs a row
   */
  rowHint?(run: Run): RowHint | undefined;
  /** What a row says of a run. */
  readonly listed: ListedFields;
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

/** `lasting`: it has ended for good. `unsure`: it has ended, but something of it may still come, or come right. `none`: it goes on. */
export type Cacheability = 'lasting' | 'unsure' | 'none';

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
  toMonitor(monitorId: string, record: Body, reading: Reading): Monitor;
  /** The monitor in a row of a list. What a row doesn't have, it loads once it is selected. */
  toListedMonitor(monitorId: string, row: Body, reading: Reading): Monitor;
  /** What a row says of a monitor. */
  readonly listed: ListedFields;
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
  /** The list of all monitors, to find some of them, in pages of so many at most. */
  walk(pageSize: number): ListScan<MonitorRow>;
  /**
   * A page of the list of all monitors.
   * @throws {BadUserInput} when `after` is no cursor of this list, or the list can't be had so
   */
  readPage(get: Get, window: MonitorWindow): Promise<Page<MonitorRow>>;
}

/** The names of the fields that are selected of an object. */
export type Selected = ReadonlySet<string>;

/** What the rows of a list say, in names of fields. */
export interface ListedFields {
  /** What a row has, beside what this service makes. */
  readonly fields: Selected;
  /** Those of them that a row alone has. */
  readonly only: Selected;
}

/** Calls the provider; `null` when it has no such object. */
export type Get = (request: UpstreamRequest) => Promise<Body | null>;

/** A list that is read from its beginning. */
export interface ListScan<Row> {
  readonly first: UpstreamRequest;
  read(page: Body): WalkedPage<Row>;
}

/** What is in a page of such a list. */
export interface WalkedPage<Row> {
  /** Its rows, without those that can't be read. */
  readonly rows: readonly Row[];
  /** How to request the page after it, if there is one. */
  readonly next?: UpstreamRequest | undefined;
  /** All further pages, where the first one says how many there are: they can be requested in parallel. */
  readonly rest?: readonly UpstreamRequest[] | undefined;
  /** How many items the list has, if the page says so. */
  readonly count?: number | undefined;
  /** Whether the list has more: rows that can't be read, or pages that can't be requested. @default false */
  readonly unread?: boolean;
  /** None of these rows is later than this, in Unix milliseconds, where the list is newest first. @default unknown */
  readonly latestUnread?: number | undefined;
}

/** A run in a list. */
export interface RunRow {
  readonly runId: string;
  readonly row: Body;
  /** The time that the list goes by, in Unix milliseconds; `undefined` when the row doesn't say, or says no valid time. */
  readonly time: number | undefined;
  /** Whether the row leaves open what an answer of the run's own would say of its outcome. @default false */
  readonly lacksOutcome?: boolean;
}

/** What names a page of a list of runs: its number, or the provider's cursor. */
export type PageToken = string | number;

/** The pages of a monitor's list of runs, newest first. Pure. */
export interface RunListPages {
  /** Whether pages are numbered from 1, so that reading can begin at any of them. */
  readonly isNumbered: boolean;
  /**
   * The request of a page.
   * @param token the page; `undefined` for the first
   * @param isFromClient whether the token comes from a client's cursor: the provider may refuse it
   */
  toRequest(monitorId: string, token: PageToken | undefined, pageSize: number, isFromClient: boolean): UpstreamRequest;
  /**
   * What a page holds.
   * @throws {ProviderError} when it isn't the page that was requested, or no page at all
   */
  read(monitorId: string, token: PageToken | undefined, pageSize: number, page: Body): RunListPage;
}

/** A page of a monitor's list of runs. */
export interface RunListPage {
  /** In the order of the list; an error in place of a row that can't be read. */
  readonly rows: readonly (RunRow | ProviderError)[];
  /** The next page; `undefined` when this is the last. */
  readonly next: PageToken | undefined;
  /** How many runs the list has; `undefined` when the page doesn't say. */
  readonly count: number | undefined;
  /** How many rows a full page has. */
  readonly size: number;
  /** Whether the list says that it has more runs than its pages give. */
  readonly isIncomplete: boolean;
}

/** A monitor in a list. */
export interface MonitorRow {
  readonly monitorId: string;
  readonly row: Body;
  /** When its last run started, in Unix milliseconds; `undefined` when the row doesn't say, or a later run may have no start. */
  readonly lastRunAt: number | undefined;
  /**
   * What the row says of the last run, as text: as long as it is the same, the monitor has had no other run. `undefined` when the row
   * doesn't say, or the run may go on.
   */
  readonly lastRunMark: string | undefined;
  /** Whether the row says by two fields that the monitor has no run. */
  readonly hasNeverRun: boolean;
  /** When the monitor was created, in Unix milliseconds; `undefined` when the row doesn't say. */
  readonly createdAt: number | undefined;
}

/** A page of a list. */
export interface Page<Row> {
  /** Each row with its cursor; an error in place of one that can't be read. */
  readonly items: readonly { readonly cursor: string; readonly row: Row | ProviderError }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number | null | ProviderError;
  /** Where reading stopped, on a page without items that has a next one. @default the cursor of the last item */
  readonly endCursor?: string;
  /** Whether the list is in another order than it is taken for. @default false */
  readonly isOutOfOrder?: boolean;
}

/** Which runs of a list. */
export interface RunWindow {
  /** How many at most: 0 to 100. */
  readonly first: number;
  /** Maximum page size that is requested of the provider. */
  readonly pageSize: number;
  readonly after?: string | null | undefined;
  /** RFC 3339, in UTC. */
  readonly startedAfter?: string | null | undefined;
  readonly startedBefore?: string | null | undefined;
  /** The time, in Unix milliseconds. */
  readonly now: number;
}

/** Which monitors of the list. */
export interface MonitorWindow {
  /** How many at most: 0 to 100. */
  readonly first: number;
  /** Maximum page size that is requested of the provider. */
  readonly pageSize: number;
  readonly after?: string | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
}

/** How much of an answer is read. */
export type ReadLimits = Pick<Limits, 'maxLogEvents' | 'maxJsonDepth'>;

/** Where a response comes from. */
export interface Reading {
  /** When it was received, in Unix milliseconds. */
  readonly readAt: number;
  /** Whether it is a cached one, shown because the provider is down. */
  readonly isStale: boolean;
  /** Whether cached responses may be shown of what is loaded from here, while the provider is down. @default false */
  readonly allowStale?: boolean | undefined;
}

/** How a run's response is read, and where it comes from. */
export interface RunReading extends Reading {
  readonly limits: ReadLimits;
  /** For whom it is read: the digest of a credential. @default unknown */
  readonly owner?: string;
}

/** A type of runs as its provider fills it: its monitor is found by a resolver. */
export type RunFields<Type extends Types.MonitorRun> = Omit<Fields<Type>, 'monitor'>;

/** A run, ready to be selected from. */
export type Run = RunFields<Types.MonitorRun> & AllowStale & { readonly __typename: string };

/** A type of monitors as its provider fills it: its runs are found by a resolver. */
export type MonitorFields<Type extends Types.Monitor> = Omit<Fields<Type>, 'runs'>;

/** A monitor, ready to be selected from. */
export type Monitor = MonitorFields<Types.Monitor> & AllowStale & { readonly __typename: string };

/** What leads on from a run or a monitor goes by the root field that it was reached from. */
export type AllowStale = Pick<Reading, 'allowStale'>;

/** What has a global id. */
export type Node = Run | Monitor;

/**
 * A type of the schema as its provider fills it: every field is there, the compiler sees to it. A field is its value, or
 * the error that replaces it, or a function that finds either once it is selected.
 */
export type Fields<Type> = {
  readonly [Name in keyof Type]: Name extends '__typename' ? Type[Name] : Field<Type[Name]>;
};

export type Field<Value> =
  | Found<Value>
  | ((args: never, context: FieldContext) => Found<Value> | Promise<Found<Value>>);

/** What a field can reach of the request that selects it. */
export interface FieldContext {
  /** The runs of all providers, by their keys. */
  readonly runs: {
    load(key: MonitorRunKey, selected: Selected, allowStale?: boolean): Promise<Run | null>;
    /**
     * What the list of its monitor's runs says of a run; `null` when the list doesn't have it.
     * @param isStale whether a cached row of any age comes first
     * @throws {OperationTooCostly} when the list would have to be read too far
     * @throws {ProviderError} when the provider failed, or it is unknown whether the list has the run
     */
    loadListRow(key: MonitorRunKey, isStale: boolean): Promise<Body | null>;
  };
  /** The monitors of all providers, by their keys. */
  readonly monitors: { load(key: MonitorKey, selected: Selected, allowStale?: boolean): Promise<Monitor | null> };
  /** Whatever is large, or can be selected repeatedly, is paid for from here. */
  readonly costBudget: CostBudget;
  /** How deep a free-form value may be nested. */
  readonly maxJsonDepth: number;
}

type Found<Value> = Filled<Value> | ProviderError;

/** A list is filled item by item, a run by its key, another object field by field; anything else is what it is. */
type Filled<Value> = Value extends readonly (infer Item)[]
  ? readonly (Filled<Item> | ProviderError)[]
  : Value extends Types.MonitorRun
    ? MonitorRunKey
    : Value extends { readonly __typename: string }
      ? Fields<Value>
      : Value;

/** Makes a provider's stand-in: the answers of a small world that moves with the clock. */
export type CreateSandbox = (world: SandboxWorld) => Sandbox;

export interface SandboxWorld {
  /** The time, in Unix milliseconds. */
  readonly now: () => number;
  /** Which world: the same seed and start give the same one. */
  readonly seed: number;
}

export interface Sandbox {
  /** The key that it accepts. */
  readonly apiKey: string;
  /** Answers a GET as the provider's OpenAPI document says. */
  answer(request: SandboxRequest): SandboxAnswer;
}

export interface SandboxRequest {
  /** The path, without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface SandboxAnswer {
  readonly status: number;
  /** Beside the content type, which is that of JSON. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}
