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
