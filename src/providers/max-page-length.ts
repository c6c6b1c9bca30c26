/** How long a page of a list, and a cursor, may be. */
import { ProviderError } from '../core/errors.ts';
import type { Provider } from '../generated/types.ts';

/** A provider may send more than requested. So much more is no page: to read it would cost what paging is to spare. */
const maxFactor = 10;
const alwaysAllowed = 1_000;

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
  if (items.length > Math.max(requested * maxFactor, alwaysAllowed))
    throw new ProviderError(provider, 'UPSTREAM_RESPONSE_TOO_LARGE');
  return items;
}

/** The most characters of a cursor: those of this service stay well below, and longer ones aren't worth decoding. */
export const maxCursorChars = 8_192;
