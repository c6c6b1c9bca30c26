/** The end of a turn of the event loop: by then all that had come in for it has been dealt with. */

/** The same promise for all who wait in one turn. */
export type EndOfTick = () => Promise<void>;

export function createEndOfTick(): EndOfTick {
  let end: Promise<void> | undefined;
  return () => {
    end ??= new Promise((resolve) => {
      setImmediate(() => {
        end = undefined;
        resolve();
      });
    });
    return end;
  };
}
