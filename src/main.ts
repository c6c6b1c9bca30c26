/** The process. It can be stopped from here on: what follows takes a while to load. */
import { findVersionProblem } from './service/node-version.ts';
import { listenForShutdownSignals } from './service/shutdown-signals.ts';

const problem = findVersionProblem(process.versions.node);
if (problem === undefined) {
  const signals = listenForShutdownSignals();
  const { startService } = await import('./service/start-service.ts');
  await startService(signals);
} else {
  console.error(problem);
  process.exitCode = 1;
}
