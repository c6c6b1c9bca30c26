/** Counts the calls of the last while, and how many of them failed. */
export interface CallWindow {
  readonly calls: number;
  readonly failures: number;
  add(failed: boolean): void;
  clear(): void;
}

const slots = 10;

/** Makes a window of `windowMs`, in ten slots: what it forgets, it forgets a tenth at a time. */
export function createCallWindow(windowMs: number, now: () => number): CallWindow {
  const counts = Array.from({ length: slots }, () => ({ slot: -1, calls: 0, failures: 0 }));
  const slotNow = () => Math.floor((now() * slots) / windowMs);

  const sum = (name: 'calls' | 'failures') => {
    const oldest = slotNow() - slots;
    return counts.reduce((total, count) => total + (count.slot > oldest ? count[name] : 0), 0);
  };

  return {
    get calls() {
      return sum('calls');
    },
    get failures() {
      return sum('failures');
    },
    add(failed) {
      const slot = slotNow();
      const count = counts[slot % slots];
      if (count === undefined) return;
      if (count.slot !== slot) Object.assign(count, { slot, calls: 0, failures: 0 });
      count.calls++;
      if (failed) count.failures++;
    },
    clear() {
      for (const count of counts) Object.assign(count, { slot: -1, calls: 0, failures: 0 });
    },
  };
}
