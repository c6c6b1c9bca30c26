/** The bytes of large upstream responses are bounded together, both providers included. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { anyDatafoldRun, datafoldBody, datafoldPath, olostepBody, olostepKey, olostepPath } from '../support/bodies.ts';
import { holdClock, until } from '../support/clock.ts';
import { createWorld, type World } from '../support/world.ts';

const megabyte = 1024 * 1024;

/** The bytes of responses that the service has read, in the order in which it has: undici tells of each chunk. */
function watchReading() {
  const chunks: { readonly path: string; readonly bytes: number }[] = [];
  const note = (message: unknown) => {
    const { request, chunk } = message as { request: { path: string }; chunk: Buffer };
    chunks.push({ path: request.path, bytes: chunk.length });
  };
  subscribe('undici:request:bodyChunkReceived', note);
  onTestFinished(() => void unsubscribe('undici:request:bodyChunkReceived', note));
  const totalOf = (path: string) =>
    chunks.filter((chunk) => chunk.path === path).reduce((sum, { bytes }) => sum + bytes, 0);
  return { chunks, totalOf };
}

const largeDatafoldRun = (runId: number, bytes: number) => {
  const { path, body } = anyDatafoldRun(runId);
  return { path, text: JSON.stringify({ ...body, error: 'x'.repeat(bytes) }) };
};

const runField = (runId: number) => `run${runId}: datafoldRun(monitorId: 7, runId: ${runId}) { runId }`;

/** Sends it with its length, or in chunks. */
function sendText(response: ServerResponse, text: string, isMeasured = true): void {
  response.setHeader('content-type', 'application/json');
  if (!isMeasured) response.flushHeaders();
  response.end(text);
}

/** A world with runs of this size at Datafold, and one at Olostep that is answered when the test says so. */
async function createLargeWorld(config: Partial<GatewayConfig>, runs: readonly number[], bytes: number) {
  const world = await createWorld(config);
  for (const runId of runs) {
    const { path, text } = largeDatafoldRun(runId, bytes);
    world.datafold.on(path, (_request, response) => sendText(response, text));
  }
  const waiting: ServerResponse[] = [];
  world.olostep.on(olostepPath, (_request, response) => void waiting.push(response));
  const { monitorId, runId } = olostepKey;
  return {
    world,
    slowField: `slow: olostepRun(monitorId: "${monitorId}", runId: "${runId}") { logGroup }`,
    answerSlow: () => {
      for (const response of waiting.splice(0)) sendText(response, JSON.stringify(olostepBody));
    },
  };
}

const codesOf = ({ errors = [] }: Awaited<ReturnType<World['execute']>>) =>
  Object.fromEntries(errors.map(({ path = [], extensions }) => [path[0], extensions.code]));

describe('response memory: an upstream response of 13.9 MB', () => {
  const events = Array.from({ length: 100_000 }, (_, index) => ({
    id: String(38_000_000 + index),
    ts: 1763625600000 + index,
    ingestion_ts: 1763625600420 + index,
    stream: 'agent/1',
    message: 'working',
    event: { event: 'work_received' },
  }));
  const text = JSON.stringify({ ...olostepBody, events });
  const { monitorId, runId } = olostepKey;
  const query = `{ run: olostepRun(monitorId: "${monitorId}", runId: "${runId}") { events(first: 1) { totalCount nodes { id } } } }`;

  it.each([
    ['with its length', true],
    ['in chunks', false],
  ])('is read with all its 100,000 events: %s', async (_how, isMeasured) => {
    expect(text.length).toBeGreaterThan(13_500_000);
    expect(text.length).toBeLessThan(14_500_000);
    const world = await createWorld();
    world.olostep.on(olostepPath, (_request, response) => sendText(response, text, isMeasured));

    expect(await world.execute(query)).toEqual({
      data: { run: { events: { totalCount: 100_000, nodes: [{ id: '38000000' }] } } },
    });
  });
});

