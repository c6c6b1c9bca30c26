/** The signals that stop the process. Listened for before anything else is loaded, as that takes a while. */

export interface ShutdownSignals {
  /** Has the first signal answered by `stop` from now on, as there may be requests by now. The second ends the process at once. */
  handOver(stop: (signal: NodeJS.Signals) => Promise<void>): void;
}

/**
 * npm passes signals on to what it runs, which has them already where they go to the whole group of processes, as those of a
 * terminal and of systemd do. For so long the same signal is no second one, in milliseconds.
 */
const passedOnMs = process.env.npm_lifecycle_event === undefined ? 0 : 1_000;

/** Until the service takes over, no client has been admitted, and a signal ends the process at once, with 0. */
export function listenForShutdownSignals(): ShutdownSignals {
  let stop = async (_signal: NodeJS.Signals): Promise<void> => process.exit(0);
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const isPassedOn = (signal: NodeJS.Signals) => signal === first?.signal && performance.now() - first.at < passedOnMs;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isPassedOn(signal)) return;
      if (first !== undefined) process.exit(1);
      first = { signal, at: performance.now() };
      void stop(signal);
    });
  }
  return {
    handOver(own) {
      stop = own;
    },
  };
}
