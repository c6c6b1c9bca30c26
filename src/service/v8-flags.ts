/** How the engine is to treat a service that is there for long. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** From so large a heap on V8 lets it grow to four times what is in use; smaller ones it limits to less itself. */
const largeHeap = 2 * 1024 ** 3;

/**
 * Not on the command line: Node.js throws away the compiled code that it comes with where V8 starts with such flags. A start takes
 * an eighth longer then, and each `process.nextTick` five times as long for good.
 */
export function applyV8Flags(): void {
  // A request's way is many short functions; by default V8 stops before it has them all in one.
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2400');
  // What Maglev took to compile is given back at once, where it was taken: by another thread, later, 12 MB stay with the allocator.
  setFlagsFromString('--no-maglev-destroy-on-background');
  // To 2.5 times: most of what is more is unneeded buffers.
  if (getHeapStatistics().heap_size_limit >= largeHeap) setFlagsFromString('--heap-growing-percent=150');
}
