/** Olostep's events endpoint, over snapshots that the test holds in its hand: newest first, by cursors that hold still. */
import type { ServerResponse } from 'node:http';
import type { FakeUpstream } from './fake-upstream.ts';

/** A snapshot, as a row has it. */
export interface Snapshot {
  readonly run_id: string;
}

/** Answers every page of a monitor's events, of what `snapshots` holds at that moment. */
export function serveEvents(olostep: FakeUpstream, monitorId: string, snapshots: readonly Snapshot[]): void {
  const path = `/v1/monitors/${monitorId}/events`;
  olostep.onAny((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', olostep.baseUrl);
    if (pathname !== path) return sendJson(response, 404, { error: 'Not found' });
    const limit = Number(searchParams.get('limit') ?? 25);
    if (!(limit >= 1 && limit <= 100)) return sendJson(response, 400, { error: 'Invalid limit' });
    // Like keys of a database, such cursors don't move when snapshots come in before them.
    const cursor = searchParams.get('cursor');
    const start = snapshots.findIndex(({ run_id }) => `behind ${run_id}&` === cursor) + 1;
    const data = snapshots.slice(start, start + limit);
    const hasMore = start + limit < snapshots.length;
    const nextCursor = hasMore ? `behind ${data.at(-1)?.run_id}&` : null;
    sendJson(response, 200, { data, has_more: hasMore, next_cursor: nextCursor, total_count: snapshots.length });
  });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
