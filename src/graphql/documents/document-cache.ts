/** Text -> a document that may be executed: parsed, measured and validated once, and then cached. */
import { type DocumentNode, GraphQLError, type GraphQLSchema, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Limits } from '../../core/limits.ts';
import { findComplexityErrors, maxPlacesOf } from './complexity.ts';
import { type IncrementalPlan, planIncremental } from './incremental-directives.ts';
import { createValidate } from './validate.ts';

/** What became of a text. */
export type Prepared =
  | { readonly document: DocumentNode; readonly errors: readonly GraphQLError[] }
  /** It isn't GraphQL. */
  | { readonly document: undefined; readonly errors: readonly [GraphQLError] };

export interface DocumentCache {
  /** The document in the text, and all that is wrong with it: nothing, if it may be executed. */
  prepare(text: string): Prepared;
  /** How many texts have been parsed so far. */
  readonly parsed: number;
  /** The same; a document that may be executed is then pinned. */
  pin(text: string): Prepared;
  /** Called when so many fields have been compiled for a document, which are cached with it. */
  grow(document: DocumentNode, fields: number): void;
  /** What of a document that was prepared may be delivered incrementally. */
  incrementalOf(document: DocumentNode): IncrementalPlan | undefined;
}

export interface DocumentsOptions {
  readonly schema: GraphQLSchema;
  readonly limits: Limits;
  /** Whether clients may read the schema. */
  readonly introspection: boolean;
}

/**
 * The most lines of a document whose execution says where in it an error is. Every error counts the lines again for each of its
 * places, and lists make thousands of them: with the most lines that a body may have, that would take minutes.
 */
const maxLines = 500;

/** The most places that an error says: a thousand errors of hundreds each would be the largest part of an answer. */
const maxPlaces = 20;

/** The most lines that are counted for one error, for all its places together. */
const maxCounted = 2_000;

/** What a compiled field counts as: both take about a kilobyte. */
const charsPerField = 20;

export function createDocumentCache({ schema, limits, introspection }: DocumentsOptions): DocumentCache {
  const validate = createValidate(schema, introspection, limits.maxValidationErrors);
  const cached = new LRUCache<string, Prepared>({
    max: limits.documentCacheEntries,
    maxSize: limits.documentCacheChars,
  });
  const pinned = new Map<string, Prepared>();
  /** By which text a document is cached. */
  const texts = new WeakMap<DocumentNode, string>();
  const incrementals = new WeakMap<DocumentNode, IncrementalPlan>();

  let parsedTexts = 0;

  const prepare = (text: string): Prepared => {
    parsedTexts++;
    const parsed = parseWithin(text, limits.maxTokens);
    if (parsed instanceof GraphQLError) return { document: undefined, errors: [parsed] };
    const excesses = findComplexityErrors(parsed, limits);
    const errors = excesses.length > 0 ? excesses : validate(parsed);
    const isLocated = errors.length > 0 || isLocatable(text, parsed);
    const document = isLocated ? parsed : parse(text, { noLocation: true });
    const incremental = errors.length === 0 && text.includes('@') ? planIncremental(schema, document) : undefined;
    if (incremental !== undefined) incrementals.set(document, incremental);
    return { document, errors };
  };

  return {
    get parsed() {
      return parsedTexts;
    },
    prepare(text) {
      const known = cached.get(text) ?? pinned.get(text);
      if (known !== undefined) return known;
      const prepared = prepare(text);
      // An empty text would have no size, which the cache doesn't accept.
      cached.set(text, prepared, { size: text.length + 1 });
      if (prepared.document !== undefined) texts.set(prepared.document, text);
      return prepared;
    },
    pin(text) {
      const prepared = prepare(text);
      if (prepared.errors.length === 0) pinned.set(text, prepared);
      return prepared;
    },
    grow(document, fields) {
      const text = texts.get(document);
      const known = text === undefined ? undefined : cached.info(text);
      if (text === undefined || known?.value.document !== document) return;
      const size = (known.size ?? 0) + fields * charsPerField;
      // As something new: where the value stays the same, so does its size.
      cached.delete(text);
      cached.set(text, known.value, { size });
    },
    incrementalOf: (document) => incrementals.get(document),
  };
}

/** Whether errors of its execution can say where they are, at little cost. */
function isLocatable(text: string, document: DocumentNode): boolean {
  const places = maxPlacesOf(document);
  const lines = countLines(text);
  return places <= maxPlaces && lines <= maxLines && places * lines <= maxCounted;
}

const countLines = (text: string): number => text.split(/\r\n|[\n\r]/, maxLines + 1).length;

/** Counts the tokens while it parses, before anything else is done with them. */
function parseWithin(text: string, maxTokens: number): DocumentNode | GraphQLError {
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    // The parser calls itself for every level, and few tokens are enough for the stack to overflow.
    if (error instanceof RangeError) return new GraphQLError('Expected a document that is nested less deeply.');
    throw error;
  }
}
