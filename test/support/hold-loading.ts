/**
 * Loaded before the service (`node --import`): stops the process where it loads the module whose URL ends with `HOLD_AT`, says so
 * on descriptor 3, and goes on once a message there says so. Meanwhile nothing of the service runs.
 */
import { readSync, writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

const end = process.env.HOLD_AT ?? '';
let isHeld = false;

registerHooks({
  load(url, context, nextLoad) {
    if (!isHeld && url.endsWith(end)) {
      isHeld = true;
      writeSync(3, 'held');
      waitForWord();
    }
    return nextLoad(url, context);
  },
});

function waitForWord(): void {
  for (;;) {
    try {
      readSync(3, Buffer.alloc(16));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
