/** A GET by hand: three attempts, with the Retry-After of a 429 between them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { GetJson } from './rest-screens.ts';

const attempts = 3;
const defaultWaitMs = 500;
const timeoutMs = 10_000;

export function createRestClient(url: string): GetJson {
  const pool = new Pool(url, { connections: 128 });
  const headers = { authorization: 'Bearer key', accept: 'application/json' };
  return async (path) => {
    for (let attempt = 1; ; attempt++) {
      const options = { method: 'GET', path, headers, headersTimeout: timeoutMs, bodyTimeout: timeoutMs } as const;
      const { statusCode, headers: answered, body } = await pool.request(options);
      if (statusCode === 200) return body.json();
      await body.dump();
      if (attempt === attempts || (statusCode !== 429 && statusCode < 500)) throw new Error(`answered ${statusCode}`);
      const seconds = Number(answered['retry-after']);
      await sleep(seconds > 0 ? seconds * 1_000 : defaultWaitMs);
    }
  };
}

/** One response for all requests within the TTL, and for those in flight together. */
export function withCache(get: GetJson, ttlMs: number): GetJson {
  const cached = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>();
  return (path) => {
    const known = cached.get(path);
    if (known !== undefined && performance.now() - known.at < ttlMs) return known.answer;
    const entry = { at: performance.now(), answer: get(path) };
    cached.set(path, entry);
    entry.answer.catch(() => {
      if (cached.get(path) === entry) cached.delete(path);
    });
    return entry.answer;
  };
}
