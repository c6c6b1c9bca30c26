/** Fields of an object that are found with another object, once they are selected. */
import type { Field, FieldContext } from './provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Makes fields that are those of what `load` finds; when it finds nothing, `null` or what is given.
 * @throws whatever `load` does: that is the field's error
 */
export const later =
  (load: (context: FieldContext) => Promise<Fields | null>) =>
  <Value>(name: string, otherwise: unknown = null): Field<Value> =>
  async (args: never, context: FieldContext) => {
    const found = await load(context);
    if (found === null) return otherwise as never;
    const field = found[name];
    return typeof field === 'function' ? field.call(found, args, context) : field;
  };
