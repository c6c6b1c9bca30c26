/** What a request costs at the providers, what it was spared, and why. */
import type { Provider } from '../generated/types.ts';

/** Of one provider. */
export interface ProviderCalls {
  /** Upstream calls made, each attempt counted. */
  calls: number;
  /** Runs and monitors that were asked for again in the same request. */
  repeated: number;
  /** Runs and monitors found in a list, whose pages are among the calls. */
  listed: number;
  /** Runs of which there was a kept copy. */
  kept: number;
  /** Calls that were coalesced with those of other requests. */
  coalesced: number;
  /** Responses that came just before, and were reused. */
  fresh: number;
}

/** A step of a plan, for people: how many calls are planned, and why. */
export interface PlannedStep {
  /** `SINGLE`: each thing by itself. `LIST`: pages of a list. `KEPT`: copies. */
  readonly fetch: 'SINGLE' | 'LIST' | 'KEPT';
  /** The list: for runs, the id of their monitor. */
  readonly list?: string;
  /** How many things it is for. */
  readonly things: number;
  /** How many calls it takes if nothing is missing. */
  readonly calls: number;
  readonly why: string;
}

/** As clients see it. */
export interface UpstreamExtension {
  readonly calls: number;
  readonly providers: Readonly<
    Record<string, { readonly calls: number; readonly saved: Readonly<Record<string, number>> }>
  >;
  readonly plan: readonly (PlannedStep & { readonly provider: Provider })[];
}

/** The most steps that are noted. A step makes a call as a rule, and of what costs none nobody reads hundreds. */
const maxSteps = 250;

/** Of one request. A class, as every request has one, and methods of a prototype cost it nothing. */
export class CallReport {
  /** Whether somebody wants to know more than how many calls there were. */
  readonly isVerbose: boolean;
  readonly #of: Partial<Record<Provider, ProviderCalls>> = {};
  readonly #steps: (PlannedStep & { readonly provider: Provider })[] = [];
  /** Where somebody wants to know. */
  #asked: Set<string> | undefined;
  /** Those that are noted. They stay so when the operation begins again, as its calls do. */
  #pages: Set<string> | undefined;
  /** When the oldest response was received that the answer is made of, and that was not fetched for it. Unix milliseconds. */
  #oldestReadAt = Number.POSITIVE_INFINITY;

  constructor(isVerbose: boolean) {
    this.isVerbose = isVerbose;
  }

  of(provider: Provider): ProviderCalls {
    this.#of[provider] ??= { calls: 0, repeated: 0, listed: 0, kept: 0, coalesced: 0, fresh: 0 };
    return this.#of[provider];
  }

  /** Notes that a thing is asked for, once or again: where it is explained, as it costs something for each. */
  ask(provider: Provider, id: string): void {
    const name = `${provider} ${id}`;
    this.#asked ??= new Set();
    if (this.#asked.has(name)) this.of(provider).repeated++;
    else this.#asked.add(name);
  }

  /** Notes what is planned, as far as there is room. */
  explain(provider: Provider, toSteps: () => readonly PlannedStep[]): void {
    if (!this.isVerbose || this.#steps.length >= maxSteps) return;
    for (const step of toSteps().slice(0, maxSteps - this.#steps.length)) this.#steps.push({ provider, ...step });
  }

  /**
   * Notes that a page of a list is read: once, as it is one call however often it is asked for.
   * @param page which of the list's pages
   */
  recordPage(provider: Provider, step: PlannedStep, ...page: readonly unknown[]): void {
    if (!this.isVerbose || this.#steps.length >= maxSteps) return;
    const name = JSON.stringify([provider, step.list, ...page]);
    this.#pages ??= new Set();
    if (this.#pages.has(name)) return;
    this.#pages.add(name);
    this.#steps.push({ provider, ...step });
  }

  /** Forgets what has been asked for: the operation is executed from its beginning, by what has been fetched already. */
  reset(): void {
    this.#asked?.clear();
    for (const provider in this.#of) this.of(provider as Provider).repeated = 0;
  }

  /** Notes that a response is used that was received earlier. @param readAt Unix milliseconds */
  noteReadAt(readAt: number): void {
    if (readAt < this.#oldestReadAt) this.#oldestReadAt = readAt;
  }

  /** How old the answer is, in whole seconds; `undefined` when all of it was fetched for it. */
  ageSeconds(): number | undefined {
    if (this.#oldestReadAt === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, Math.floor((Date.now() - this.#oldestReadAt) / 1_000));
  }

  /** All calls, of all providers. */
  calls(): number {
    let calls = 0;
    for (const provider in this.#of) calls += this.of(provider as Provider).calls;
    return calls;
  }

  show(): UpstreamExtension {
    const providers = Object.entries(this.#of).map(
      ([provider, { calls, repeated, listed, kept, coalesced, fresh }]) => [
        provider,
        { calls, saved: { dedupe: repeated, lists: listed, cache: kept, inFlight: coalesced, fresh } },
      ],
    );
    return { calls: this.calls(), providers: Object.fromEntries(providers), plan: this.#steps };
  }
}

/** The header that tells how old the oldest part of an answer is, in seconds (RFC 9111, 5.1). */
export const ageHeader = 'age';

/** The header by which a client asks for the price, whatever it says there; and which tells the number of calls in the answer. */
export const callReportHeader = 'x-upstream-calls';
