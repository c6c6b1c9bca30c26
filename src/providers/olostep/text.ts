/** Texts that can be long, and that lists multiply. */

import type { FieldContext } from '../provider.ts';
import type { Found } from '../reader.ts';

/** The text, paid for. @throws {OperationTooCostly} */
export function payFor(text: Found<string>, { allowance }: FieldContext): Found<string> {
  if (typeof text === 'string') allowance.spend(text.length);
  return text;
}
