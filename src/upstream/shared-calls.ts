/**
 * Calls under way that are joined instead of being made again: by whoever asks the same with the same credential. Nothing is
 * remembered of a call that is over.
 */
import type { Provider } from '../generated/types.ts';
import type { Body } from './body.ts';
import type { Call } from './call.ts';
import type { Credential } from './credential.ts';
import { OwnEnding } from './ending.ts';
import type { Upstream, UpstreamRequest } from './upstream.ts';

/**
 * The same way out, on which a call serves all who ask for it while it is under way. It is made on behalf of the first of
 * them: with its turn, its request id and its deadline, and at its price. It ends early when all of them have left.
 */
export function createSharedCalls(provider: Provider, upstream: Upstream): Upstream {
  const flights = new Map<string, Flight>();
  return {
    getJson(request, credential, call) {
      if (call.ending.reason !== undefined) return Promise.reject(call.ending.reason);
      const name = toFlightName(credential, request);
      const flight = flights.get(name);
      if (flight !== undefined) {
        call.price.of(provider).joined++;
        return flight.wait(call);
      }
      const own = new Flight(flights, name);
      flights.set(name, own);
      const waiting = own.wait(call);
      const { requestId, lines, price } = call;
      own.start(upstream.getJson(request, credential, { ending: own.ending, requestId, lines, price }));
      return waiting;
    },
    close: () => upstream.close(),
  };
}

/** Whose call it is, and what it asks: the digest has always the same length. The path alone says what is asked. */
export const toFlightName = ({ digest }: Pick<Credential, 'digest'>, { path }: Pick<UpstreamRequest, 'path'>): string =>
  `${digest}${path}`;

/** A call, and all who wait for it. A class, as every call is one, and methods of a prototype cost it nothing. */
class Flight {
  readonly ending = new OwnEnding();
  readonly #flights: Map<string, Flight>;
  readonly #name: string;
  readonly #waiters: Waiter[] = [];

  constructor(flights: Map<string, Flight>, name: string) {
    this.#flights = flights;
    this.#name = name;
  }

  wait(call: Call): Promise<Body | null> {
    return new Promise((resolve, reject) => {
      const waiter = { call, resolve, reject, leave: () => this.#leave(waiter) };
      this.#waiters.push(waiter);
      call.ending.add(waiter.leave);
    });
  }

  start(answer: Promise<Body | null>): void {
    answer.then(
      (body) => {
        for (const waiter of this.#land()) waiter.resolve(body);
      },
      (error: unknown) => {
        for (const waiter of this.#land()) waiter.reject(error);
      },
    );
  }

  #leave(waiter: Waiter): void {
    const { reason } = waiter.call.ending;
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    waiter.reject(reason);
    if (this.#waiters.length > 0) return;
    // Before it ends: who comes now needs another one.
    this.#forget();
    this.ending.end(reason);
  }

  #land(): readonly Waiter[] {
    this.#forget();
    for (const { call, leave } of this.#waiters) call.ending.delete(leave);
    return this.#waiters;
  }

  #forget(): void {
    if (this.#flights.get(this.#name) === this) this.#flights.delete(this.#name);
  }
}

/** One who waits. */
interface Waiter {
  readonly call: Call;
  readonly resolve: (body: Body | null) => void;
  readonly reject: (reason: unknown) => void;
  readonly leave: () => void;
}
