/** A service with three accounts of Datafold and two of Olostep, each with its own upstream; two of them share a key. */
import { onTestFinished } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/create-gateway.ts';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';
import { createWorld, type World } from './world.ts';

export interface AccountWorld extends World {
  /** By the account: `DATAFOLD`, `DATAFOLD@eu`, … */
  readonly upstreams: Readonly<Record<string, FakeUpstream>>;
}

/** The key of each account. */
export const accountKeys: Readonly<Record<string, string>> = {
  DATAFOLD: 'canary-datafold-key-of-default',
  'DATAFOLD@eu': 'canary-datafold-key-of-eu',
  // The same key, elsewhere.
  'DATAFOLD@us': 'canary-datafold-key-of-eu',
  OLOSTEP: 'canary-olostep-key-of-default',
  'OLOSTEP@eu': 'canary-olostep-key-of-eu',
};

export async function createAccountWorld(config: Partial<GatewayConfig> = {}): Promise<AccountWorld> {
  const names = Object.keys(accountKeys);
  const upstreams = Object.fromEntries(await Promise.all(names.map(async (id) => [id, await startFakeUpstream()])));
  onTestFinished(() => {
    for (const id of names) upstreams[id].close();
  });
  const isForwarded = config.credentials === 'forwarded';
  const of = (id: string) => ({
    ...(!isForwarded && { apiKey: accountKeys[id] as string }),
    baseUrl: upstreams[id].baseUrl,
  });
  const world = await createWorld({
    providers: {
      DATAFOLD: { ...of('DATAFOLD'), accounts: { eu: of('DATAFOLD@eu'), us: of('DATAFOLD@us') } },
      OLOSTEP: { ...of('OLOSTEP'), accounts: { eu: of('OLOSTEP@eu') } },
    },
    ...config,
  });
  return { ...world, upstreams };
}
