/** Numbers of answers, for whoever reckons with them: the compiler lets nobody do so before. */
import { isRawJson, type RawJson } from '../json/json.ts';
import type { Found } from './reader.ts';

/** A number as it came: where a JavaScript number doesn't hold it, its text, with which nobody can reckon. */
export type JsonNumber = number | RawJson;

/** The nearest JavaScript number: of one with very many digits the last ones don't matter, unless it is an id. */
export const toNumber = (found: Found<JsonNumber>): Found<number> => (isRawJson(found) ? Number(found.rawJSON) : found);
