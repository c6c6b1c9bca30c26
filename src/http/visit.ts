/** A request and its answer, as the door knows them. */
import type { ServerResponse } from 'node:http';
import type { Asker } from '../context.ts';
import { requestIdHeader, toRequestId } from '../request-id.ts';
import { OwnEnding } from '../upstream/ending.ts';
import type { WithBody } from './request-body.ts';
import { securityHeaders } from './security-headers.ts';

/** A class, as every request is one, and methods of a prototype cost it nothing. */
export class Visit implements Asker {
  readonly request: WithBody;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly startedAt = performance.now();
  /** Comes when the answer is over: if it isn't complete by then, its client has left. */
  readonly ending = new OwnEnding();
  acceptsParts = false;
  /** Whether it is an operation that is counted among those under way. */
  isAdmitted = false;

  constructor(request: WithBody, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.requestId = toRequestId(this.header(requestIdHeader));
  }

  get waitedMs(): number {
    return this.request.waitedMs ?? 0;
  }

  header(name: string): string | undefined {
    return this.request.headers[name]?.toString();
  }

  /** Puts on the answer what every answer has. The short way does so by itself, at less cost. */
  dress(): ServerResponse {
    this.response.setHeader(requestIdHeader, this.requestId);
    for (const [name, value] of Object.entries(securityHeaders)) this.response.setHeader(name, value);
    return this.response;
  }
}
