/** What every provider is, and what a run of it looks like to the schema. */
import type { Allowance } from '../allowance.ts';
import type { ProviderError } from '../errors.ts';
import type { MonitorRun, MonitorRunKey } from '../generated/types.ts';
import type { Limits } from '../limits.ts';
import type { Body } from '../upstream/body.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';

/** A provider, as a value: all that this service has to know about its API. Nothing in it calls anything. */
export interface ProviderDefinition {
  /** Where its API is, unless configured otherwise. */
  readonly defaultBaseUrl: string;
  /** The whole `Authorization` header for a key. */
  authorization(apiKey: string): string;
  /** Whether both ids of the key are of the provider's grammar. Only such keys reach `toRequest`. */
  isKey(key: MonitorRunKey): boolean;
  /** A sentence that says what `isKey` accepts. */
  readonly expectedKey: string;
  /** How to ask for a run. */
  toRequest(key: MonitorRunKey): UpstreamRequest;
  /** The run in an answer. Pure. */
  toRun(key: MonitorRunKey, body: Body, limits: ReadLimits): Run;
  /** Its stand-in for `npm run sandbox`, loaded only there. */
  loadSandbox(): Promise<{ readonly createSandbox: CreateSandbox }>;
}

/** How much of an answer is read. */
export type ReadLimits = Pick<Limits, 'maxEvents'>;

/** A run, ready to be selected from. */
export type Run = Fields<MonitorRun> & { readonly __typename: string };

/**
 * A type of the schema as its provider fills it: every field is there, the compiler sees to it. A field is its value, or
 * the error that stands in its place, or a function that finds either once it is selected.
 */
export type Fields<Type> = {
  readonly [Name in keyof Type]: Name extends '__typename' ? Type[Name] : Field<Type[Name]>;
};

export type Field<Value> = Found<Value> | ((args: never, context: FieldContext) => Found<Value>);

/** What a field can reach of the request that selects it. */
export interface FieldContext {
  /** Whatever is large, or can be asked for again and again, is paid for from here. */
  readonly allowance: Allowance;
  /** How deep a free-form value may be nested. */
  readonly maxLevels: number;
}

type Found<Value> = Filled<Value> | ProviderError;

/** A list is filled item by item, an object field by field; anything else is what it is. */
type Filled<Value> = Value extends readonly (infer Item)[]
  ? readonly (Filled<Item> | ProviderError)[]
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
  readonly authorization: string | undefined;
}

export interface SandboxAnswer {
  readonly status: number;
  readonly body: unknown;
}
