/** What is selected of the things that a field finds: which fetches are needed follows from it. */

/** The names of the fields that are selected of a type, without `__typename`. */
export class SelectedFields extends Set<string> {
  /** How many fields of the answer they are, each alias counted. */
  readonly count: number;

  constructor(names: readonly string[]) {
    super(names);
    this.count = names.length;
  }
}

/** What is selected of the things that a field finds. */
export interface SelectedOf {
  /** Of a thing, by the name of its type. */
  (typeName: string): SelectedFields;
  /** Of the things in a page, by the name of the type of the connection. */
  inPage(connectionName: string): SelectedOf;
}
