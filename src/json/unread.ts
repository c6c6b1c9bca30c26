/** What stands in the place of a part of JSON that can't be parsed. */

/** Stands in the place of what turns out, once it is asked for, not to be JSON. */
export const unreadable = Symbol('unreadable');
/** Stands in the place of what has more values than are parsed at once. */
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
