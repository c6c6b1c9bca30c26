/** How the engine is to treat a service that is there for long. */
import { setFlagsFromString } from 'node:v8';

/**
 * Not on the command line: the machine code that comes with Node.js is thrown away where V8 starts with such flags, and a start
 * takes 4 % longer.
 */
export function settleIn(): void {
  // A request's way is many short functions; by default V8 stops before it has them all in one.
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2400');
  // What is old may grow to 2.5 times what is in use; by default it is four times, most of it buffers that nobody needs.
  setFlagsFromString('--heap-growing-percent=150');
}
