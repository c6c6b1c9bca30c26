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
