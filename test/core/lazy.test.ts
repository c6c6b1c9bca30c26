/** What is loaded at its first use: no failure is remembered, whatever has made it fail. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { lazy, once } from '../../src/core/lazy.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';

const deferred = () => Promise.withResolvers<string>();

describe('lazy', () => {
  it('coalesces calls that come while the value loads, and remembers the value', async () => {
    const loads: ReturnType<typeof deferred>[] = [];
    const load = lazy(() => {
      const started = deferred();
      loads.push(started);
      return started.promise;
    });

    const both = Promise.all([load(), load()]);
    loads[0]?.resolve('value');

    expect(await both).toEqual(['value', 'value']);
    expect(await load()).toBe('value');
    expect(loads).toHaveLength(1);
  });

  it('forgets a load that rejects: all who wait for it see the failure, and the next call loads again', async () => {
    let loads = 0;
    const load = lazy(async () => {
      if (++loads === 1) throw new Error('EMFILE');
      return 'value';
    });

    expect(await Promise.allSettled([load(), load()])).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    expect(await load()).toBe('value');
    expect(loads).toBe(2);
  });
});

describe('once', () => {
  it('remembers no call that throws', () => {
    let calls = 0;
    const find = once(() => {
      if (++calls === 1) throw new Error('not now');
      return calls;
    });

    expect(find).toThrow('not now');
    expect([find(), find()]).toEqual([2, 2]);
  });

  it('takes no function that returns a promise', () => {
    // @ts-expect-error a promise may reject, and would be remembered
    once(async () => 'value');
  });
});

it('a gateway closes what has failed to close when it is closed again, and nothing twice', async () => {
  let closes = 0;
  const runCache = {
    read: () => [],
    write() {},
    drop() {},
    forget() {},
    async close() {
      if (++closes === 1) throw new Error('not now');
    },
  };
  const gateway = createGateway({ credentials: 'forwarded', runCache });

  await expect(gateway.close()).rejects.toThrow('not now');
  await gateway.close();
  await gateway.close();

  expect(closes).toBe(2);
});

it('a process that has run out of file descriptors serves everything once there are some again', {
  timeout: 60_000,
}, async () => {
  const script = fileURLToPath(new URL('../support/descriptor-limit.ts', import.meta.url));

  const { stdout } = await promisify(execFile)('sh', ['-c', 'ulimit -n 128; exec "$0" "$1"', process.execPath, script]);

  expect(JSON.parse(stdout)).toEqual({
    exhausted: { slowPath: 500, graphiql: 500, jwt: 500 },
    recovered: { slowPath: 200, graphiql: 200, jwt: 401 },
    evaluation: ['EMFILE', 'imported'],
  });
});
