/** Counts what a block tried and what the service survived, and says at once what it didn't. */
export interface Tally {
  readonly tried: number;
  readonly survived: number;
  /** Counts one case; `detail` is printed when it didn't survive. */
  check(name: string, survived: boolean, detail?: unknown): void;
  /** Counts one case, which survives unless the task throws. */
  attempt(name: string, task: () => Promise<void>): Promise<void>;
  /** A figure that the block measured, for its line. */
  measured(figure: string): void;
  /** `name: survived/tried`, and what was measured. */
  summary(): string;
}

export function createTally(block: string): Tally {
  const figures: string[] = [];
  let tried = 0;
  let survived = 0;
  const check: Tally['check'] = (name, isSurvived, detail) => {
    tried++;
    if (isSurvived) survived++;
    else console.log(`${block}: ${name}: did not survive`, detail ?? '');
  };
  return {
    get tried() {
      return tried;
    },
    get survived() {
      return survived;
    },
    check,
    async attempt(name, task) {
      try {
        await task();
        check(name, true);
      } catch (error) {
        check(name, false, error);
      }
    },
    measured: (figure) => void figures.push(figure),
    summary: () => [`${block}: ${survived}/${tried}`, ...figures].join('; '),
  };
}
