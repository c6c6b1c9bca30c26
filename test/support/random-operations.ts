/** Generated operations over the schema: valid documents, and variables of which some are not. */
import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isObjectType,
} from 'graphql';
import { datafoldKey, olostepKey } from './bodies.ts';

export interface RandomOperation {
  readonly text: string;
  /** What two clients send with it. */
  readonly variables: readonly [Variables, Variables];
}

type Variables = Readonly<Record<string, unknown>>;

/** The requested runs; no provider can have the last. */
const keys = [
  datafoldKey,
  olostepKey,
  { ...datafoldKey, runId: '43' },
  { ...olostepKey, runId: 'run_b' },
  { ...datafoldKey, runId: '44' },
  { ...olostepKey, runId: 'run_c' },
  { ...olostepKey, monitorId: '7' },
];
const globalIds = [
  ...keys.map((key) => `${key.provider}:${key.monitorId}:${key.runId}`),
  ...['DATAFOLD:monitor:7', `OLOSTEP:monitor:${olostepKey.monitorId}`, 'x', ''],
];
const cursors = [0, 1, 2, 7].map((place) =>
  Buffer.from(JSON.stringify([place, `3800${place + 1}`])).toString('base64url'),
);

const { monitorId, runId } = olostepKey;
const monitorKeys = [
  { provider: 'DATAFOLD', monitorId: '7' },
  { provider: 'OLOSTEP', monitorId: olostepKey.monitorId },
  { provider: 'DATAFOLD', monitorId: '8' },
  { provider: 'DATAFOLD', monitorId: '9' },
  { provider: 'OLOSTEP', monitorId: 'monitor_b' },
  { provider: 'OLOSTEP', monitorId: '7' },
  { provider: 'DATAFOLD', account: 'eu', monitorId: '7' },
];
const representations = [
  { __typename: 'DatafoldRun', id: globalIds[0] },
  { __typename: 'OlostepRun', id: `OLOSTEP:${monitorId}:${runId}` },
  { __typename: 'MonitorRun', id: globalIds[0] },
  { __typename: 'DatafoldRun', id: 'DATAFOLD:7:44' },
  { __typename: 'DatafoldMonitor', id: 'DATAFOLD:monitor:7' },
  { __typename: 'Monitor', id: 'DATAFOLD:monitor:7' },
  { __typename: 'PageInfo', id: globalIds[0] },
  'x',
];

