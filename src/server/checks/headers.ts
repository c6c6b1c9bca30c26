/** What the headers of a request may be, before any code reads one of them. */
import { badInput, type Check } from './check.ts';

/** The most bytes of a request's head. */
export const maxHeaderSize = 16 * 1024;

/**
 * Refuses more headers than `most`. Node.js would drop those beyond a number without a word, and the last ones are
 * those that a proxy in front has added.
 */
export const hasFewHeaders =
  (most: number): Check =>
  ({ rawHeaders }) =>
    rawHeaders.length > 2 * most ? badInput(431, `Expected at most ${most} headers.`) : undefined;

/** Refuses HTTP/0.9, which Node.js takes for HTTP: a request line without a version. */
export const isHttp1: Check = ({ httpVersionMajor }) =>
  httpVersionMajor === 1 ? undefined : badInput(400, 'Expected HTTP/1.1, as RFC 9112 has it.');

export const expectsNothing: Check = ({ headers: { expect = '100-continue' } }) =>
  expect.toLowerCase() === '100-continue' ? undefined : badInput(417, 'Expected no Expect header but 100-continue.');
