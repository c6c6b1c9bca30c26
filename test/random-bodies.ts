/** Generated answers of both providers, by path: healthy ones, broken ones, none. */
import fc from 'fast-check';
import { ProviderError } from '../src/errors.ts';
import type { Provider } from '../src/generated/types.ts';
import { datafoldBody, olostepBody } from './bodies.ts';

/** What a provider answers a path with; what it throws is thrown. */
export type AnswerOf = (provider: Provider, path: string) => Readonly<Record<string, unknown>> | null;

const odd = [undefined, null, 0, -1.5, 1e300, '', 'x', true, [], [null], {}, { at: 1 }, Number.NaN, 'canceled'];

/** Mostly healthy, or mostly not. */
export const randomAnswers: fc.Arbitrary<AnswerOf> = fc
  .record({
    isHealthy: fc.boolean(),
    numbers: fc.array(fc.nat(2 ** 30), { minLength: 50, maxLength: 50, size: 'max' }),
  })
  .map(({ isHealthy, numbers }) => (provider, path) => {
    // Each path has its own answer, whoever asks and however often.
    let next = [...path].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    const upTo = (most: number) => (numbers[next++ % numbers.length] as number) % (most + 1);
    const body: Record<string, unknown> = structuredClone(provider === 'DATAFOLD' ? datafoldBody : olostepBody);
    const state = ['ok', 'alert', 'queued', 'learning', 'new'][upTo(4)];
    if (provider === 'DATAFOLD') body.state = state;
    const fate = isHealthy ? 8 + upTo(3) : upTo(8);
    if (fate === 8) return null;
    if (fate === 0) throw new ProviderError(provider, 'UPSTREAM_TIMEOUT', { retryable: true });
    if (fate === 1) throw new TypeError('A bug.');
    if (fate === 2) Object.defineProperty(body, Object.keys(body)[upTo(4)] as string, { get: toBug });
    if (fate >= 3 && fate <= 6) {
      for (let count = upTo(2); count >= 0; count--) spoil(body, upTo);
      const [, event] = Array.isArray(body.events) ? body.events : [];
      if (typeof event === 'object' && event !== null) spoil(event, upTo);
    }
    if (fate === 7 && Array.isArray(body.events)) body.events[upTo(2)] = odd[upTo(odd.length - 1)];
    return body;
  });

function spoil(body: Record<string, unknown>, upTo: (most: number) => number): void {
  const names = Object.keys(body);
  const name = names[upTo(names.length - 1)];
  if (name === undefined) return;
  if (upTo(2) === 0) delete body[name];
  else body[name] = odd[upTo(odd.length - 1)];
}

function toBug(): never {
  throw new TypeError('A bug.');
}
