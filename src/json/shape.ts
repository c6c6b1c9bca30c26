/** Checks that JSON has the shape that a type says: functions that are put together as the type is. */
import { isObject } from './lossless.ts';

/** Whether a value has the shape. */
export type Shape<Type> = (value: unknown) => value is Type;

/** The type that a shape stands for. */
export type ShapeType<Checked> = Checked extends Shape<infer Type> ? Type : never;

export const isNumber: Shape<number> = (value): value is number => typeof value === 'number';
export const isString: Shape<string> = (value): value is string => typeof value === 'string';
export const isBoolean: Shape<boolean> = (value): value is boolean => typeof value === 'boolean';
export const isNull: Shape<null> = (value): value is null => value === null;
export const isAbsent: Shape<undefined> = (value): value is undefined => value === undefined;

export const either =
  <A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> =>
  (value): value is A | B =>
    a(value) || b(value);

export const arrayOf =
  <Item>(item: Shape<Item>): Shape<readonly Item[]> =>
  (value): value is readonly Item[] =>
    Array.isArray(value) && value.every(item);

export const tupleOf =
  <Items extends readonly unknown[]>(
    ...items: { readonly [Place in keyof Items]: Shape<Items[Place]> }
  ): Shape<Items> =>
  (value): value is Items =>
    Array.isArray(value) && value.length === items.length && items.every((item, place) => item(value[place]));

type Members = Readonly<Record<string, Shape<unknown>>>;

/** An object with at least these members. */
export const objectOf = <Shapes extends Members>(
  members: Shapes,
): Shape<{ readonly [Name in keyof Shapes]: ShapeType<Shapes[Name]> }> => {
  const entries = Object.entries(members);
  return (value): value is { readonly [Name in keyof Shapes]: ShapeType<Shapes[Name]> } =>
    isObject(value) && entries.every(([name, shape]) => shape(value[name]));
};