/** What an argument may be, by its field and name, or by its type. The first two go well wherever they are. */
const values: Readonly<Record<string, readonly unknown[]>> = {
  'MonitorRunKey!': keys,
  '[MonitorRunKey!]!': [keys.slice(0, 6), datafoldKey, [datafoldKey, datafoldKey, olostepKey], [], keys],
  '[_Any!]!': [representations.slice(0, 4), representations[1], [], representations],
  'node.id': globalIds,
  'nodes.ids': [globalIds.slice(0, 6), globalIds[1], [globalIds[0], globalIds[3]], [], globalIds],
  'datafoldRun.monitorId': [7, '7', '8', 'x', olostepKey.monitorId],
  'datafoldRun.runId': ['42', 43, '44', '042', olostepKey.runId],
  'olostepRun.monitorId': [olostepKey.monitorId, 'monitor_b', 7, 'x'],
  'olostepRun.runId': [olostepKey.runId, 'run_b', 'run_c', '42'],
  'datafoldRun.account': ['default', null, 'eu', ''],
  'olostepRun.account': ['default', null, 'eu', ''],
  'events.first': [2, 1_000, 0, 1, 3, 100, 1_001, -1, null],
  'events.after': [null, cursors[0], ...cursors, 'x'],
  'events.kind': ['node_start', null, 'run_complete', 'x', ''],
  'Boolean!': [true, false],
  'MonitorKey!': monitorKeys,
  '[MonitorKey!]!': [monitorKeys.slice(0, 3), monitorKeys[0], monitorKeys.slice(0, 5), [], monitorKeys],
  'Provider!': ['DATAFOLD', 'OLOSTEP'],
  '[Provider!]': [['DATAFOLD'], ['OLOSTEP', 'DATAFOLD'], null, []],
  '[RunOutcome!]': [['PASSED', 'FINDING'], null, ['ERRORED'], []],
  'monitorList.first': [2, 20, 0, 101, null],
  'monitorList.after': [null, null, 'x'],
  'monitorList.tags': [null, [], ['prod'], ['a,b']],
  'runs.accounts': [['default'], null, ['eu'], []],
  'monitorList.accounts': [['default'], null, ['eu'], []],
  'runs.first': [2, 20, 0, 1, 101, null],
  'runs.after': [null, null, 'x'],
  'runs.since': [null, '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
  'runs.until': [null, '2027-11-01T00:00:00Z', '2026-10-01T00:00:00Z'],
  'runs.startedAfter': [null, '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
  'runs.startedBefore': [null, '2027-11-01T00:00:00+01:00', '2026-10-01T00:00:00Z'],
  'runCounts.startedAfter': ['2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z', '2028-01-01T00:00:00Z'],
  'runCounts.startedBefore': [null, '2027-11-01T00:00:00+01:00', '2026-10-01T00:00:00Z'],
  'monitorList.search': [null, 'orders', '', 'no such monitor'],
  // With `first` beside it, it is an error.
  'events.last': [null, null, 2, 0, -1, 1_001],
  'events.before': [null, null, ...cursors, 'x'],
  'runs.tags': [null, [], ['prod'], ['a,b']],
  Provider: ['DATAFOLD', 'OLOSTEP', null],
  'monitorList.lastRunBefore': [null, '2026-11-01T00:00:00Z', '2027-11-01T00:00:00+01:00'],
  'monitorList.lastAlertAfter': [null, '2026-11-01T00:00:00Z', '2027-11-01T00:00:00+01:00'],
  '[RunPhase!]': [['FINISHED'], null, ['RUNNING', 'PENDING'], []],
};

/** The types whose values are written without quotes. */
const isEnum = (typeName: string) => /^\[?(?:Provider|RunOutcome|RunPhase)\b/.test(typeName);

/** Fields of two types, one of which may be null, or a word, where the other isn't. */
const conflicting: ReadonlySet<string> = new Set(['state', 'status', 'diffId']);

/** What no variable may be. */
const nonsense = [{}, [null], 1.5, 'no such object', { provider: 'X' }, { ...datafoldKey, more: 1 }, null, [[]], true];

/** An operation; the same schema and the same random choices give the same one. */
export const randomOperation = (schema: GraphQLSchema): fc.Arbitrary<RandomOperation> =>
  fc.array(fc.nat(2 ** 30), { minLength: 500, maxLength: 500, size: 'max' }).map((numbers) => {
    let next = 0;
    return generate(schema, (most) => (numbers[next++ % numbers.length] as number) % (most + 1));
  });

/** @param upTo a random whole number from 0 to `most` */
function generate(schema: GraphQLSchema, upTo: (most: number) => number): RandomOperation {
  const oneOf = <Item>(items: readonly Item[]) => items[upTo(items.length - 1)] as Item;
  const oneIn = (n: number) => upTo(n - 1) === 0;
  /** Half of the operations request nothing impossible. */
  const isCalm = oneIn(2);
  const pool = (name: string) => (isCalm ? values[name]?.slice(0, 2) : values[name]) ?? [];
  const definitions: string[] = [];
  const sent: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  const known = new Map<string, string[]>();
  const fragments: { readonly name: string; readonly type: GraphQLCompositeType; readonly text: string }[] = [];
  const aliases = new Map<string, string>();

  const variable = (name: string, type: string): string => {
    const same = known.get(name) ?? [];
    if (same.length > 0 && !oneIn(3)) return oneOf(same);
    const own = `v${definitions.length}`;
    known.set(name, [...same, own]);
    const written = oneOf(pool(name).filter((value) => value !== null));
    const hasDefault = written !== undefined && oneIn(3);
    // With a default, a variable of a type that may be null goes where none may be.
    const given = hasDefault && oneIn(2) ? type.replace(/!$/, '') : type;
    definitions.push(`$${own}: ${given}${hasDefault ? ` = ${literal(written, isEnum(type))}` : ''}`);
    for (const variables of sent) {
      if (!isCalm && oneIn(10)) variables[own] = oneOf(nonsense);
      else if ((!hasDefault && type.endsWith('!') && (isCalm || !oneIn(20))) || oneIn(2))
        variables[own] = oneOf(pool(name));
    }
    return own;
  };

  const argument = (fieldName: string, { name, type }: GraphQLArgument): string => {
    const typeName = String(type);
    const subject = typeName in values ? typeName : `${fieldName}.${name}`;
    const key = oneOf(pool('MonitorRunKey!') as typeof keys);
    if (oneIn(2)) return `${name}: $${variable(subject, typeName)}`;
    if (subject === 'MonitorRunKey!' && oneIn(2)) {
      const runId = variable(`${key.provider.toLowerCase()}Run.runId`, 'ID!');
      return `${name}: { provider: ${key.provider}, monitorId: ${literal(key.monitorId)}, runId: $${runId} }`;
    }
    if (subject === '[MonitorRunKey!]!' && oneIn(2))
      return `${name}: [$${variable('MonitorRunKey!', 'MonitorRunKey!')}, ${literal(key)}]`;
    return `${name}: ${literal(oneOf(pool(subject)), isEnum(typeName))}`;
  };

  const directives = (): string => {
    let text = '';
    for (const name of ['skip', 'include']) {
      if (!oneIn(12)) continue;
      text += ` @${name}(if: ${oneIn(2) ? `$${variable('Boolean!', 'Boolean!')}` : !oneIn(3) === (name === 'include')})`;
    }
    return text;
  };

  const field = (type: GraphQLCompositeType, depth: number): string => {
    const all = 'getFields' in type ? Object.values(type.getFields()) : [];
    const fields = all.filter((one) => depth > 0 || !isCompositeType(getNamedType(one.type)));
    if (fields.length === 0 || oneIn(12)) return `${oneOf(['', 'kind_of: '])}__typename${directives()}`;
    const { name, args, type: found } = oneOf(fields);
    const chosen = args.filter((one) => String(one.type).endsWith('!') || oneIn(2)).map((one) => argument(name, one));
    const call = chosen.length === 0 ? name : `${name}(${chosen.join(', ')})`;
    // The same response name is always the same call, so that what is selected of it can be merged.
    // Nor is it a field of two types, one of which may be null where the other mustn't.
    const fieldName = `${call} ${found}`;
    if (!aliases.has(fieldName)) aliases.set(fieldName, `a${aliases.size}`);
    const alias = args.length > 0 || conflicting.has(name) || oneIn(5) ? `${aliases.get(fieldName)}: ` : '';
    const inner = getNamedType(found);
    return `${alias}${call}${directives()}${isCompositeType(inner) ? ` ${selection(inner, depth - 1)}` : ''}`;
  };

  const overlapping = (type: GraphQLCompositeType) => {
    const possible = (one: GraphQLCompositeType) => (isObjectType(one) ? [one] : schema.getPossibleTypes(one));
    return Object.values(schema.getTypeMap()).filter((one): one is GraphQLCompositeType => {
      if (!isCompositeType(one) || one.name.startsWith('__')) return false;
      return possible(one).some((object) => possible(type).includes(object));
    });
  };

  const fragment = (type: GraphQLCompositeType, depth: number): string => {
    const conditions = overlapping(type);
    const fitting = fragments.filter((one) => conditions.includes(one.type));
    if (fitting.length > 0 && oneIn(2)) return `...${oneOf(fitting).name}${directives()}`;
    const condition = oneOf(conditions);
    const text = selection(condition, depth);
    if (oneIn(2)) {
      const name = `F${fragments.length}`;
      fragments.push({ name, type: condition, text: `fragment ${name} on ${condition.name} ${text}` });
      return `...${name}${directives()}`;
    }
    return condition === type && oneIn(2)
      ? `...${directives()} ${text}`
      : `... on ${condition.name}${directives()} ${text}`;
  };

  const selection = (type: GraphQLCompositeType, depth: number): string => {
    const selections: string[] = [];
    for (let count = 1 + upTo(3); count > 0; count--)
      selections.push(depth > 0 && oneIn(3) ? fragment(type, depth - 1) : field(type, depth));
    return `{ ${selections.join(' ')} }`;
  };

  const query = schema.getQueryType() as GraphQLObjectType;
  const set = oneIn(60) ? '{ __schema { queryType { name } } }' : selection(query, 6);
  const text = `query${definitions.length > 0 ? ` (${definitions.join(', ')})` : ''} ${set}`;
  return { text: [text, ...fragments.map((one) => one.text)].join('\n'), variables: sent };
}

/** A value as GraphQL writes it. */
function literal(value: unknown, isEnum = false): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, isEnum)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return isEnum ? String(value) : JSON.stringify(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner, name === 'provider')}`);
  return `{ ${fields.join(', ')} }`;
}
