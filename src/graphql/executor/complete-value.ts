/** From a type, and what is selected of it, to the function that makes of a value what the answer shows. */
import {
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import type { Values } from '../graphql-majors.ts';
import {
  collectFields,
  createSelectedOf,
  type FieldNodes,
  type Selection,
  type Selector,
  toSets,
} from '../selected-fields.ts';
import { type ArgumentsCompiler, bailOut, type RequestArguments } from './coercion.ts';

/** What is compiled with. */
export interface Compiler extends Selector {
  readonly args: ArgumentsCompiler;
  /** Told of each field. @throws when there are too many */
  readonly count: () => void;
}

/** What the functions of a plan know of the request. */
export interface PlanRequest {
  readonly args: RequestArguments;
  readonly context: unknown;
  /** What has to be waited for before the data is whole. */
  readonly waits: Promise<void>[];
}

/**
 * A value as the answer shows it.
 * @throws when the value is anything but what its type says: an error, `null` where none may be, …
 */
export type Complete = (value: unknown, request: PlanRequest) => unknown;

/** The same of a field, which may be found later. */
type CompleteField = (source: unknown, request: PlanRequest) => unknown | Promise<unknown>;

/** @throws when the schema decides something by a custom function */
export function compileType(compiler: Compiler, type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
  if (!isNonNullType(type)) {
    const complete = compilePresent(compiler, type, nodes);
    return (value, request) => (value == null ? null : complete(value, request));
  }
  const complete = compilePresent(compiler, type.ofType, nodes);
  return (value, request) => (value == null ? bailOut() : complete(value, request));
}

/** For values that are there; what it makes of them is never `null`. */
function compilePresent(compiler: Compiler, type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
  if (isLeafType(type)) return compileLeaf(type);
  if (isListType(type)) return compileList(compileType(compiler, type.ofType, nodes));
  if (isAbstractType(type)) return compileAbstract(compiler, type, nodes);
  return isObjectType(type) ? compileObject(compiler, type, nodes) : bailOut();
}

function compileLeaf(type: GraphQLLeafType): Complete {
  return (value) => {
    if (typeof value === 'object' && (value instanceof Error || isPromise(value))) bailOut(value);
    return type.serialize(value) ?? bailOut();
  };
}

function compileList(completeItem: Complete): Complete {
  return (value, request) => {
    if (!Array.isArray(value)) bailOut(value);
    const items = new Array(value.length);
    for (let place = 0; place < items.length; place++) items[place] = completeItem(value[place], request);
    return items;
  };
}

/** By the type that a value says it is of. */
function compileAbstract(compiler: Compiler, type: GraphQLAbstractType, nodes: readonly FieldNode[]): Complete {
  if (type.resolveType) bailOut();
  const possible = compiler.schema.getPossibleTypes(type);
  const completes = new Map<unknown, Complete>(possible.map((one) => [one.name, compileObject(compiler, one, nodes)]));
  return (value, request) => {
    const complete = completes.get((value as Source).__typename);
    return complete === undefined ? bailOut(value) : complete(value, request);
  };
}

/** What fields are read from. */
type Source = Readonly<Record<string, unknown>>;

function compileObject(compiler: Compiler, type: GraphQLObjectType, nodes: readonly FieldNode[]): Complete {
  if (type.isTypeOf) bailOut();
  const fields = collectProperties(compiler, type, toSets(nodes)).map(([name, same]) => {
    return { name, complete: compileField(compiler, type, same) };
  });
  return (value, request) => {
    // Whatever a provider fills says of which type it is. What doesn't is an error, or a promise, or a bug.
    if ((value as Source).__typename !== type.name) bailOut(value);
    const data: Record<string, unknown> = {};
    for (const { name, complete } of fields) {
      const found = complete(value, request);
      // Its place in the answer is taken at once.
      data[name] = found;
      if (typeof found === 'object' && found instanceof Promise) waitFor(found, data, name, request);
    }
    return data;
  };
}

/**
 * The fields that are selected of a type, to be properties of an object that is filled by their names.
 * @throws when a name can't be the one of a property like any other
 */
export function collectProperties(
  selector: Selector,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): readonly (readonly [name: string, nodes: FieldNodes])[] {
  const fields = collectFields(selector, type, sets);
  return fields.has('__proto__') ? bailOut() : [...fields];
}

/** Puts what is found later into its place. If it fails, the plan does; by then another failure may have ended it. */
function waitFor(found: Promise<unknown>, data: Record<string, unknown>, name: string, { waits }: PlanRequest): void {
  const wait = found.then((value) => {
    data[name] = value;
  });
  wait.catch(() => undefined);
  waits.push(wait);
}

/** From an object to its field, found by a resolver of ours or as GraphQL's default resolver does. */
function compileField(compiler: Compiler, type: GraphQLObjectType, nodes: FieldNodes): CompleteField {
  compiler.count();
  const name = nodes[0].name.value;
  if (name === '__typename') return () => type.name;
  const field = type.getFields()[name];
  if (field === undefined) bailOut();
  const argsOf = compiler.args.compile(field, nodes[0]);
  const complete = compileType(compiler, field.type, nodes);
  const completeFound = (found: unknown, request: PlanRequest) =>
    typeof found === 'object' && found instanceof Promise
      ? found.then((value) => complete(value, request))
      : complete(found, request);
  if (field.resolve !== undefined) {
    const resolve = toResolve(compiler, field.resolve, nodes);
    return (source, request) => completeFound(resolve(source, argsOf(request.args), request.context), request);
  }
  return (source, request) => {
    const property = (source as Source)[name];
    if (typeof property !== 'function') return complete(property, request);
    return completeFound(property.call(source, argsOf(request.args), request.context), request);
  };
}

/** A resolver of this service: all that it reads of the operation is what is selected. */
export type Resolve = (source: unknown, args: Values, context: unknown) => unknown;

export function toResolve(
  selector: Selector,
  resolve: GraphQLFieldResolver<unknown, unknown>,
  nodes: FieldNodes,
): Resolve {
  const selection: Selection = { selectedOf: createSelectedOf(selector, toSets(nodes)) };
  return (source, args, context) => resolve(source, args, context, selection as unknown as GraphQLResolveInfo);
}

const isPromise = (value: object | null) => typeof (value as { then?: unknown } | null)?.then === 'function';
