/** An intrusive doubly linked list: any item can be removed in constant time. */

/** An item holds its neighbours itself, so the list allocates nothing. */
export interface ListNode<Item> {
  previous: Item | undefined;
  next: Item | undefined;
}

export class LinkedList<Item extends ListNode<Item>> {
  #first: Item | undefined;
  #last: Item | undefined;

  get first(): Item | undefined {
    return this.#first;
  }

  get last(): Item | undefined {
    return this.#last;
  }

  /** Adds an item, which is in no list, at the end. */
  add(item: Item): void {
    this.insertAfter(this.#last, item);
  }

  /** Adds an item, which is in no list, behind one of this list, or at the beginning. */
  insertAfter(previous: Item | undefined, item: Item): void {
    const next = previous === undefined ? this.#first : previous.next;
    item.previous = previous;
    item.next = next;
    if (previous === undefined) this.#first = item;
    else previous.next = item;
    if (next === undefined) this.#last = item;
    else next.previous = item;
  }

  /** Removes an item of this list. */
  delete(item: Item): void {
    if (item.previous === undefined) this.#first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.#last = item.previous;
    else item.next.previous = item.previous;
    item.previous = undefined;
    item.next = undefined;
  }
}
