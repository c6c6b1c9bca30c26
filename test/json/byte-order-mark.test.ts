/** A byte order mark before JSON, as some systems write it, is no part of the JSON. */

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readManifests } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { datafoldBody, datafoldKey, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { createWorld } from '../support/world.ts';

const mark = '\ufeff';
const query = `query ($keys: [MonitorRunKey!]!) {
  monitorRuns(keys: $keys) { id ... on DatafoldRun { state } ... on OlostepRun { logGroup } }
}`;
const keys = [datafoldKey, olostepKey];
const found = { data: { monitorRuns: [{ state: 'OK' }, { logGroup: olostepBody.log_group }] } };

describe('byte order mark: before the JSON of a provider', () => {
  it.each([
    ['that is parsed whole', 0],
    ['that is read in part', 20_000],
  ])('is skipped, in a response %s and in its cache entry', async (_name, padding) => {
    const world = await createWorld({ runCache: true });
    const write = (body: object) => mark + JSON.stringify({ ...body, padding: 'x'.repeat(padding) });
    world.datafold.on(datafoldPath, { body: write(datafoldBody) });
    world.olostep.on(olostepPath, { body: write(olostepBody) });

    for (let time = 1; time <= 2; time++) expect(await world.execute(query, { keys })).toMatchObject(found);
    expect([world.datafold.paths, world.olostep.paths]).toEqual([[datafoldPath], [olostepPath]]);
  });

  it.each([
    ['two of them', mark + mark],
    ['one behind a space', ` ${mark}`],
  ])('is no more than one, and comes first: %s', async (_name, start) => {
    const world = await createWorld({ limits: { maxAttempts: 1 } });
    world.datafold.on(datafoldPath, { body: start + JSON.stringify(datafoldBody) });

    expect(await world.execute(query, { keys: [datafoldKey] })).toMatchObject({
      errors: [{ extensions: { code: 'UPSTREAM_BAD_RESPONSE' } }],
    });
  });
});

describe('byte order mark: before the JSON of a client', () => {
  const body = mark + JSON.stringify({ query: '{ __typename }' });
  const json = { 'content-type': 'application/json' };
  const typename = { data: { __typename: 'Query' } };

  it.each([
    ['the fast path', {}],
    ['the way of Yoga', { accept: 'multipart/mixed' }],
  ])('is skipped on %s', async (_name, headers) => {
    const world = await createWorld();

    const response = await world.post(body, { headers: { ...json, ...headers } });

    expect(response.status).toBe(200);
    expect(await response.text()).toContain('{"data":{"__typename":"Query"}');
  });

  it('is skipped where the graph is mounted in a server or in a fetch handler', async () => {
    const gateway = createGateway({ providers: { DATAFOLD: { apiKey: 'key' } } });
    const server = createServer((request, response) => gateway.requestListener(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      server.close();
      await gateway.close();
    });
    const init = { method: 'POST', headers: json, body };
    const { port } = server.address() as AddressInfo;

    expect(await (await fetch(`http://127.0.0.1:${port}/graphql`, init)).json()).toEqual(typename);
    expect(await (await gateway.fetch(new Request('http://graph.test/graphql', init))).json()).toEqual(typename);
  });
});

it('byte order mark: before the JSON of a manifest is skipped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'marks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'manifest.json');
  writeFileSync(path, `${mark}{"a":"query A { __typename }"}`);
  const problems: string[] = [];

  expect(readManifests([path], problems)).toEqual([{ a: 'query A { __typename }' }]);
  expect(problems).toEqual([]);
});
