/**
 * How much a request may still be answered with. Lists multiply what a document selects: a hundred keys of one run, times
 * fifty aliases, times a thousand events are one upstream call and gigabytes of answer.
 */
import { OperationTooCostly, Overloaded } from './errors.ts';
import type { Limits } from './limits.ts';
import type { ResponseRoom } from './response-memory.ts';

/** What it costs to look at what is too large to be answered with, as a share of its bytes. */
const shareOfLook = 0.25;

/** A response of more bytes takes so long to serialize that it gets a separate turn of the event loop. */
const largeResponseBytes = 256 * 1024;

/** Room is reserved in steps of so many bytes. */
const reservedStepBytes = 64 * 1024;

/** How long a text may be that costs nothing. */
const freeChars = 100;

type CostBudgetLimits = Pick<
  Limits,
  'maxResponseBytes' | 'maxRepresentations' | 'maxListNodes' | 'maxListFetchedFields'
>;

/** The allowance of one request. A class, as every request has one, and methods of a prototype cost it nothing. */
export class CostBudget {
  readonly #limits: CostBudgetLimits;
  readonly #room: ResponseRoom | undefined;
  #left: number;
  /** So many bytes may be left before more room has to be reserved. */
  #leftReserved: number;
  #isOverloaded = false;
  #representationsLeft: number;
  #listedLeft: number;
  #awaitedLeft: number;

  /** @param room where the response finds room in the process. @default there is always room */
  constructor(limits: CostBudgetLimits, room?: ResponseRoom) {
    this.#limits = limits;
    this.#room = room;
    this.#left = limits.maxResponseBytes;
    this.#leftReserved = room?.reserveResponse === undefined ? 0 : Math.max(0, this.#left - reservedStepBytes);
    this.#representationsLeft = limits.maxRepresentations;
    this.#listedLeft = limits.maxListNodes;
    this.#awaitedLeft = limits.maxListFetchedFields;
  }

  /**
   * Takes `bytes` out, before they are made.
   * @throws {OperationTooCostly} when there aren't as many left
   * @throws {Overloaded} when the process has no room for them
   */
  spend(bytes: number): void {
    if (this.#isOverloaded) throw new Overloaded();
    if (bytes > this.#left) {
      // That it is too large was found out by looking at it, and lists multiply that too.
      this.#left = Math.max(0, this.#left - bytes * shareOfLook);
      throw this.#toTooLarge();
    }
    this.#left -= bytes;
    if (this.#left < this.#leftReserved) this.#reserveMore();
  }

  /** Whether a large response is to be written. */
  get isLarge(): boolean {
    return this.#limits.maxResponseBytes - this.#left > largeResponseBytes;
  }

  #reserveMore(): void {
    const { maxResponseBytes } = this.#limits;
    const bytes = Math.min(maxResponseBytes, maxResponseBytes - this.#left + reservedStepBytes);
    // Once refused, the rest of the operation is not even tried: other operations need the room.
    this.#isOverloaded = this.#room?.reserveResponse?.(bytes) === false;
    if (this.#isOverloaded) throw new Overloaded();
    this.#leftReserved = maxResponseBytes - bytes;
  }

  /**
   * Takes a text out, unless it is short: words, times, ids. There are no more of those than fields, and fields are counted.
   * @throws {OperationTooCostly} when there isn't as much left
   */
  chargeString(chars: number): void {
    if (chars > freeChars) this.spend(chars);
  }

  /**
   * @throws {OperationTooCostly} when no bytes are left, so that no code computes how many would be needed
   * @throws {Overloaded} when the process has no room for more
   */
  assertNotExhausted(): void {
    if (this.#isOverloaded) throw new Overloaded();
    if (this.#left <= 0) throw this.#toTooLarge();
  }

  #toTooLarge(): OperationTooCostly {
    return new OperationTooCostly(`Expected a response of at most ${this.#limits.maxResponseBytes} bytes.`);
  }

  /**
   * Takes representations of entities out: a bad one is an error at no upstream call, and aliases multiply them.
   * @throws {OperationTooCostly} when there aren't as many left
   */
  chargeRepresentations(count: number): void {
    if (count > this.#representationsLeft)
      throw new OperationTooCostly(
        `Expected at most ${this.#limits.maxRepresentations} representations in one operation.`,
      );
    this.#representationsLeft -= count;
  }

  /**
   * Takes runs or monitors of a list out: lists in lists multiply them.
   * @throws {OperationTooCostly} when there aren't as many left
   */
  chargeListItems(count: number): void {
    if (count > this.#listedLeft)
      throw new OperationTooCostly(
        `Expected at most ${this.#limits.maxListNodes} listed runs and monitors in one operation.`,
      );
    this.#listedLeft -= count;
  }

  /**
   * Takes fields of the items of a list out that are found later, each of which can fail: all of them would be thousands of
   * errors.
   * @throws {OperationTooCostly} when there aren't as many left
   */
  chargeDeferredFields(count: number): void {
    if (count > this.#awaitedLeft)
      throw new OperationTooCostly(
        `Expected at most ${this.#limits.maxListFetchedFields} fields, in all lists of one operation, on items that need an upstream call each.`,
      );
    this.#awaitedLeft -= count;
  }
}
