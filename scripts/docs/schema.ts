/**
 * Writes the reference of docs/schema.md from the SDL of schema/. `npm run docs` runs it; with `--check` it writes nothing and fails
 * when the page isn't up to date.
 */
import { globSync, readFileSync } from 'node:fs';
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  parse,
  print,
  type StringValueNode,
  type TypeDefinitionNode,
  type TypeExtensionNode,
} from 'graphql';
import { writeGeneratedPart } from './generated-part.ts';

type Field = FieldDefinitionNode | InputValueDefinitionNode;

/** A type of the schema, with all that other files add to it. */
interface TypeReference {
  readonly name: string;
  readonly kind: string;
  description: string;
  readonly parts: (TypeDefinitionNode | TypeExtensionNode)[];
}

const kinds: Readonly<Partial<Record<DefinitionNode['kind'], string>>> = {
  [Kind.OBJECT_TYPE_DEFINITION]: 'type',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
  [Kind.UNION_TYPE_DEFINITION]: 'union',
  [Kind.ENUM_TYPE_DEFINITION]: 'enum',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'input',
  [Kind.SCALAR_TYPE_DEFINITION]: 'scalar',
};

/** The schema's files in the order of the page, each with its heading. */
const files = ['monitor-run', 'monitor', 'connection', 'incremental-delivery'];
const providerFiles = globSync('*.graphql', { cwd: 'schema' })
  .map((file) => file.replace('.graphql', ''))
  .filter((file) => !files.includes(file))
  .sort();
const headings: Readonly<Record<string, string>> = {
  'monitor-run': 'Runs',
  monitor: 'Monitors, and the run feed',
  connection: 'Pagination',
  'incremental-delivery': 'Incremental delivery',
};

const types = new Map<string, TypeReference & { readonly file: string }>();
const directives: string[] = [];
for (const file of [...files, ...providerFiles]) {
  for (const node of parse(readFileSync(`schema/${file}.graphql`, 'utf8'), { noLocation: true }).definitions) {
    if (node.kind === Kind.DIRECTIVE_DEFINITION) {
      const { description: _, ...rest } = node;
      directives.push(
        `### \`@${node.name.value}\`\n\n${toText(node.description)}\n\n\`\`\`text\n${print(rest)}\n\`\`\``,
      );
    } else if ('name' in node && node.name && (node.kind in kinds || node.kind.endsWith('Extension')))
      addType(node as TypeDefinitionNode, file);
  }
}

const query = types.get('Query');
types.delete('Query');
if (!query) throw new Error('schema/ has no type Query');
const sections = [...files, ...providerFiles].map((file) => {
  const own = [...types.values()].filter((type) => type.file === file);
  const parts = [...own.map(toSection), ...(file === 'incremental-delivery' ? directives : [])];
  return `## ${headings[file] ?? file[0]?.toUpperCase() + file.slice(1)}\n\n${parts.join('\n\n')}`;
});
writeGeneratedPart('docs/schema.md', [`## Query\n\n${toBody(query)}`, ...sections, ''].join('\n\n'), 'npm run docs');

function addType(node: TypeDefinitionNode | TypeExtensionNode, file: string): void {
  const name = node.name.value;
  const kind = kinds[node.kind];
  const type = types.get(name) ?? { name, kind: kind ?? '', description: '', parts: [], file };
  if ('description' in node) type.description = toText(node.description);
  type.parts.push(node);
  types.set(name, type);
}

function toSection(type: TypeReference): string {
  return [
    `### \`${type.name}\``,
    `*${type.kind}*${toInterfaces(type)}${toDeprecation(type)}`,
    type.description,
    toBody(type),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function toInterfaces({ parts }: TypeReference): string {
  const names = parts
    .flatMap((part) => ('interfaces' in part ? (part.interfaces ?? []) : []))
    .map(({ name }) => name.value);
  return names.length === 0 ? '' : `, implements ${names.map(toLink).join(' and ')}`;
}

function toDeprecation({ parts }: TypeReference): string {
  return parts.flatMap((part) => toDeprecated(part.directives ?? [])).join('');
}

function toBody({ parts }: TypeReference): string {
  const fields = parts.flatMap((part): readonly Field[] => ('fields' in part ? (part.fields ?? []) : []));
  const values = parts.flatMap((part) => ('values' in part ? (part.values ?? []) : []));
  const members = parts.flatMap((part) => ('types' in part ? (part.types ?? []) : []));
  if (members.length > 0) return `One of ${members.map(({ name }) => toLink(name.value)).join(', ')}.`;
  if (values.length > 0)
    return toTable(
      ['value', 'meaning'],
      values.map((value) => [`\`${value.name.value}\``, toCell(value.description)]),
    );
  if (fields.length === 0) return '';
  return toTable(['field', 'type', 'meaning'], fields.flatMap(toRows));
}

/** A row for the field, and one for each of its arguments. */
function toRows(field: Field): string[][] {
  const args = 'arguments' in field ? (field.arguments ?? []) : [];
  return [
    [
      `\`${field.name.value}\``,
      toType(field),
      toCell(field.description) + toDeprecated(field.directives ?? []).join(''),
    ],
    ...args.map((arg) => [`&nbsp;&nbsp;\`${arg.name.value}:\``, toType(arg), toCell(arg.description)]),
  ];
}

/** The type as a link, and the default of an argument. */
function toType(field: Field): string {
  const text = print(field.type);
  const named = text.replaceAll(/[[\]!]/g, '');
  const shown = types.has(named) ? `[\`${text}\`](#${named.toLowerCase()})` : `\`${text}\``;
  return 'defaultValue' in field && field.defaultValue ? `${shown} = \`${print(field.defaultValue)}\`` : shown;
}

function toLink(name: string): string {
  return `[\`${name}\`](#${name.toLowerCase()})`;
}

function toDeprecated(directives: readonly ConstDirectiveNode[]): string[] {
  return directives
    .filter(({ name }) => name.value === 'deprecated')
    .map(
      ({ arguments: args = [] }) =>
        ` **Deprecated:** ${args[0]?.value.kind === Kind.STRING ? args[0].value.value : ''}`,
    );
}

function toText(description: StringValueNode | undefined): string {
  return description?.value ?? '';
}

/** In a table a description has one line. */
function toCell(description: StringValueNode | undefined): string {
  return toText(description)
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
