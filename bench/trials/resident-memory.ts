/** Resident memory: at rest, under loads, and after many requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../contenders.ts';
import { type Gateway, startGateway } from '../measure/gateway.ts';
import { residentMb, watchResidentMb } from '../measure/memory.ts';
import { calmDown } from '../measure/sample.ts';
import { verify } from '../measure/verify.ts';
import { type Numbers, runWrk } from '../measure/wrk.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { requestOf } from '../workloads/requests.ts';
import { type Workload, workloads } from '../workloads/workloads.ts';
import type { Effort } from './rounds.ts';

/** In MB. What a contender can't do isn't there. */
export type Memory = Readonly<Record<(typeof columns)[number], number | undefined>>;

export const columns = [
  'idle',
  'W1-c128',
  'W3',
  'W4page',
  'after 10,000 × W1',
  'after 100,000 × W1',
  'after 10,000 texts',
  'after 100,000 texts',
] as const;

const many = 100_000;
const fewer = 10_000;
/** Long enough for a load to fill what it fills. */
const loadSeconds = 5;

/** Until what is loaded behind the start is there, too: ours does so after a second. */
const idleMs = 3_000;

/** Each load has a separate process. One whose responses are wrong, or missing, has no figure: it is reported to `fail`. */
export async function weigh(
  contenders: Readonly<Record<string, Contender>>,
  { seconds }: Effort,
  upstream: Upstream,
  fail: (place: string, error: Error) => void,
): Promise<Readonly<Record<string, Memory>>> {
  const memory: Record<string, Memory> = {};
  for (const [name, contender] of Object.entries(contenders)) {
    const withGateway = async <Result>(workload: Workload | undefined, task: Task<Result>) => {
      const execute = workload && requestOf(workload.variants, contender);
      if (workload === undefined || execute === undefined) return undefined;
      if (workload.only !== undefined && !workload.only.includes(name)) return undefined;
      const gateway = await startGateway(contender, upstream.url, execute);
      const run = async (numbers?: Numbers) => {
        const { failures } = await runWrk({
          ...{ url: gateway.url + execute.path, body: execute.body, clients: workload.clients },
          ...(numbers === undefined ? { seconds: Math.max(loadSeconds, seconds) } : { seconds: 600, numbers }),
        });
        if (failures > 0) throw new Error(`${failures} requests failed`);
      };
      try {
        const found = await task(gateway, run);
        // Behind, as it would not be at rest any more.
        await calmDown(gateway.pid, upstream);
        await verify(name, gateway, execute, upstream);
        return found;
      } catch (error) {
        fail(`${name}, ${workload.title}, ${workload.clients} clients`, error as Error);
        return undefined;
      } finally {
        await gateway.stop();
      }
    };
    const underLoad = (workload: Workload | undefined) =>
      withGateway(workload, async ({ pid }, run) => (await watchResidentMb(pid, run)).most);
    const afterMany = (workload: Workload | undefined) =>
      withGateway(workload, async ({ pid }, run) => {
        await run([0, fewer - 1]);
        const first = residentMb(pid);
        await run([fewer, many - 1]);
        return [first, residentMb(pid)] as const;
      });

    const requests = await afterMany(workloads.W1);
    const texts = await afterMany(workloads.unseen);
    memory[name] = {
      idle: await withGateway(workloads.W1, ({ pid }) => sleep(idleMs).then(() => residentMb(pid))),
      'W1-c128': await underLoad(workloads['W1-c128']),
      W3: await underLoad(workloads.W3),
      W4page: await underLoad(workloads.W4page),
      'after 10,000 × W1': requests?.[0],
      'after 100,000 × W1': requests?.[1],
      'after 10,000 texts': texts?.[0],
      'after 100,000 texts': texts?.[1],
    };
  }
  return memory;
}

type Task<Result> = (gateway: Gateway, run: (numbers?: Numbers) => Promise<unknown>) => Promise<Result>;
