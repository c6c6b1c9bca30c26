/** The end of a turn of the event loop: by then all that had come in for it has been dealt with. */

/** The same promise for all who wait in one turn. */
export type EndOfTurn = () => Promise<void>;

export function createEndOfTurn(): EndOfTurn {
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
