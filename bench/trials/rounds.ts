/** The contenders take turns on a workload: A B C, A B C, … */
import type { Contender } from '../contenders.ts';
import { type Gateway, startGateway } from '../measure/gateway.ts';
import { type Sample, takeSample, warmUp } from '../measure/sample.ts';
import { verify } from '../measure/verify.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { requestOf, type SendRequest } from '../workloads/requests.ts';
import type { Workload } from '../workloads/workloads.ts';

/** How many loads each has before its rounds: some machine code is thrown away when a load ends for the first time. */
const warmUps = 2;

export interface Effort {
  /** How often the processes are started again: one can be lucky, or unlucky, for as long as it lives. */
  readonly sets: number;
  /** How often each has its turn in a set. */
  readonly rounds: number;
  readonly seconds: number;
  /** How many seconds each runs, in each set, before it counts. */
  readonly warm: number;
}

/** The samples of a contender, in the order of the rounds: the same place is the same round, and `null` where it failed. */
export type Samples = Readonly<Record<string, readonly (Sample | null)[]>>;

/** A contender while it is up. */
interface Up {
  readonly name: string;
  readonly contender: Contender;
  readonly gateway: Gateway;
  readonly execute: SendRequest;
  readonly bytes: number;
}

/** One that fails in a set leaves the others their turns: it is reported to `fail`. */
export async function takeTurns(
  contenders: Readonly<Record<string, Contender>>,
  workload: Workload,
  { sets, rounds, seconds, warm }: Effort,
  upstream: Upstream,
  fail: (name: string, set: number, error: Error) => void,
): Promise<Samples> {
  const samples: Record<string, (Sample | null)[]> = {};
  const length = seconds * (workload.length ?? 1);

  const start = async (name: string, contender: Contender): Promise<Up | undefined> => {
    const execute = requestOf(workload.variants, contender);
    if (execute === undefined) return undefined;
    const gateway = await startGateway(contender, upstream.url, execute);
    try {
      return { name, contender, gateway, execute, bytes: await verify(name, gateway, execute, upstream) };
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  };

  for (let set = 0; set < sets; set++) {
    const all: Up[] = [];
    try {
      for (const [name, contender] of Object.entries(contenders)) {
        const up = await start(name, contender).catch((error: Error) => {
          fail(name, set, error);
          samples[name] = [...(samples[name] ?? []), ...Array(rounds).fill(null)];
        });
        if (up) all.push(up);
      }
      for (let load = 0; load < warmUps; load++) {
        for (const up of all) await warmUp({ ...up, workload, seconds: Math.ceil(warm / warmUps) }, upstream);
      }
      for (let round = 0; round < rounds; round++) {
        for (const up of all) {
          const sample = await takeSample({ ...up, workload, seconds: length }, upstream);
          samples[up.name] = [...(samples[up.name] ?? []), sample];
        }
      }
      for (const { name, gateway, execute } of all) {
        await verify(name, gateway, execute, upstream).catch((error: Error) => {
          fail(name, set, error);
          samples[name]?.fill(null, -rounds);
        });
      }
    } finally {
      await Promise.all(all.map(({ gateway }) => gateway.stop()));
    }
  }
  return samples;
}
