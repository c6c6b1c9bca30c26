/** Values that are found when they are first needed, and then remembered. */

/**
 * Loads a value at the first call, and remembers it. Calls that come while it loads wait for the same load. A load that
 * rejects is forgotten: the next call loads again.
 */
export function lazy<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () => {
    if (loading !== undefined) return loading;
    const current = load();
    loading = current;
    const forget = () => {
      loading = undefined;
    };
    current.then(undefined, forget);
    return current;
  };
}

/** What may be remembered for good. A promise may not: it may reject, and `lazy` forgets one that does. */
type NoPromise<Value> = Value extends PromiseLike<unknown> ? never : Value;

/** Computes a value at the first call, and remembers it. A call that throws is not remembered. */
export function once<Value>(find: () => NoPromise<Value>): () => NoPromise<Value> {
  let found: { readonly value: NoPromise<Value> } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

/** Values by their names, as a request has fetched them, so that nothing is fetched twice. Most fetch one, which needs no Map. */
export class Memo<Value> {
  #name: string | undefined;
  #value: Value | undefined;
  #others: Map<string, Value> | undefined;

  get(name: string): Value | undefined {
    return name === this.#name ? this.#value : this.#others?.get(name);
  }

  /** Takes a name for the first time. */
  set(name: string, value: Value): void {
    if (this.#name === undefined) {
      this.#name = name;
      this.#value = value;
    } else {
      this.#others ??= new Map();
      this.#others.set(name, value);
    }
  }
}
