/** What is selected of the objects that a field finds: which fetches are needed follows from it. */

/** The names of the fields that are selected of a type, without `__typename`. */
export class SelectedFields extends Set<string> {
  /** How many fields of the answer they are, each alias counted, and each place where the object is. */
  readonly count: number;

  /** @param names in each place */
  constructor(...names: readonly (readonly string[])[]) {
    super(names.flat());
    this.count = names.reduce((sum, { length }) => sum + length, 0);
  }
}

/** What is selected of the objects that a field finds. */
export interface SelectedOf {
  /** Of an object, by the name of its type. */
  (typeName: string): SelectedFields;
  /**
   * In how many places the response has each object: in a page there are two paths to it, and aliases of both. One at the least, as
   * a page is paid for whatever is selected of it.
   */
  readonly places: number;
  /** Of the objects in a page, by the name of the type of the connection. */
  inPage(connectionName: string): SelectedOf;
}
