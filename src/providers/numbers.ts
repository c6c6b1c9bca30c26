/** Numbers of upstream responses, for arithmetic: the compiler refuses arithmetic on a number that hasn't been through here. */
import { isRawJson, type RawJson } from '../json/lossless.ts';
import type { Found } from './response-reader.ts';

/** A number as it came: where a JavaScript number doesn't hold it, its text, which has no arithmetic. */
export type JsonNumber = number | RawJson;

/** The nearest JavaScript number: of one with very many digits the last ones don't matter, unless it is an id. */
export const toNumber = (found: Found<JsonNumber>): Found<number> => (isRawJson(found) ? Number(found.rawJSON) : found);
