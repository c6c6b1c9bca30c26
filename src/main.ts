/** The process. It can be stopped from here on: what follows takes a while to load. */
import { listenForShutdownSignals } from './service/shutdown-signals.ts';

const signals = listenForShutdownSignals();
const { startService } = await import('./service/start-service.ts');
await startService(signals);
