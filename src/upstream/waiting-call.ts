/** A call that waits in a list until it is let through, refused or cancelled. The list has no other calls. */
import type { CancelToken } from './cancellation.ts';
import type { LinkedList, ListNode } from './linked-list.ts';

export interface WaitingCall extends ListNode<WaitingCall> {
  /** Lets the call through. */
  readonly admit: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Adds a call to the list. Resolves when it is let through; rejects when it is refused, or cancelled with the reason of that.
 * @param previous the call of the list that goes before it; `undefined`: none
 * @param onLeave called when the call is no longer in the list
 */
export function waitInList(
  list: LinkedList<WaitingCall>,
  previous: WaitingCall | undefined,
  cancellation: CancelToken,
  onLeave: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      cancellation.delete(listener);
      list.delete(call);
      onLeave();
    };
    const call: WaitingCall = {
      admit: () => {
        leave();
        resolve();
      },
      refuse: (reason) => {
        leave();
        reject(reason);
      },
      previous: undefined,
      next: undefined,
    };
    const listener = { handleEvent: () => call.refuse(cancellation.reason) };
    list.insertAfter(previous, call);
    cancellation.add(listener);
  });
}
