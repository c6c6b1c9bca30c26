/** Which members of the objects in a list are looked for, to make a {@link Table} of it. */

/** The members that matter of an object. */
export interface Shape {
  readonly members: readonly Member[];
}

export interface Member {
  /** The name as bytes of UTF-8. */
  readonly name: Buffer;
  /** The same in quotes and with a colon behind it, as it is written nearly always. */
  readonly head: Buffer;
  /** The number of its column. */
  readonly column: number;
  /** Whether it is told how large it is. */
  readonly isSized: boolean;
  /** What matters of it where it is an object. */
  readonly inner: Shape;
  /** The one that comes after it, where upstreams keep to the order of the columns. */
  next?: Member;
}

export interface Columns<Path extends string = string> {
  readonly shape: Shape;
  readonly count: number;
  /** The number of each column. */
  readonly of: Readonly<Record<Path, number>>;
}

/**
 * @param paths names of members, `event` or `event.kind`; each of the latter behind the one that holds it
 * @param sized which of them is told how large it is
 */
export function createColumns<const Path extends string>(paths: readonly Path[], sized?: NoInfer<Path>): Columns<Path> {
  const shape = createShape();
  const shapes = new Map([['', shape]]);
  for (const [column, path] of paths.entries()) {
    const point = path.lastIndexOf('.');
    const name = path.slice(point + 1);
    const inner = createShape();
    const head = Buffer.from(`${JSON.stringify(name)}:`);
    const member: Member = { name: Buffer.from(name), head, column, inner, isSized: path === sized };
    const { members } = shapes.get(path.slice(0, Math.max(0, point))) ?? shape;
    const before = members.at(-1);
    if (before !== undefined) before.next = member;
    members.push(member);
    shapes.set(path, inner);
  }
  const of = Object.fromEntries(paths.map((path, column) => [path, column])) as Record<Path, number>;
  return { shape, count: paths.length, of };
}

const createShape = () => ({ members: [] as Member[] });