describe('response memory: above the high-water mark of all upstream responses', () => {
  it('large ones are read one after another, and all of them are', async () => {
    const limits = { maxUpstreamResponseTotalBytes: 1 };
    const runs = [1, 2, 3, 4, 5, 6];
    const { world } = await createLargeWorld({ limits }, runs, 2 * megabyte);
    const { chunks } = watchReading();

    const responses = await Promise.all(runs.map((runId) => world.execute(`{ ${runField(runId)} }`)));

    expect(responses).toEqual(runs.map((runId) => ({ data: { [`run${runId}`]: { runId: String(runId) } } })));
    // Each is paused at the chunk that makes it large, until it is its turn.
    const seen = new Map<string, number>();
    const read = chunks.filter(({ path, bytes }) => {
      const before = seen.get(path) ?? 0;
      seen.set(path, before + bytes);
      return before > 192 * 1024;
    });
    const turns = read.filter(({ path }, place) => path !== read[place - 1]?.path);
    expect(turns).toHaveLength(runs.length);
  });

  it('small ones are read all the same', async () => {
    const limits = { maxUpstreamResponseTotalBytes: 1, maxUpstreamResponseBytes: 2 * megabyte };
    const { world, slowField, answerSlow } = await createLargeWorld({ limits }, [1], 1.9 * megabyte);
    world.datafold.on(datafoldPath, { body: { ...datafoldBody, error: 'x'.repeat(60_000) } });
    const { totalOf } = watchReading();
    const holding = world.execute(`{ ${runField(1)} ${slowField} }`);
    await world.olostep.arrived(1);
    await until(() => totalOf(anyDatafoldRun(1).path) > 1.9 * megabyte);

    expect(await world.execute(`{ ${runField(42)} }`)).toEqual({ data: { run42: { runId: '42' } } });

    answerSlow();
    expect(await holding).toMatchObject({ data: { run1: { runId: '1' } } });
  });
});

