/** GraphQL over HTTP, as the specification's own audits have it. */
import { serverAudits } from 'graphql-http';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../support/world.ts';

let url = '';

describe('GraphQL over HTTP: a client that pages of other sites cannot pass for', () => {
  /** What browsers send in a preflight. */
  const fetchFn: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('apollo-require-preflight', '1');
    return fetch(input, { ...init, headers });
  };

  it.each(serverAudits({ url: () => url, fetchFn }))('$name', async ({ id, name, fn }) => {
    ({ url } = await createWorld());

    expect(await fn()).toEqual({ id, name, status: 'ok' });
  });
});

describe('GraphQL over HTTP: any client', () => {
  /** GET may be offered. It is, though not to whom a page of another site could pass for. */
  const isRefused = (name: string) => /^MAY (accept|allow) .*\bGETs?\b/.test(name);

  it.each(serverAudits({ url: () => url }))('$name', async ({ id, name, fn }) => {
    ({ url } = await createWorld());

    const status = isRefused(name) ? 'notice' : 'ok';
    expect(await fn()).toMatchObject({ id, name, status });
  });
});
