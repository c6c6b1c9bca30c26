/** Things in a row, any of which may leave it at any time. */

/** Knows its neighbours by itself: to leave takes no longer in a row of thousands, and the row no other memory. */
export interface InRow<Item> {
  earlier: Item | undefined;
  later: Item | undefined;
}

export class Row<Item extends InRow<Item>> {
  #first: Item | undefined;
  #last: Item | undefined;

  get first(): Item | undefined {
    return this.#first;
  }

  get last(): Item | undefined {
    return this.#last;
  }

  /** Puts it at the end. It is in no row. */
  add(item: Item): void {
    this.addBehind(this.#last, item);
  }

  /** Puts it behind one that is in this row, or at the beginning. It is in no row. */
  addBehind(earlier: Item | undefined, item: Item): void {
    const later = earlier === undefined ? this.#first : earlier.later;
    item.earlier = earlier;
    item.later = later;
    if (earlier === undefined) this.#first = item;
    else earlier.later = item;
    if (later === undefined) this.#last = item;
    else later.earlier = item;
  }

  /** Takes it out. It is in this row. */
  delete(item: Item): void {
    if (item.earlier === undefined) this.#first = item.later;
    else item.earlier.later = item.later;
    if (item.later === undefined) this.#last = item.earlier;
    else item.later.earlier = item.earlier;
    item.earlier = undefined;
    item.later = undefined;
  }
}
