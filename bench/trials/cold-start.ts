/** From the start of a process to its first answer. */
import type { Contender } from '../contenders.ts';
import { startGateway } from '../measure/gateway.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { requestOf } from '../workloads/requests.ts';
import { workloads } from '../workloads/workloads.ts';
import type { Effort } from './rounds.ts';

/** Milliseconds of each contender, in turns. */
export async function timeStarts(
  contenders: Readonly<Record<string, Contender>>,
  { sets, rounds }: Effort,
  upstream: Upstream,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const starts: Record<string, number[]> = {};
  // Once more than counts: the first reads the files from the disk.
  for (let round = -1; round < sets * rounds; round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      const execute = workloads.W1 && requestOf(workloads.W1.variants, contender);
      if (execute === undefined) continue;
      const gateway = await startGateway(contender, upstream.url, execute);
      await gateway.stop();
      if (round >= 0) starts[name] = [...(starts[name] ?? []), gateway.startMs];
    }
  }
  return starts;
}
