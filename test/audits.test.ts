/** GraphQL over HTTP, as the specification's own audits have it. */
import { serverAudits } from 'graphql-http';
import { expect, it } from 'vitest';
import { createWorld } from './world.ts';

let url = '';

it.each(serverAudits({ url: () => url }))('$name', async ({ id, name, fn }) => {
  ({ url } = await createWorld());

  expect(await fn()).toEqual({ id, name, status: 'ok' });
});
