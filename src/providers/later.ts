/** Fields of a thing that are found with another thing, once they are selected. */
import type { Field, FieldContext } from './provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Makes fields that are those of what `load` finds; `null` when it finds nothing.
 * @throws whatever `load` does: that is the field's error
 */
export const later =
  (load: (context: FieldContext) => Promise<Fields | null>) =>
  <Value>(name: string): Field<Value> =>
  async (args: never, context: FieldContext) => {
    const found = await load(context);
    if (found === null) return null as never;
    const field = found[name];
    return typeof field === 'function' ? field.call(found, args, context) : field;
  };
