/** Whether answers are as the provider's OpenAPI document says. */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import { parse } from 'yaml';

/** What a provider, or its stand-in, answered. */
export interface ProviderAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
  readonly body: any;
}

/** The provider's document, parsed. */
export const readDocument = (provider: 'datafold' | 'olostep', reviver = (_key: unknown, value: unknown) => value) =>
  parse(readFileSync(new URL(`../../src/providers/${provider}/openapi.yaml`, import.meta.url), 'utf8'), reviver);

/** What the provider's document says of the body of an answer; a field that it doesn't name isn't let through. */
function createCheck(provider: 'datafold' | 'olostep', status: number, endpoint: string): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/ },
  });
  ajv.addVocabulary(['components']);
  const document = readDocument(provider, (_key, value) =>
    isObjectSchema(value) ? { additionalProperties: false, ...value } : value,
  );
  const path = Object.keys(document.paths).find((key) => key.endsWith(endpoint)) ?? '';
  const { schema } = document.paths[path].get.responses[status].content['application/json'];
  return ajv.compile({ ...schema, components: document.components });
}

/**
 * Expects every body to be of the schema that the document has for its status.
 * @param endpoint how the path of the endpoint ends in the document
 */
export function expectDocumented(
  provider: 'datafold' | 'olostep',
  answers: readonly ProviderAnswer[],
  endpoint = '/runs/{run_id}',
): void {
  for (const status of new Set(answers.map((answer) => answer.status))) {
    const check = createCheck(provider, status, endpoint);
    for (const answer of answers) {
      if (answer.status === status && !check(answer.body)) expect.fail(JSON.stringify([check.errors, answer.body]));
    }
  }
}

const isObjectSchema = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'properties' in value;
