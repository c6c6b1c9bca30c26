/** Random selections of the schema's types, with what is needed to read their answers. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Random } from './random.ts';

/** A field as it is selected. */
export interface SelectedField {
  readonly alias: string;
  readonly type: string;
  /** Its name, and its arguments as they are written. */
  readonly call: string;
  readonly name: string;
  /** What is selected of what it leads to; `undefined` where it is a leaf. */
  readonly selection: Selection | undefined;
}

export interface Selection {
  readonly text: string;
  /** By the name of the object type. */
  readonly fields: ReadonlyMap<string, readonly SelectedField[]>;
}

/** The fields that say when and how something was read. */
const exempt = new Set(['readAt', 'isStale']);

/** The fields of a type that say the same whenever they say something. */
export const fieldsOf = (type: GraphQLObjectType): readonly GraphQLField<unknown, unknown>[] =>
  Object.values(type.getFields()).filter(({ name }) => !exempt.has(name));

/** Arguments by field: each list of arguments makes another field. */
const calls: Readonly<Record<string, readonly string[]>> = {
  'OlostepRun.events': ['', '(first: 1)', '(first: 1000)', '(first: 3, kind: "run_complete")', '(last: 3)'],
  'DatafoldMonitor.runs': ['', '(first: 3)'],
  'DatafoldMonitor.runCounts': ['(startedAfter: "2026-11-19T00:00:00Z")', '(startedAfter: "2026-01-01T00:00:00Z")'],
  'OlostepMonitor.runCounts': ['(startedAfter: "2026-11-19T00:00:00Z")', '(startedAfter: "2026-01-01T00:00:00Z")'],
  'OlostepMonitor.runs': ['', '(first: 3)', '(first: 100)'],
};

function toCall(random: Random, type: GraphQLObjectType, { name, args }: GraphQLField<unknown, unknown>): string {
  const known = calls[`${type.name}.${name}`];
  if (known !== undefined) return name + random.oneOf(known);
  const isNeeded = ({ type, defaultValue }: GraphQLArgument) => isNonNullType(type) && defaultValue === undefined;
  if (args.some(isNeeded)) throw new Error(`Expected arguments for ${type.name}.${name} in this file.`);
  return name;
}

export interface SelectionMaker {
  /** @param depth how many levels of objects may be below */
  select(type: GraphQLNamedOutputType, depth: number): Selection;
}

/** @param isWhole whether all fields are selected, as far as the depth goes, or a few of them */
export function createSelections(schema: GraphQLSchema, random: Random, isWhole: boolean): SelectionMaker {
  let count = 0;
  const leafOf = ({ type }: GraphQLField<unknown, unknown>) => {
    const named = getNamedType(type);
    return !isObjectType(named) && !isAbstractType(named);
  };
  const ofObject = (type: GraphQLObjectType, depth: number): readonly [string, readonly SelectedField[]] => {
    const all = fieldsOf(type).filter((field) => depth > 0 || leafOf(field));
    // Rarely reached, and all of it is worth a look then.
    const few = isWhole || type.name.endsWith('Edge') ? all : random.someOf(all, 1 + random.upTo(3));
    const fields = few.map((field): SelectedField => {
      const named = getNamedType(field.type);
      const selection = leafOf(field) ? undefined : select(named, depth - 1);
      const call = toCall(random, type, field);
      return { alias: `a${count++}`, type: type.name, call, name: field.name, selection };
    });
    const texts = fields.map(
      ({ alias, call, selection }) => `${alias}: ${call}${selection ? ` ${selection.text}` : ''}`,
    );
    // What says which object it is is known of every one of them.
    const id = 'id' in type.getFields() ? 'id' : '';
    return [`__typename ${id} ${texts.join(' ')}`, fields];
  };
  const select = (type: GraphQLNamedOutputType, depth: number): Selection => {
    if (isObjectType(type)) {
      const [text, fields] = ofObject(type, depth);
      return { text: `{ ${text} }`, fields: new Map([[type.name, fields]]) };
    }
    if (!isAbstractType(type)) throw new Error(`Expected ${type.name} to have fields.`);
    const parts = schema.getPossibleTypes(type).map((one) => ({ one, part: ofObject(one, depth) }));
    return {
      text: `{ ${parts.map(({ one, part: [text] }) => `... on ${one.name} { ${text} }`).join(' ')} }`,
      fields: new Map(parts.map(({ one, part: [, fields] }) => [one.name, fields])),
    };
  };
  return { select };
}
