/** Which of the calls that wait for the same credential are made first. */
import type { UpstreamRequest } from './request.ts';

/** The most urgent first: a run or a monitor by its id, a page of a list, what is read by a program or for many monitors. */
export const priorities = ['single', 'list', 'report'] as const;

export type Priority = (typeof priorities)[number];

/**
 * Which priority is served first, in turn: the most urgent gets most, and none starves. Where nothing of it waits, the most urgent
 * that waits is served.
 */
export const priorityTurns: readonly Priority[] = ['single', 'list', 'single', 'report', 'single', 'list', 'single'];

/** @param isReport whether the operation reads on from one page of a list to the next */
export function toPriority({ rows, isReport: isOfReport = false }: UpstreamRequest, isReport: boolean): Priority {
  if (isReport || isOfReport) return 'report';
  return rows === undefined ? 'single' : 'list';
}
