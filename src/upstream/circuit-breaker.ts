/**
 * The circuit breaker of one provider: stops calls to a provider that is down, and finds out at a few calls a second when it is
 * back. Each credential has a separate circuit, so that what fails with one blocks no other. A circuit for all opens
 * only on evidence that no single caller can make: several credentials fail, and none is answered.
 */
import type { UpstreamLimits } from '../core/limits.ts';
import type { UpstreamState } from '../observability/observer.ts';
import type { Credential } from './credential.ts';
import {
  type CallKind,
  type CircuitLimits,
  type CircuitState,
  CredentialCircuit,
  type Outcome,
  trialMs,
} from './credential-circuit.ts';

export type BreakerLimits = CircuitLimits & Pick<UpstreamLimits, 'breakerMinCredentials' | 'breakerMaxCredentials'>;

export interface BreakerOptions {
  readonly limits: BreakerLimits;
  /** The error of a call that isn't let through, given the milliseconds until one may be. */
  readonly refuse: (retryAfterMs: number) => Error;
  /** Told of every change of the circuit of a credential, or of that for all. */
  readonly onChange: (state: CircuitState, scope: 'credential' | 'provider') => void;
}

/** How a call was let through. */
export interface Permit {
  readonly circuit: CredentialCircuit;
  readonly admission: CallKind;
  /** Whether the call finds out whether the provider is back for all. */
  readonly isSharedProbe: boolean;
}

/** How many paths are stored of a credential that all callers share, and of one that a caller brings along. */
const maxPaths = { service: 4_096, caller: 256 } as const;

