/** What a request costs at the providers, what it was spared, and why. */
import type { Provider } from './generated/types.ts';

/** Of one provider. */
export interface ProviderPrice {
  /** Upstream calls made, each attempt counted. */
  calls: number;
  /** Runs and monitors that were asked for again in the same request. */
  repeated: number;
  /** Runs and monitors found in a list, whose pages are among the calls. */
  listed: number;
  /** Runs of which there was a kept copy. */
  kept: number;
  /** Calls of other requests that were joined. */
  joined: number;
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

/** Of one request. A class, as every request has one, and methods of a prototype cost it nothing. */
export class Price {
  /** The steps planned so far; `undefined` where nobody wants to know. */
  readonly steps: (PlannedStep & { readonly provider: Provider })[] | undefined;
  readonly #of: Partial<Record<Provider, ProviderPrice>> = {};

  constructor(isExplained: boolean) {
    this.steps = isExplained ? [] : undefined;
  }

  of(provider: Provider): ProviderPrice {
    this.#of[provider] ??= { calls: 0, repeated: 0, listed: 0, kept: 0, joined: 0 };
    return this.#of[provider];
  }

  /** Notes what is planned, if somebody wants to know. */
  explain(provider: Provider, toSteps: () => readonly PlannedStep[]): void {
    if (this.steps !== undefined) for (const step of toSteps()) this.steps.push({ provider, ...step });
  }

  /** Of the providers that the request has asked. */
  all(): Readonly<Partial<Record<Provider, Readonly<ProviderPrice>>>> {
    return this.#of;
  }

  /** All calls, of all providers. */
  calls(): number {
    let calls = 0;
    for (const provider in this.#of) calls += this.of(provider as Provider).calls;
    return calls;
  }
}
