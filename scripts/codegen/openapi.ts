/**
 * Writes, beside each provider's `openapi.yaml`, its types (`openapi.d.ts`) and its checks (`openapi-checks.ts`: for every
 * field that a successful answer can have, whether it is required and a compiled check of its value).
 * `npm run codegen` runs it; with `--check` it writes nothing and fails when a file isn't up to date.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import openapiTS, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';
import { writeGenerated } from './write-generated.ts';

interface ObjectSchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, object & { readonly items?: object }>>;
}

interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Record<string, { responses: Record<string, unknown> }>>>;
  readonly components: { readonly schemas: Readonly<Record<string, ObjectSchema>> };
}

/**
 * RFC 3339, but the offset may be missing: upstreams written in Python send such times, and no document says that there
 * is one. A RegExp, because the compiled code then needs no package at run time.
 */
const dateTime =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-][0-2]\d:?[0-5]\d)?$/;

const banner = '// Generated from openapi.yaml by `npm run codegen`. Do not edit.';

for (const path of globSync('src/providers/*/openapi.yaml')) {
  const document = parse(readFileSync(path, 'utf8')) as OpenApiDocument;
  const types = astToString(await openapiTS(pathToFileURL(path)));
  writeGenerated(join(dirname(path), 'openapi.d.ts'), `${banner}\n${types}`, 'npm run codegen');
  writeGenerated(join(dirname(path), 'openapi-checks.ts'), `${banner}\n${toChecks(document)}`, 'npm run codegen');
}

function toChecks(document: OpenApiDocument): string {
  const ajv = new Ajv({
    allowUnionTypes: true,
    code: { source: true, esm: true },
    formats: { 'date-time': dateTime },
    messages: false,
    strict: true,
  });
  const tables: string[] = [];
  const functions: Record<string, string> = {};
  for (const [name, { properties = {}, required = [] }] of answeredSchemas(document)) {
    const compile = (check: string, schema: object) => {
      ajv.addSchema(withoutReferences(schema), check);
      functions[check] = check;
      return `(value: unknown): boolean => ${check}(value)`;
    };
    const rows = Object.entries(properties).map(([field, schema]) => {
      const check = `${name}_${field}`;
      const { items, ...list } = schema;
      // Of a list, each value is checked on its own, so that a bad one doesn't lose the others.
      const isOfValues = items !== undefined && !JSON.stringify(items).includes('$ref');
      const accepts = compile(check, isOfValues ? { ...list, items: {} } : schema);
      const acceptsItem = isOfValues ? `, acceptsItem: ${compile(`${check}_item`, items)}` : '';
      return `  ${field}: { required: ${required.includes(field)}, accepts: ${accepts}${acceptsItem} },`;
    });
    tables.push(`export const ${name} = {\n${rows.join('\n')}\n};`);
  }
  return [
    '// @ts-nocheck: the compiled functions are plain JavaScript; the tables before them are typed.',
    ...tables,
    standaloneCode.default(ajv, functions).replace('"use strict";', '').replaceAll('export const', 'const'),
    '',
  ].join('\n');
}

/** The schemas that a 200 answer is made of. */
function answeredSchemas({ paths, components: { schemas } }: OpenApiDocument): [string, ObjectSchema][] {
  const names = new Set<string>();
  const visit = (part: unknown) => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (names.has(name)) continue;
      names.add(name);
      visit(schemas[name]);
    }
  };
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  for (const { responses } of operations) visit(responses['200']);
  return Object.entries(schemas).filter(([name]) => names.has(name));
}

/** A field is checked separately: the objects in it are checked where their own fields are read. */
function withoutReferences(schema: object): object {
  return JSON.parse(JSON.stringify(schema, (_key, value) => (value?.$ref ? {} : value)));
}
