/** How the engine is to treat a service that is there for long. */
import { setFlagsFromString } from 'node:v8';

/**
 * Not on the command line: Node.js throws away the machine code that it comes with where V8 starts with such flags. A start takes
 * an eighth longer then, and each `process.nextTick` five times as long for good.
 */
export function settleIn(): void {
  // A request's way is many short functions; by default V8 stops before it has them all in one.
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2400');
  // What is old may grow to 2.5 times what is in use; by default it is four times, most of it buffers that nobody needs.
  setFlagsFromString('--heap-growing-percent=150');
}