describe('response memory: the bytes of a large upstream response', () => {
  const limits = { maxUpstreamResponseTotalBytes: 1, maxUpstreamResponseBytes: 2 * megabyte, breakerMinCalls: 1 };
  const size = 1.9 * megabyte;
  const pathOf = (runId: number) => anyDatafoldRun(runId).path;
  const found = { data: { run2: { runId: '2' } } };

  /** An operation has run 1, and waits for something else; another one is paused on its way to run 2. */
  async function createHoldingWorld(
    config: Partial<GatewayConfig> = {},
    init: RequestInit = {},
    beforeReading = async () => {},
  ) {
    const large = await createLargeWorld({ ...config, limits: { ...limits, ...config.limits } }, [1, 2], size);
    const { world, slowField } = large;
    // From now on a failure on its path counts for the circuit breaker.
    expect(await world.execute(`{ ${runField(2)} }`)).toEqual(found);
    const { totalOf } = watchReading();
    const holding = world.execute(`{ ${runField(1)} ${slowField} }`, {}, init);
    holding.catch(() => {});
    await world.olostep.arrived(1);
    await until(() => totalOf(pathOf(1)) > size);
    await beforeReading();
    const reading = world.execute(`{ ${runField(2)} }`);
    await until(() => totalOf(pathOf(1)) + totalOf(pathOf(2)) > 2 * megabyte);
    return { ...large, holding, reading, totalOf };
  }

  it('count until the operation that uses them is complete', async () => {
    const { answerSlow, holding, reading, totalOf } = await createHoldingWorld();
    expect(totalOf(pathOf(2))).toBeLessThan(size / 2);

    answerSlow();

    expect(await holding).toMatchObject({ data: { run1: { runId: '1' }, slow: {} } });
    expect(await reading).toEqual(found);
  });

  it('count as well where they are those of many small ones', async () => {
    const runs = Array.from({ length: 33 }, (_, index) => 101 + index);
    const { world, slowField, answerSlow } = await createLargeWorld({ limits }, runs, 60_000);
    const { path, text } = largeDatafoldRun(2, size);
    world.datafold.on(path, (_request, response) => sendText(response, text));
    const { totalOf } = watchReading();
    const holding = world.execute(`{ ${runs.map(runField).join(' ')} ${slowField} }`);
    await world.olostep.arrived(1);
    await until(() => runs.every((runId) => totalOf(pathOf(runId)) > 60_000));

    const reading = world.execute(`{ ${runField(2)} }`);
    await until(() => totalOf(pathOf(2)) > 0.1 * megabyte);
    await world.execute('{ __typename }');
    expect(totalOf(pathOf(2))).toBeLessThan(size / 2);

    answerSlow();
    expect(codesOf(await holding)).toEqual({});
    expect(await reading).toEqual(found);
  });

  it('count no longer once the client has disconnected', async () => {
    const controller = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const { holding, reading } = await createHoldingWorld({}, { headers, signal: controller.signal });

    controller.abort();

    await expect(holding).rejects.toThrow('aborted');
    expect(await reading).toEqual(found);
  });

  it('count no longer once the deadline of the operation is reached', async () => {
    const clock = holdClock();
    const later = { limits: { upstreamAttemptTimeoutMs: 90_000 } };
    const { holding, reading } = await createHoldingWorld(later, {}, () => clock.pass(1_000));

    await clock.pass(14_000);

    expect(codesOf(await holding)).toEqual({ slow: 'UPSTREAM_TIMEOUT' });
    expect(await reading).toEqual(found);
  });

  it('count until the last operation is complete that has coalesced its call', async () => {
    const { world, slowField, answerSlow } = await createLargeWorld({ limits, coalesceCalls: true }, [1, 2], size);
    const { totalOf } = watchReading();
    const { text } = largeDatafoldRun(1, size);
    const requested: ServerResponse[] = [];
    world.datafold.on(pathOf(1), (_request, response) => void requested.push(response));
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const first = world.execute(`{ ${runField(1)} }`);
    await world.datafold.arrived(1);
    // It has coalesced once its other calls are made.
    const second = world.execute(`{ ${runField(1)} ${slowField} ${runField(42)} }`);
    await world.datafold.arrived(2);
    await world.olostep.arrived(1);
    for (const response of requested) sendText(response, text);

    expect(await first).toEqual({ data: { run1: { runId: '1' } } });
    const reading = world.execute(`{ ${runField(2)} }`);
    await until(() => totalOf(pathOf(1)) + totalOf(pathOf(2)) > 2 * megabyte);
    expect(totalOf(pathOf(2))).toBeLessThan(size / 2);
    answerSlow();

    expect(await second).toMatchObject({ data: { run1: { runId: '1' } } });
    expect(await reading).toEqual(found);
    expect(requested).toHaveLength(1);
  });

  it('count until the last part of an incremental response is sent', async () => {
    const { world, slowField, answerSlow } = await createLargeWorld({ limits }, [1, 2], size);
    const { totalOf } = watchReading();
    const query = `{ ${runField(1)} ... @defer { ${slowField} } }`;
    const headers = { 'content-type': 'application/json', accept: 'multipart/mixed; deferSpec=20220824' };
    const inParts = world.post(JSON.stringify({ query }), { headers }).then((response) => response.text());
    await world.olostep.arrived(1);
    await until(() => totalOf(pathOf(1)) > size);
    const reading = world.execute(`{ ${runField(2)} }`);
    await until(() => totalOf(pathOf(1)) + totalOf(pathOf(2)) > 2 * megabyte);
    expect(totalOf(pathOf(2))).toBeLessThan(size / 2);

    answerSlow();

    expect(await inParts).toContain('"logGroup"');
    expect(await reading).toEqual(found);
  });

  it('are given back by a response that is refused', async () => {
    const { world } = await createLargeWorld({ limits }, [2], size);
    const { path, text } = largeDatafoldRun(1, size);
    world.datafold.on(path, (_request, response) => sendText(response, text.replace('"run_id":1', '"run_id":7')));

    for (let time = 0; time < 3; time++)
      expect(codesOf(await world.execute(`{ ${runField(1)} }`))).toEqual({ run1: 'UPSTREAM_BAD_RESPONSE' });

    expect(await world.execute(`{ ${runField(2)} }`)).toEqual(found);
  });

  it('take none of the time of an attempt that waits for them', async () => {
    const { world, slowField, answerSlow } = await createLargeWorld({ limits }, [1], size);
    const { totalOf } = watchReading();
    const { path, text } = largeDatafoldRun(2, size);
    const half = text.length / 2;
    const halves: ServerResponse[] = [];
    world.datafold.on(path, (_request, response) => {
      response.setHeader('content-type', 'application/json').write(text.slice(0, half));
      halves.push(response);
    });
    const clock = holdClock();
    const holding = world.execute(`{ ${runField(1)} ${slowField} }`);
    await world.olostep.arrived(1);
    await until(() => totalOf(pathOf(1)) > size);
    const reading = world.execute(`{ ${runField(2)} }`);
    await until(() => totalOf(pathOf(1)) + totalOf(pathOf(2)) > 2 * megabyte);

    // Paused for two seconds, and then not answered for two: three would be too many.
    await clock.pass(2_000);
    answerSlow();
    await holding;
    await until(() => totalOf(pathOf(2)) >= half);
    await clock.pass(2_000);
    for (const response of halves) response.end(text.slice(half));

    expect(await reading).toEqual(found);
  });

  it('that do not come free in time are OVERLOADED: no retry, and nothing that opens the circuit breaker', async () => {
    const clock = holdClock();
    const controller = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const { world, reading } = await createHoldingWorld({}, { headers, signal: controller.signal });

    await clock.pass(3_000);

    expect(await reading).toMatchObject({
      data: { run2: null },
      errors: [
        {
          message: 'DATAFOLD sent a large response that this service has no memory for at the moment.',
          extensions: { code: 'OVERLOADED', provider: 'DATAFOLD', retryable: true },
        },
      ],
    });
    expect(world.lines).toContainEqual(
      expect.objectContaining({ message: 'upstream call failed', code: 'OVERLOADED', reason: 'memory', attempts: 1 }),
    );
    controller.abort();
    expect(await world.execute(`{ ${runField(2)} }`)).toEqual(found);
    const ofBreaker = ({ message, provider }: { message: string; provider?: unknown }) =>
      message === 'circuit breaker changed' && provider === 'DATAFOLD';
    expect(world.lines.filter(ofBreaker)).toEqual([]);
  });

  it('that do not come free in time are OVERLOADED for all who have coalesced the call, which is not made again', async () => {
    const clock = holdClock();
    const { world, slowField } = await createLargeWorld({ limits, coalesceCalls: true }, [1, 2], size);
    const { totalOf } = watchReading();
    void world.execute(`{ ${runField(1)} ${slowField} }`).catch(() => {});
    await world.olostep.arrived(1);
    await until(() => totalOf(pathOf(1)) > size);
    const first = world.execute(`{ ${runField(2)} }`);
    await until(() => totalOf(pathOf(1)) + totalOf(pathOf(2)) > 2 * megabyte);
    await clock.pass(1_000);
    world.datafold.on(datafoldPath, { body: datafoldBody });
    const second = world.execute(`{ ${runField(2)} ${runField(42)} }`);
    await until(() => world.datafold.paths.includes(datafoldPath));

    await clock.pass(2_000);

    for (const requested of [first, second]) expect(codesOf(await requested)).toEqual({ run2: 'OVERLOADED' });
    expect(world.datafold.paths.filter((path) => path === pathOf(2))).toHaveLength(1);
  });

  it.each([
    ['alone', false],
    ['with coalesced calls', true],
  ])('that do not come free before the deadline of the operation are OVERLOADED: %s', async (_how, coalesceCalls) => {
    const clock = holdClock();
    const config = { coalesceCalls, limits: { ...limits, upstreamAttemptTimeoutMs: 90_000 } };
    const { world, slowField } = await createLargeWorld(config, [1], size);
    const { totalOf } = watchReading();
    const requested: ServerResponse[] = [];
    world.datafold.on(pathOf(2), (_request, response) => void requested.push(response));
    const reading = world.execute(`{ ${runField(2)} }`);
    await world.datafold.arrived(1);
    await clock.pass(1_000);
    void world.execute(`{ ${runField(1)} ${slowField} }`).catch(() => {});
    await world.olostep.arrived(1);
    await until(() => totalOf(pathOf(1)) > size);
    for (const response of requested) sendText(response, largeDatafoldRun(2, size).text);
    await until(() => totalOf(pathOf(1)) + totalOf(pathOf(2)) > 2 * megabyte);

    await clock.pass(14_000);

    expect(codesOf(await reading)).toEqual({ run2: 'OVERLOADED' });
  });

  it('of an operation that needs more than the maximum alone are refused, and given back', async () => {
    const { world } = await createLargeWorld(
      { limits: { ...limits, upstreamAttemptTimeoutMs: 90_000 } },
      [1, 2, 3],
      size,
    );

    const response = await world.execute(`{ ${[1, 2, 3].map(runField).join(' ')} }`);

    expect(Object.values(response.data).filter((run) => run !== null)).toHaveLength(1);
    expect(Object.values(codesOf(response))).toEqual(['OVERLOADED', 'OVERLOADED']);
    expect(await world.execute(`{ ${runField(2)} }`)).toEqual(found);
  });

  it('of operations that wait for one another are refused to the last of them, so that the first is complete', async () => {
    const twice = { ...limits, maxUpstreamResponseTotalBytes: 2 * megabyte, upstreamAttemptTimeoutMs: 90_000 };
    const { world } = await createLargeWorld({ limits: twice }, [1, 2, 3, 4, 5, 6], size);
    const { totalOf } = watchReading();
    const first = world.execute(`{ ${runField(1)} ${runField(2)} }`);
    await until(() => totalOf(pathOf(1)) > 0 && totalOf(pathOf(2)) > 0);
    const others = world.execute(`{ ${[3, 4, 5, 6].map(runField).join(' ')} }`);

    expect(await first).toEqual({ data: { run1: { runId: '1' }, run2: { runId: '2' } } });
    expect(Object.values(codesOf(await others)).every((code) => code === 'OVERLOADED')).toBe(true);
  });
});
