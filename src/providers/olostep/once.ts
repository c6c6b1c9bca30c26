/** Worked out when it is first asked for, and then kept: a log is long, and a run can be selected a hundred times. */
export function once<Value>(find: () => Value): () => Value {
  let found: { readonly value: Value } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}
