/**
 * Fields whose JSON their source writes by itself: of a list of thousands of objects, no object is made, filled, and written
 * again. Everything has values as well, for whoever asks for those.
 */
import type { FieldContext } from './provider.ts';

/** What has fields that it writes has this method, a {@link WriteJson}. */
export const writeJson = Symbol('writeJson');

/**
 * The list as JSON in UTF-8: what its value would be written as, and paid for at no lower price;
 * `undefined` where it has a value only, or where anything of it is an error.
 * @throws {OperationTooCostly}
 */
export type WriteJson = (list: JsonList, context: FieldContext) => Buffer | undefined;

/** A field that is a list of objects. */
export interface JsonList {
  readonly name: string;
  readonly fields: readonly JsonField[];
}

/** A field of theirs without arguments, which is selected. */
export interface JsonField {
  /** What it is called in the answer: letters, digits and `_`. */
  readonly key: string;
  readonly name: string;
  /** What is selected of the objects in it; `undefined` where it is a leaf. */
  readonly fields?: readonly JsonField[] | undefined;
}
