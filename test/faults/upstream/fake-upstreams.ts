/** One provider as the block says, and the other as it should be, with a service between. */
import { type RunningService, startService } from '../service.ts';
import { reply, startFaultServer, type WireAnswer } from './fault-server.ts';
import { otherThan, type Subject, toRun } from './subjects.ts';

/** Every run is there. */
export const report =
  ({ toBody }: Subject): WireAnswer =>
  (socket, { path }) =>
    reply(socket, { body: JSON.stringify(toBody(toRun(path))) });

/** Beside a provider at this URL, the other one is well. */
export async function withNeighbour(
  subject: Subject,
  baseUrl: string,
  env: Readonly<Record<string, string>>,
  scene: (service: RunningService, other: Subject) => Promise<void>,
): Promise<void> {
  const other = otherThan(subject);
  const healthy = await startFaultServer(report(other));
  const service = await startService({ ...env, [subject.variable]: baseUrl, [other.variable]: healthy.baseUrl });
  await scene(service, other);
  await service.stop();
  healthy.close();
}
