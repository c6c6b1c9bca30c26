/** What replaces a part of JSON that can't be parsed. */

/** Replaces what turns out, once it is read, not to be JSON. */
export const unreadable = Symbol('unreadable');
/** Replaces what has more values than are parsed at once. */
export const tooLarge = Symbol('tooLarge');

export type Unread = typeof unreadable | typeof tooLarge;

export const isUnread = (value: unknown): value is Unread => value === unreadable || value === tooLarge;

/** What `read` finds, or {@link unreadable} when it throws. */
export function orUnreadable<Found>(read: () => Found): Found | typeof unreadable {
  try {
    return read();
  } catch {
    return unreadable;
  }
}
