import fc from 'fast-check';
import {
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { IncrementalRule } from '../../src/graphql/documents/incremental-directives.ts';
import { createSchema } from '../../src/schema/create-schema.ts';
import { casesOf, fuzz } from '../support/fuzz.ts';
import { randomOperation } from '../support/random-operations.ts';
import { createWorld } from '../support/world.ts';

const schema = createSchema();
const maxValidationErrors = 100;
/** No measure of a document is on trial here, and excesses are reported before invalid parts. */
const limits = {
  maxValidationErrors,
  maxDepth: 100,
  maxAliases: 1_000,
  maxDirectives: 1_000,
  maxRootFields: 1_000,
  maxIntrospectionFields: 1_000,
  maxFields: 100_000,
  maxTokens: 100_000,
  maxBodyBytes: 1_000_000,
};

/** What GraphQL itself says of a document; nothing, if it doesn't parse. */
function reportedByGraphQL(text: string, rules: readonly ValidationRule[], hideSuggestions = false): object[] {
  try {
    const errors = validate(schema, parse(text), rules, { maxErrors: maxValidationErrors, hideSuggestions }).slice(
      0,
      maxValidationErrors,
    );
    return errors.map(({ message, locations }) => ({ message, locations }));
  } catch (error) {
    if (error instanceof GraphQLError) return [];
    throw error;
  }
}

/** What is checked before a document is validated: which of its operations is meant. */
const whichOne = 'Expected one operation, or an `operationName` that is the name of one of several.';

/** Whether it has several operations, as none is named where these documents are sent. */
const isAmbiguous = (text: string): boolean =>
  parse(text).definitions.filter(({ kind }) => kind === 'OperationDefinition').length > 1;

const word = /[A-Za-z_]\w*|"[^"]*"|\d+|\.\.\.|[^\s\w]/g;

/** Breaks a text in a few places: a word goes, or becomes another one of it, or of `others`. */
function breakText(text: string, numbers: readonly number[], others: readonly string[]): string {
  const words = text.match(word) ?? [];
  for (let n = 0; n + 2 < numbers.length; n += 3) {
    const [place = 0, way = 0, choice = 0] = numbers.slice(n);
    const source = way % 2 === 0 ? words : others;
    if (way % 5 === 0) words.splice(place % words.length, 1);
    else words[place % words.length] = source[choice % source.length] ?? '';
  }
  return words.join(' ');
}

const wrongWords = [
  '@skip',
  '@include(if: 1)',
  '@defer',
  '@stream(initialCount: -1)',
  '@nothing',
  '...F0',
  '...Nowhere',
  '$v0',
  'id',
  'stat',
  'events',
  'MonitorRun',
  'DatafoldRun',
  '__typename',
];

describe('validation: a document that is not valid', () => {
  it('has the errors that GraphQL itself reports, in the same order, whatever is wrong with it', fuzz, async () => {
    const world = await createWorld({ limits });
    const rules = [...specifiedRules, IncrementalRule];
    const seen = new Set<string>();
    const documents = casesOf(300, 60);
    let reported = 0;
    const breaks = fc.array(fc.nat(2 ** 20), { minLength: 3, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(randomOperation(schema), breaks, async ({ text }, numbers) => {
        const broken = breakText(text, numbers, wrongWords);
        const expected = reportedByGraphQL(broken, rules);
        fc.pre(expected.length > 0);
        reported++;
        for (const { message } of expected as { message: string }[]) seen.add(message.replace(/"[^"]*"|\d+/g, '…'));
        const { errors = [] } = await world.execute(broken);
        const found = errors.map((error) => ({
          message: error.message,
          locations: (error as { locations?: unknown }).locations,
        }));
        // What is broken may fall apart into several operations.
        expect(found).toEqual(isAmbiguous(broken) ? [{ message: whichOne, locations: undefined }] : expected);
      }),
      { numRuns: documents, maxSkipsPerRun: 100, endOnFailure: true },
    );
    expect(reported).toBeGreaterThanOrEqual(documents);
    // Many kinds of errors, and not the same ones again and again.
    expect(seen.size).toBeGreaterThan(casesOf(15, 8));
  });

  it('is first checked for the name of the operation, if it has several', async () => {
    const world = await createWorld({ limits });

    const { errors } = await world.execute('{ nothing } query Other { nothing }');

    expect(errors?.map(({ message }) => message)).toEqual([whichOne]);
  });

  it('has errors where the schema is hidden too, without suggested names', async () => {
    const world = await createWorld({ limits, introspection: false });
    const text =
      '{ __schema { types { nam } } datafoldRun(monitorId: "7", runId: "42") { stat __typename ...Nowhere } }';
    const { errors = [] } = await world.execute(text);
    const expected = reportedByGraphQL(
      text,
      [...specifiedRules, IncrementalRule, NoSchemaIntrospectionCustomRule],
      true,
    );
    expect(expected.length).toBeGreaterThan(3);
    expect(errors.map(({ message }) => ({ message }))).toMatchObject(
      (expected as { message: string }[]).map(({ message }) => ({ message })),
    );
  });
});
