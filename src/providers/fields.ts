/** Runs and monitors as providers fill them, field by field, and the fields that identify them, within their provider and among all. */
import { type Account, type MonitorKey, type RunKey, splitAccountId, toAccountId } from '../core/accounts.ts';
import type { CostBudget } from '../core/cost-budget.ts';
import type { ProviderError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type * as Types from '../generated/types.ts';
import type { UpstreamRequest } from '../upstream/call-context.ts';
import type { Body } from '../upstream/read-response.ts';
import { fromMilliseconds } from './date-time.ts';

/** The names of the fields that are selected of an object. */
export type Selected = ReadonlySet<string>;

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
export type MonitorFields<Type extends Types.Monitor> = Omit<Fields<Type>, 'runs' | 'runCounts'>;

/** A monitor, ready to be selected from. */
export type Monitor = MonitorFields<Types.Monitor> & AllowStale & { readonly __typename: string };

/** What leads on from a run or a monitor goes by the root field that it was reached from. */
export type AllowStale = Pick<Reading, 'allowStale'>;

/** What has a global id. */
export type Node = Run | Monitor | { readonly id: string; readonly __typename: string };

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

/** `lasting`: it has ended for good. `unsure`: it has ended, but something of it may still come, or come right. `none`: it goes on. */
export type Cacheability = 'lasting' | 'unsure' | 'none';

/** A separate response beside those of runs and monitors. Pure. */
export interface DetailDefinition {
  /** Names it in the cache and in the call report. */
  readonly name: string;
  toRequest(id: string): UpstreamRequest;
  /** Whether the run cache stores what doesn't change any more. */
  readonly isCached: boolean;
  /** How sure it is that it stays as it is. */
  cacheability(record: Body): Cacheability;
}

/** What a field can reach of the request that selects it. */
export interface FieldContext {
  /** The runs of all providers, by their keys. */
  readonly runs: {
    load(key: RunKey, selected: Selected, allowStale?: boolean): Promise<Run | null>;
    /**
     * What the list of its monitor's runs says of a run; `null` when the list doesn't have it.
     * @param isStale whether a cached row of any age comes first
     * @throws {OperationTooCostly} when the list would have to be read too far
     * @throws {ProviderError} when the provider failed, or it is unknown whether the list has the run
     */
    loadListRow(key: RunKey, isStale: boolean): Promise<Body | null>;
    /**
     * The run below a run's row in the list of its monitor's runs; `null` when there is none, or the list doesn't have the run.
     * @throws like `loadListRow`
     */
    loadPrevious(key: RunKey): Promise<Run | null>;
  };
  /** The monitors of all providers, by their keys. */
  readonly monitors: { load(key: MonitorKey, selected: Selected, allowStale?: boolean): Promise<Monitor | null> };
  /** Responses beside those of runs and monitors; `null` when the provider has no such object. */
  readonly details: {
    load(account: Account, definition: DetailDefinition, id: string, allowStale?: boolean): Promise<Body | null>;
  };
  /** Where the API of an account is. */
  baseUrlOf(account: Account): string;
  /** Whatever is large, or can be selected repeatedly, is paid for from here. */
  readonly costBudget: CostBudget;
  /** How deep a free-form value may be nested. */
  readonly maxJsonDepth: number;
}

type Found<Value> = Filled<Value> | ProviderError;

/** A list is filled item by item, a run by its key or from a row, another object field by field; anything else is what it is. */
type Filled<Value> = Value extends readonly (infer Item)[]
  ? readonly (Filled<Item> | ProviderError)[]
  : Value extends Types.MonitorRun
    ? RunKey | Run
    : Value extends Types.Node
      ? LinkKey
      : Value extends { readonly __typename: string }
        ? Fields<Value>
        : Value;

/** An object that a run leads to, neither a run nor a monitor. */
export interface LinkKey extends Account {
  /** Which of the provider's links. */
  readonly link: string;
  /** The provider's id. */
  readonly id: string;
}

/** The global id of such an object. */
export const toLinkId = (key: LinkKey): string => `${toAccountId(key)}:${key.link}:${key.id}`;

/** Where the value of a field is: in a detail response, in a row of a list, or in `either`. */
type Origin = 'either' | 'detail' | 'row';

/** The origin of each field of a type of runs or monitors: the compiler requires all of them, and accepts no other. */
export type Origins<Type> = {
  readonly [Name in Exclude<
    keyof Type,
    keyof ReturnType<typeof identifyRun> | '__typename' | 'monitor' | 'runs' | 'runCounts'
  >]: Origin;
};

/** What the rows of a list say, in names of fields. */
export interface ListedFields {
  /** What a row has, beside what this service makes. */
  readonly fields: Selected;
  /** Those of them that a row alone has. */
  readonly only: Selected;
}

/** What a list says of a type, by the origins of its fields. */
export const toListedFields = <Type>(origins: Origins<Type>): ListedFields => ({
  fields: new Set([...namesOf(origins, 'either'), ...namesOf(origins, 'row')]),
  only: namesOf(origins, 'row'),
});

/** The fields of this origin. */
export const namesOf = <Type>(origins: Origins<Type>, origin: Origin): Selected =>
  new Set(Object.entries(origins).flatMap(([name, stated]) => (stated === origin ? [name] : [])));

/**
 * Makes fields of a type that are those of what `load` finds; when it finds nothing, `null` or what is given.
 * @throws whatever `load` does: that is the field's error
 */
export const later =
  <Type>(load: (context: FieldContext) => Promise<Readonly<Record<string, unknown>> | null>) =>
  <Name extends keyof Type & string>(name: Name, otherwise: unknown = null): Field<Type[Name]> =>
  async (args: never, context: FieldContext) => {
    const found = await load(context);
    if (found === null) return otherwise as never;
    const field = found[name];
    return typeof field === 'function' ? field.call(found, args, context) : field;
  };

/**
 * The fields of a run that this service makes: which it is, from the requested key, never from the answer; and of
 * when that is. To be spread before all others: an object that others are spread into later is a slow one.
 */
export const identifyRun = (key: RunKey, { readAt, isStale, allowStale }: Reading) => ({
  id: `${toAccountId(key)}:${key.monitorId}:${key.runId}`,
  provider: key.provider,
  account: key.account,
  monitorId: key.monitorId,
  runId: key.runId,
  readAt: () => fromMilliseconds(readAt) ?? '',
  isStale,
  allowStale,
});

/** The fields that cost nothing once it is known that there is such a run. */
export const runIdentity: ReadonlySet<string> = new Set(['id', 'provider', 'account', 'monitorId', 'runId']);

/** Stands where a run has its monitor's id, which it can't be in any provider's grammar. */
const monitorMark = 'monitor';

/** The fields of a monitor that say which it is, likewise. */
export const identifyMonitor = (key: MonitorKey, { readAt, isStale, allowStale }: Reading) => ({
  id: `${toAccountId(key)}:${monitorMark}:${key.monitorId}`,
  provider: key.provider,
  account: key.account,
  monitorId: key.monitorId,
  readAt: () => fromMilliseconds(readAt) ?? '',
  isStale,
  allowStale,
});

/** The fields that cost nothing once it is known that there is such a monitor. */
export const monitorIdentity: ReadonlySet<string> = new Set(['id', 'provider', 'account', 'monitorId']);

/** What a global id says. */
interface GlobalId {
  /** Unchecked. */
  readonly provider: string;
  readonly account: string;
  readonly monitorId: string;
  /** A monitor's has none. */
  readonly runId?: string;
}

/** What a global id says, its ids unchecked; `undefined` when it hasn't three parts, or its account isn't in its one form. */
export function splitGlobalId(id: string): GlobalId | undefined {
  const [accountId = '', monitorId, last, ...rest] = id.split(':');
  const account = splitAccountId(accountId);
  if (account === undefined || monitorId === undefined || last === undefined || rest.length > 0) return undefined;
  return monitorId === monitorMark ? { ...account, monitorId: last } : { ...account, monitorId, runId: last };
}
