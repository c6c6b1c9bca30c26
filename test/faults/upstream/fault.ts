/** What a fault is: a way to answer badly, and what the service makes of it. */
import type { Socket } from 'node:net';
import { canaries } from '../service.ts';

/**
 * Text that is in the faults' headers and bodies, and must not be seen beyond the service: a key of the service itself,
 * as a provider may well repeat what it was sent, and `leaks` looks for it.
 */
export const upstreamCanary = canaries.DATAFOLD;

/** Where a fault plays. */
export interface Wire {
  readonly socket: Socket;
  /** The answer that would have been right, as JSON. */
  readonly body: string;
  /** The requested path. */
  readonly path: string;
  /** The whole `Authorization` header that came. */
  readonly authorization: string;
  /** An address that must never be called. */
  readonly trapUrl: string;
}

export interface InjectedFault {
  readonly name: string;
  play(wire: Wire): void;
  /** The code that the run's error has; `data` when the run is answered all the same, `absent` when there is no such run. */
  readonly code: string;
  /**
   * How many attempts the service makes before it gives up; `until-deadline`: as many as the rate allows, two at least. With more than
   * one, the run is found when only the first attempt meets the fault.
   */
  readonly attempts: 1 | 2 | 3 | 'until-deadline';
  /** The wait that it names before the second attempt, in milliseconds. */
  readonly waitMs?: number;
  /** `upstreamStatus` of the error. */
  readonly status?: number;
}

export const timeout = { code: 'UPSTREAM_TIMEOUT', attempts: 2 } as const;
export const unavailable = { code: 'UPSTREAM_UNAVAILABLE', attempts: 3 } as const;
export const badBody = { code: 'UPSTREAM_BAD_RESPONSE', attempts: 2 } as const;
export const tooLarge = { code: 'UPSTREAM_RESPONSE_TOO_LARGE', attempts: 1 } as const;
export const data = { code: 'data', attempts: 1 } as const;

/** Writes again and again until the connection ends. */
export function drip(socket: Socket, bytes: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(bytes), everyMs);
  socket.once('close', () => clearInterval(timer));
}
