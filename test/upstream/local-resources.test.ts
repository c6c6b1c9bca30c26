/** A connection to a provider that fails for want of something on this machine. */
import net, { type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { datafoldBody, datafoldPath } from '../support/bodies.ts';
import { createWorld } from '../support/world.ts';

const query = '{ datafoldRun(monitorId: 7, runId: 42) { runId } }';

const found = { data: { datafoldRun: { runId: '42' } } };
const isOfBreaker = ({ message }: { message: string }) => message === 'circuit breaker changed';

const toError = (code: string, syscall = 'connect') => Object.assign(new Error(code), { code, syscall });
const toErrors = (...codes: readonly string[]) =>
  Object.assign(new AggregateError(codes.map((code) => toError(code))), { code: codes[0] });

/**
 * A world in which each connection to Datafold fails so, until the function is called that it comes with. It has answered before:
 * a failure on a known path counts for the circuit breaker.
 */
async function createFailingWorld(error: Error, limits: object = {}) {
  const world = await createWorld({ limits: { breakerMinCalls: 1, ...limits } });
  world.datafold.on(datafoldPath, { body: datafoldBody, headers: { connection: 'close' } });
  expect(await world.execute(query)).toEqual(found);
  const port = new URL(world.datafold.baseUrl).port;
  const { connect } = net;
  const connecting = vi.spyOn(net, 'connect').mockImplementation(((options: { port: string }, ...rest: []) => {
    if (String(options.port) !== port) return connect(options as never, ...rest);
    return new net.Socket().destroy(error);
  }) as () => Socket);
  onTestFinished(() => connecting.mockRestore());
  const failures = () =>
    connecting.mock.calls.filter(([options]) => String((options as unknown as { port: string }).port) === port);
  return { world, failures, recover: () => connecting.mockRestore() };
}

describe('local resources: a connection to a provider that fails on this machine', () => {
  it.each([
    ['EMFILE', toError('EMFILE')],
    ['ENFILE', toError('ENFILE')],
    ['ENOBUFS', toError('ENOBUFS')],
    ['ENOMEM', toError('ENOMEM')],
    ['EADDRNOTAVAIL', toError('EADDRNOTAVAIL')],
    ['EAI_MEMORY', toError('EAI_MEMORY', 'getaddrinfo')],
    ['EMFILE for each address', toErrors('EMFILE', 'EMFILE')],
    ['EMFILE for one address, where there is no network for the other', toErrors('ENETUNREACH', 'EMFILE')],
  ])('is OVERLOADED: not retried, and nothing that opens the circuit breaker: %s', async (_name, error) => {
    const { world, failures, recover } = await createFailingWorld(error);

    for (let time = 0; time < 3; time++) {
      expect(await world.execute(query)).toMatchObject({
        data: { datafoldRun: null },
        errors: [
          {
            message: "DATAFOLD can't be called at the moment, as this service is out of resources.",
            extensions: { code: 'OVERLOADED', provider: 'DATAFOLD', retryable: true },
          },
        ],
      });
    }

    expect(failures()).toHaveLength(3);
    const [line] = world.lines.filter(({ message }) => message === 'upstream call failed');
    expect(line).toMatchObject({ code: 'OVERLOADED', reason: expect.stringMatching(/^local E/), attempts: 1 });
    recover();
    expect(await world.execute(query)).toEqual(found);
    expect(world.lines.filter(isOfBreaker)).toEqual([]);
  });
});

describe('local resources: a connection that the provider fails', () => {
  it.each([
    ['refuses it', toError('ECONNREFUSED')],
    ['is not in the DNS', toError('ENOTFOUND', 'getaddrinfo')],
    ['has a DNS that does not answer', toError('EAI_AGAIN', 'getaddrinfo')],
    [
      'refuses it at one address, where this machine has no IPv6 for the other',
      toErrors('EADDRNOTAVAIL', 'ECONNREFUSED'),
    ],
  ])('is UPSTREAM_UNAVAILABLE, and counts for the circuit breaker: it %s', async (_name, error) => {
    const { world } = await createFailingWorld(error, { maxAttempts: 1 });

    expect(await world.execute(query)).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });

    expect(world.lines.filter(isOfBreaker)).toEqual([expect.objectContaining({ provider: 'DATAFOLD', state: 'open' })]);
  });
});
