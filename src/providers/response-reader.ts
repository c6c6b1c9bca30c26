/** Reads a provider's response field by field, each checked against the provider's OpenAPI document as it is read. */
import { ProviderError } from '../core/errors.ts';
import { runInSteps } from '../core/run-in-steps.ts';
import type { Provider } from '../generated/types.ts';
import { isRawJson, isUnread, type RawJson, sizeWithin, tooLarge, type Unread } from '../json/lossless.ts';
import type { Body } from '../upstream/read-response.ts';
import type { FieldContext } from './fields.ts';

/** What the OpenAPI document says of a field. */
export interface Check {
  readonly required: boolean;
  readonly accepts: (value: unknown) => boolean;
  /** Of each value in a list of values. */
  readonly acceptsItem?: (value: unknown) => boolean;
}

/**
 * A field's value; `null` when it is null, or missing and may be; an error when it is missing and must not be, or isn't
 * of the documented type.
 */
export type Found<Value> = NonNullable<Value> | null | ProviderError;

/** What the document calls a number may be a text of one, and a list may have errors in the place of values. */
type AsRead<Value> = Value extends number
  ? JsonNumber
  : Value extends readonly (infer Item)[]
    ? readonly (Item | ProviderError)[]
    : Value;

/** Reads a field of the answer itself. */
export type Read<Schema> = <Name extends keyof Schema & string>(body: Body, name: Name) => Found<AsRead<Schema[Name]>>;

/** Makes the reader of one schema of a provider's OpenAPI document. */
export const createReader =
  <Schema>(provider: Provider, checks: { readonly [Name in keyof Required<Schema>]: Check }): Read<Schema> =>
  (body, name) =>
    checkField(provider, checks[name], body.get(name));

/** The value of a field, once it has been held against the document. `Value` is what the document says of it. */
export function checkField<Value>(
  provider: Provider,
  { required, accepts, acceptsItem }: Check,
  value: unknown,
): Found<AsRead<Value>> {
  if (value === undefined) return required ? invalidField(provider) : null;
  if (isUnread(value)) return toUnreadField(provider, value);
  if (!accepts(toChecked(value))) return invalidField(provider);
  const found = acceptsItem !== undefined && Array.isArray(value) ? withBadItems(provider, value, acceptsItem) : value;
  return found as NonNullable<AsRead<Value>> | null | ProviderError;
}

/** A long integer is checked as the number it stands for. */
const toChecked = (value: unknown): unknown => (isRawJson(value) ? Number(value.rawJSON) : value);

/** So many errors tell what is wrong with a list. One with more of them is no such list. */
const maxBadItems = 20;

/** The values of a list, an error in the place of each that isn't as documented. */
function withBadItems(
  provider: Provider,
  items: readonly unknown[],
  acceptsItem: NonNullable<Check['acceptsItem']>,
): readonly unknown[] | ProviderError {
  const isBad = (item: unknown) => !acceptsItem(toChecked(item));
  let place = items.findIndex(isBad);
  if (place === -1) return items;
  const found = [...items];
  const bad = invalidField(provider);
  for (let count = 0; place < found.length; place++) {
    if (!isBad(items[place])) continue;
    if (++count > maxBadItems) return bad;
    found[place] = bad;
  }
  return found;
}

/** Whether a field is as documented, with all that is in it. */
export const isAsDocumented = (found: unknown): boolean =>
  Array.isArray(found) ? !found.some(isError) : !isError(found);

const isError = (value: unknown) => value instanceof Error;

/** What takes the place of a field that isn't as documented. */
export const invalidField = (provider: Provider) => new ProviderError(provider, 'UPSTREAM_BAD_RESPONSE');

/** What takes the place of a field that can't be parsed, or is too large for it. */
const toUnreadField = (provider: Provider, value: Unread) =>
  value === tooLarge ? toLargeField(provider) : invalidField(provider);

/** What takes the place of a field that is too large to be read. */
export const toLargeField = (provider: Provider) => new ProviderError(provider, 'UPSTREAM_RESPONSE_TOO_LARGE');

/**
 * A free-form value as it came, paid for; or an error in its place when it is nested too deeply to be passed on.
 * @throws {OperationTooCostly}
 */
export function toFreeForm<Value>(
  provider: Provider,
  value: Value,
  { costBudget, maxJsonDepth }: FieldContext,
): Value | ProviderError {
  if (value === null || value instanceof Error) return value;
  costBudget.assertNotExhausted();
  const size = sizeWithin(maxJsonDepth, value);
  if (size === undefined) return toLargeField(provider);
  costBudget.spend(size);
  return value;
}

/** What an object costs that is made of an item in a list of a provider's, beside its texts. */
const bytesPerItem = 100;

/**
 * What is made of each item of a list, paid for before anything is.
 * @throws {OperationTooCostly}
 */
export function toEach<Item, Made>(
  items: Found<readonly Item[]>,
  { costBudget }: FieldContext,
  make: (item: Item) => Made,
): readonly Made[] | null | ProviderError {
  if (items === null || items instanceof Error) return items;
  costBudget.spend(items.length * bytesPerItem);
  return items.map(make);
}

/** A number as it came: where a JavaScript number doesn't hold it, its text, which has no arithmetic. */
export type JsonNumber = number | RawJson;

/** The nearest JavaScript number: of one with very many digits the last ones don't matter, unless it is an id. */
export const toNumber = (found: Found<JsonNumber>): Found<number> => (isRawJson(found) ? Number(found.rawJSON) : found);

/** A provider may send more than requested. So much more is no page: to read it would cost what paging is to spare. */
const maxPageFactor = 10;
const alwaysAllowedItems = 1_000;

/**
 * The items of a page.
 * @param requested how many were requested
 * @throws {ProviderError} when there are far more
 */
export function withinLength<Items extends { readonly length: number }>(
  provider: Provider,
  items: Items,
  requested: number,
): Items {
  if (items.length > Math.max(requested * maxPageFactor, alwaysAllowedItems)) throw toLargeField(provider);
  return items;
}

/** The fields of a response of so many bytes are read at once. */
const maxBytesAtOnce = 256 * 1024;

/**
 * The same field, read later where the response is large.
 * @param owner for whom it is read: the digest of a credential
 */
export function inTurn<Parameters extends readonly unknown[], Value>(
  body: Pick<Body, 'byteLength'>,
  owner: string,
  field: (...parameters: Parameters) => Value,
): (...parameters: Parameters) => Value | Promise<Awaited<Value>> {
  if (body.byteLength <= maxBytesAtOnce) return field;
  return (...parameters) =>
    runInSteps(owner, () => ({ value: field(...parameters) })).then(({ value }) => value as Awaited<Value>);
}
