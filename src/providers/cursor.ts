/** The one form of the cursors of providers' lists: JSON in base64url. Each list checks what its own cursors hold. */

/** The most characters of a cursor: those of this service stay well below, and longer ones aren't worth decoding. */
export const maxCursorChars = 8_192;

/** @param value JSON */
export const encodeCursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What a client's cursor holds, which may be anything; `undefined` when it can't be decoded. */
export function decodeCursor(cursor: string): unknown {
  if (cursor.length > maxCursorChars) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** The same of a cursor that holds a list; an empty one for any other. */
export function decodeTuple(cursor: string): readonly unknown[] {
  const value = decodeCursor(cursor);
  return Array.isArray(value) ? value : [];
}
