/** The parts of an answer that are JSON already, and the answer around them. */
import { randomUUID } from 'node:crypto';

/** Stands in the answer where such a part goes. Nobody else knows it: it is made anew with each process, and never sent. */
const mark = randomUUID();

/** What takes the place of a part in an answer's data. */
interface Place {
  toJSON(): string;
}

export class WrittenParts {
  /** In the order in which they stand in the text; most answers have none. */
  #shown: Buffer[] | undefined;

  /** @param part JSON in UTF-8. What takes its place may be in the data once, or not at all. */
  add(part: Buffer): Place {
    return {
      toJSON: () => {
        this.#shown ??= [];
        this.#shown.push(part);
        return mark;
      },
    };
  }

  /** The answer as JSON, once: a text, or the pieces of its UTF-8. */
  write(answer: unknown): string | readonly Buffer[] {
    const text = JSON.stringify(answer);
    const shown = this.#shown;
    if (shown === undefined) return text;
    const [start = '', ...rest] = text.split(`"${mark}"`);
    if (rest.length !== shown.length) throw new Error('Expected a place for each part of the answer.');
    return joinSmall([start, ...rest].flatMap((text, place) => [Buffer.from(text), shown[place] ?? nothing]));
  }
}

/** To copy so many bytes costs more than to send them by themselves; of fewer there may be thousands. */
const largePiece = 16 * 1024;

function joinSmall(pieces: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = [];
  let small: Buffer[] = [];
  const joinThem = () => {
    if (small.length > 0) joined.push(Buffer.concat(small));
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length < largePiece) {
      small.push(piece);
    } else {
      joinThem();
      joined.push(piece);
    }
  }
  joinThem();
  return joined;
}

const nothing = Buffer.alloc(0);

/** How many bytes the answer has in UTF-8. */
export const byteLengthOf = (answer: string | readonly Buffer[]): number =>
  typeof answer === 'string' ? Buffer.byteLength(answer) : answer.reduce((sum, { length }) => sum + length, 0);