export class CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #shared: SharedCircuit;
  /** By digest. Those that a call has succeeded with are apart, as any client can invent any number of the others. */
  readonly #proven = new Map<string, CredentialCircuit>();
  readonly #unproven = new Map<string, CredentialCircuit>();

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#shared = new SharedCircuit(options.limits, (state) => options.onChange(state, 'provider'));
  }

  /** The circuit of a credential. */
  circuitOf({ digest, owner }: Credential): CredentialCircuit {
    const known = this.#proven.get(digest) ?? this.#unproven.get(digest);
    if (known !== undefined) return known;
    const { limits, onChange } = this.#options;
    const circuit = new CredentialCircuit({
      limits,
      maxPaths: maxPaths[owner],
      onChange: (state) => onChange(state, 'credential'),
    });
    this.#store(this.#unproven, digest, circuit);
    return circuit;
  }

  /** @throws what `refuse` makes while no call on the path would be let through */
  check(circuit: CredentialCircuit, path: string): void {
    const wait = circuit.waitMs(path) || this.#shared.waitMs(circuit);
    if (wait > 0) throw this.#options.refuse(Math.ceil(wait));
  }

  /**
   * Lets a call through. The caller reports its end by {@link end}.
   * @throws as {@link check} does
   */
  begin(circuit: CredentialCircuit, path: string): Permit {
    this.check(circuit, path);
    const isSharedProbe = this.#shared.admit();
    return { circuit, admission: circuit.admit(path), isSharedProbe };
  }

  end({ circuit, admission, isSharedProbe }: Permit, { digest }: Credential, path: string, outcome: Outcome): void {
    const now = performance.now();
    const wasProven = circuit.isProven;
    circuit.settle(path, admission, outcome, now);
    if (circuit.isProven && !wasProven && this.#unproven.delete(digest)) this.#store(this.#proven, digest, circuit);
    this.#shared.settle(circuit, isSharedProbe, outcome, now);
  }

  readState(): Pick<UpstreamState, 'isOpen' | 'circuits'> {
    const circuits = { closed: 0, restricted: 0, open: 0, 'half-open': 0 };
    const all = [...this.#proven.values(), ...this.#unproven.values()];
    for (const { state } of all) circuits[state]++;
    return { isOpen: this.#shared.isOpen, circuits: all.length === 0 ? {} : circuits };
  }

  /** Stores a circuit; where there is no room, one that isn't in use gives way. */
  #store(table: Map<string, CredentialCircuit>, digest: string, circuit: CredentialCircuit): void {
    const { breakerMaxCredentials, breakerWindowMs } = this.#options.limits;
    circuit.usedAt = performance.now();
    if (table.size >= breakerMaxCredentials) makeRoom(table, circuit.usedAt - breakerWindowMs);
    table.set(digest, circuit);
  }
}

/** How many circuits are looked at to find one to forget. */
const maxTries = 8;

/**
 * Forgets the oldest circuit among the first `maxTries` that is closed and wasn't used since; if none is, the last of those tried.
 */
function makeRoom(table: Map<string, CredentialCircuit>, usedSince: number): void {
  let tries = 0;
  for (const [digest, circuit] of table) {
    // A Map is ordered: the first is the oldest.
    table.delete(digest);
    if (++tries >= maxTries || (circuit.state === 'closed' && circuit.usedAt < usedSince)) return;
    table.set(digest, circuit);
  }
}

/**
 * The circuit for all credentials. It opens when `breakerMinCalls` calls failed in a row, with `breakerMinCredentials` different
 * credentials at least, and for `breakerWindowMs` none was answered. Credentials that no call has succeeded with don't count,
 * neither way. While it is open, one call a second is let through, with any credential that counts and whose own circuit
 * is closed: the circuit closes with the first answer. After a failure the credential's own circuit opens, so that the
 * next one is tried with another credential. Where none is tried the circuit closes, `breakerOpenMs` after one could have been.
 */
class SharedCircuit {
  readonly #limits: BreakerLimits;
  readonly #onChange: (state: 'open' | 'closed') => void;
  #isOpen = false;
  #openUntil = 0;
  #isProbing = false;
  #nextProbeAt = 0;
  #failuresInARow = 0;
  /** With which the calls in a row failed: no more of them than are needed. */
  readonly #failed: CredentialCircuit[] = [];
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(limits: BreakerLimits, onChange: (state: 'open' | 'closed') => void) {
    this.#limits = limits;
    this.#onChange = onChange;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How long until a call with the credential may be let through; 0 if it may be now. */
  waitMs({ isProven }: CredentialCircuit): number {
    if (!this.#isOpen) return 0;
    const now = performance.now();
    if (now >= this.#openUntil && !this.#isProbing) {
      this.#close();
      return 0;
    }
    if (!isProven || this.#isProbing) return Math.max(this.#openUntil - now, trialMs);
    return Math.max(this.#nextProbeAt - now, 0);
  }

  /** @returns whether the call is a probe */
  admit(): boolean {
    this.#isProbing ||= this.#isOpen;
    return this.#isOpen;
  }

  settle(circuit: CredentialCircuit, isProbe: boolean, outcome: Outcome, now: number): void {
    if (isProbe) this.#isProbing = false;
    if (outcome === 'nothing' || !circuit.isProven) return;
    if (outcome !== 'failure') {
      this.#answeredAt = now;
      this.#close();
    } else if (!this.#isOpen) this.#count(circuit, now);
    else if (isProbe) {
      this.#keepOpen(now);
      circuit.open(now);
    }
  }

  #count(circuit: CredentialCircuit, now: number): void {
    const { breakerMinCalls, breakerMinCredentials, breakerWindowMs } = this.#limits;
    this.#failuresInARow++;
    if (this.#failed.length < breakerMinCredentials && !this.#failed.includes(circuit)) this.#failed.push(circuit);
    if (this.#failuresInARow < breakerMinCalls || this.#failed.length < breakerMinCredentials) return;
    if (now - this.#answeredAt < breakerWindowMs) return;
    this.#isOpen = true;
    this.#keepOpen(now);
    this.#onChange('open');
  }

  #keepOpen(now: number): void {
    this.#nextProbeAt = now + trialMs;
    this.#openUntil = this.#nextProbeAt + this.#limits.breakerOpenMs;
  }

  #close(): void {
    this.#failuresInARow = 0;
    this.#failed.length = 0;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onChange('closed');
  }
}
