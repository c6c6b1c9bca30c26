/** Which lists of an operation their source may write as JSON, instead of making objects that are completed and written. */
import {
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNullableType,
  isLeafType,
  isListType,
  isObjectType,
} from 'graphql';
import type { FieldContext } from '../../providers/provider.ts';
import { type JsonField, type JsonList, type WriteJson, writeJson } from '../../providers/raw-json.ts';
import { collectProperties, type FieldNodes, type Selector, toSets } from './collect-fields.ts';

/** The JSON of the field of a source, if it writes that. @throws {OperationTooCostly} */
export type JsonListOf = (source: unknown, context: unknown) => Buffer | undefined;

/** `undefined` for a field of any type but a list of objects, and where a field of these takes more than its source. */
export function compileJsonList(
  selector: Selector,
  type: GraphQLOutputType,
  nodes: FieldNodes,
): JsonListOf | undefined {
  const list = getNullableType(type);
  const fields = isListType(list) ? toJsonFields(selector, list.ofType, nodes) : undefined;
  if (fields === undefined) return undefined;
  const name = nodes[0].name.value;
  const asked: JsonList = { name, fields };
  return (source, context) => (source as JsonSource)[writeJson]?.(asked, context as FieldContext);
}

/** What may have fields that it writes. */
interface JsonSource {
  readonly [writeJson]?: WriteJson;
}

function toJsonFields(
  selector: Selector,
  type: GraphQLOutputType,
  nodes: FieldNodes,
): readonly JsonField[] | undefined {
  const object = getNullableType(type);
  if (!isObjectType(object)) return undefined;
  const fields: JsonField[] = [];
  for (const [key, same] of collectProperties(selector, object, toSets(nodes))) {
    const field = toJsonField(selector, object, key, same);
    if (field === undefined) return undefined;
    fields.push(field);
  }
  return fields;
}

function toJsonField(
  selector: Selector,
  parent: GraphQLObjectType,
  key: string,
  nodes: FieldNodes,
): JsonField | undefined {
  const name = nodes[0].name.value;
  if (name === '__typename') return { key, name };
  const field = parent.getFields()[name];
  if (field === undefined || field.args.length > 0) return undefined;
  if (isLeafType(getNullableType(field.type))) return { key, name };
  const fields = toJsonFields(selector, field.type, nodes);
  return fields && { key, name, fields };
}
