/** The service between two providers that answer what the block says. */
import { datafoldBody, olostepBody } from '../support/bodies.ts';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type RunningService, type StartOptions, startService } from './service.ts';

export interface Stage {
  readonly service: RunningService;
  readonly datafold: FakeUpstream;
  readonly olostep: FakeUpstream;
  /** How many calls have reached the providers so far. */
  calls(): number;
  /** Ends everything; resolves with the exit code of the service. */
  close(): Promise<number | null>;
}

/** Sets the stage: every run is there at both providers, until the block says otherwise. */
export async function setStage(env: Readonly<Record<string, string>> = {}, options?: StartOptions): Promise<Stage> {
  const datafold = await startFakeUpstream();
  const olostep = await startFakeUpstream();
  datafold.onAny({ body: { ...datafoldBody, run_id: undefined, monitor_id: undefined } });
  olostep.onAny({ body: { ...olostepBody, run_id: undefined, monitor_id: undefined } });
  const service = await startService(
    { DATAFOLD_BASE_URL: datafold.baseUrl, OLOSTEP_BASE_URL: olostep.baseUrl, ...env },
    options,
  );
  return {
    service,
    datafold,
    olostep,
    calls: () => datafold.requests.length + olostep.requests.length,
    async close() {
      const code = await service.stop();
      datafold.close();
      olostep.close();
      return code;
    },
  };
}

/** Sets the stage for the scene, and ends it behind the scene however that ends. */
export async function withStage(
  scene: (stage: Stage) => Promise<void>,
  env?: Readonly<Record<string, string>>,
  options?: StartOptions,
): Promise<void> {
  const stage = await setStage(env, options);
  try {
    await scene(stage);
  } finally {
    await stage.close();
  }
}
