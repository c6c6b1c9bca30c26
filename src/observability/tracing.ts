/**
 * Traces of operations and their upstream calls, by an OpenTelemetry API. Parents and times are explicit: nothing depends on the context
 * of asynchronous functions. An operation that isn't sampled has one span that records nothing, and no other.
 */
import { defaultAccount } from '../core/accounts.ts';
import type { OperationRecord, RequestKind } from './observer.ts';
import type { OpenTelemetryApi, Span, SpanContext, TextMapGetter, TraceContext, Tracer } from './open-telemetry.ts';
import { clientNameOf, clientVersionOf, type ReadHeader } from './operation-fields.ts';
import { attributes, sampledFlag, spanKind, spans, statusCode, traceparentHeader } from './trace-names.ts';

/** What a trace takes from a request. */
export interface TracedRequest {
  readonly requestId: string;
  /** The value of a header, given its name in lower case. */
  header(name: string): string | null | undefined;
}

/** Which upstream call an attempt is of. */
export interface TracedCall {
  readonly provider: string;
  readonly account: string;
  readonly kind: RequestKind;
  readonly path: string;
  /** Whether it goes on in a list. */
  readonly isContinuation: boolean;
}

/** Why an attempt is made: for one object, for a list, for a further page of it, or again after a failure. */
type Reason = 'single' | 'list' | 'page' | 'retry';

/** What a field waits for; `any`, where that is all that it finds. */
export type Wanted = RequestKind | 'any';

/** What is found by which requests: a list may have a run or a monitor. */
const foundBy: Readonly<Record<RequestKind, readonly Wanted[]>> = {
  run: ['run', 'any'],
  runs: ['run', 'runs', 'any'],
  monitor: ['monitor', 'any'],
  monitors: ['monitor', 'monitors', 'any'],
  detail: ['detail', 'any'],
};

/** A field that waits for something of a provider. What it doesn't name may be anything. */
interface WaitingField {
  readonly coordinate: string;
  readonly wanted: Wanted;
  readonly provider: string | undefined;
  readonly account: string | undefined;
  readonly monitorId: string | undefined;
  readonly runId: string | undefined;
}

/** What a field waits for, as its client says it: a monitor or a run without `account` is one of the default account. */
interface WantedObject {
  readonly provider?: string;
  readonly account?: string | null | undefined;
  readonly monitorId?: string;
  readonly runId?: string;
}

/** The most fields of an operation that are remembered. */
const maxFields = 1_000;

/** Makes Unix milliseconds of times by the monotonic clock. Each operation has one, as the two clocks drift apart. */
class TraceClock {
  readonly #offset = Date.now() - performance.now();

  at(monotonic: number): number {
    return this.#offset + monotonic;
  }

  now(): number {
    return this.at(performance.now());
  }
}

const headerGetter: TextMapGetter<TracedRequest> = {
  keys: () => [],
  get: (request, name) => request.header(name) ?? undefined,
};

/** Begins the trace of an operation. */
export class Tracing {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: Tracer;

  constructor(api: OpenTelemetryApi, version?: string) {
    this.#api = api;
    this.#tracer = api.trace.getTracer('monitor-graph', version);
  }

  /**
   * @param startedAt when it began, by the monotonic clock
   * @param type its span's name
   */
  begin(type: OperationRecord['type'], startedAt: number, request: TracedRequest): OperationTrace {
    const { context, trace, propagation, ROOT_CONTEXT } = this.#api;
    // That of a server in front, in the same process; or that of the client.
    const active = context.active();
    const parent =
      trace.getSpanContext(active) === undefined ? propagation.extract(ROOT_CONTEXT, request, headerGetter) : active;
    const clock = new TraceClock();
    const options = { kind: spanKind.server, startTime: clock.at(startedAt) };
    const span = this.#tracer.startSpan(type ?? spans.unknown, options, parent);
    return new OperationTrace(this.#tracer, span, span.isRecording() ? trace.setSpan(parent, span) : undefined, clock);
  }
}

/** The trace of an operation. */
export class OperationTrace {
  readonly #tracer: Tracer;
  readonly #span: Span;
  /** What its other spans are children of; `undefined` where nothing is recorded. */
  readonly #context: TraceContext | undefined;
  readonly #clock: TraceClock;
  readonly #fields: WaitingField[] = [];
  #traceparent: string | undefined;

  constructor(tracer: Tracer, span: Span, context: TraceContext | undefined, clock: TraceClock) {
    this.#clock = clock;
    this.#tracer = tracer;
    this.#span = span;
    this.#context = context;
  }

  get isRecording(): boolean {
    return this.#context !== undefined;
  }

  get spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  /** The id of the trace; `undefined` where no SDK is behind the API. */
  get traceId(): string | undefined {
    const { traceId } = this.#span.spanContext();
    return traceId === noTraceId ? undefined : traceId;
  }

  /** The header that an upstream call has where it has no span. */
  get traceparent(): string | undefined {
    if (this.traceId === undefined) return undefined;
    this.#traceparent ??= toTraceparent(this.#span.spanContext());
    return this.#traceparent;
  }

  /** The document was parsed and validated, as it wasn't cached. Times by the monotonic clock. */
  addParse(startedAt: number, endedAt: number): void {
    if (this.#context === undefined) return;
    const options = { kind: spanKind.internal, startTime: this.#clock.at(startedAt) };
    this.#tracer.startSpan(spans.parse, options, this.#context).end(this.#clock.at(endedAt));
  }

  /** A field of the operation waits for something of a provider. */
  addField(coordinate: string, wanted: Wanted, of: WantedObject = {}): void {
    if (this.#context === undefined || this.#fields.length >= maxFields) return;
    const { provider, monitorId, runId } = of;
    const account = of.account ?? (monitorId === undefined ? undefined : defaultAccount);
    this.#fields.push({ coordinate, wanted, provider, account, monitorId, runId });
  }

  /** An attempt at an upstream call begins. @param number from 1 on */
  startAttempt(call: TracedCall, number: number, now: number): AttemptTrace | undefined {
    if (this.#context === undefined) return undefined;
    const span = this.#tracer.startSpan(
      `${spans.attempt} ${call.kind}`,
      {
        kind: spanKind.client,
        startTime: this.#clock.at(now),
        attributes: {
          ...toCallAttributes(call),
          [attributes.method]: 'GET',
          [attributes.path]: call.path.split('?', 1)[0],
          [attributes.reason]: toReason(call, number),
          [attributes.attempt]: number,
        },
      },
      this.#context,
    );
    return new AttemptTrace(span, this.#clock, () => this.#fieldsOf(call));
  }

  /** The operation waits for an identical call of another one. */
  startCoalesced(call: TracedCall): CoalescedTrace | undefined {
    if (this.#context === undefined) return undefined;
    const span = this.#tracer.startSpan(
      spans.coalesced,
      {
        kind: spanKind.internal,
        startTime: this.#clock.now(),
        attributes: {
          ...toCallAttributes(call),
          [attributes.reason]: 'coalesced',
        },
      },
      this.#context,
    );
    return new CoalescedTrace(span, this.#clock, () => this.#fieldsOf(call));
  }

  /** The operation has ended. @param documentHash finds the SHA-256 of its document */
  end(record: OperationRecord, request: TracedRequest, documentHash: () => string | undefined): void {
    if (this.#context === undefined) return;
    this.#describe(record, request, documentHash());
    this.#span.end(this.#clock.now());
  }

  #describe(record: OperationRecord, request: TracedRequest, documentHash: string | undefined): void {
    const header: ReadHeader = (name) => request.header(name);
    const { name, type, documentId, outcome, errorCodes, calls } = record;
    this.#span.setAttributes({
      [attributes.operationName]: name,
      [attributes.operationType]: type,
      [attributes.documentId]: documentId,
      [attributes.documentHash]: documentHash,
      [attributes.outcome]: outcome,
      [attributes.errorCodes]: errorCodes.length === 0 ? undefined : errorCodes,
      [attributes.upstreamCalls]: Object.values(calls).reduce((sum, each) => sum + (each?.calls ?? 0), 0),
      [attributes.requestId]: request.requestId,
      [attributes.clientName]: clientNameOf(header),
      [attributes.clientVersion]: clientVersionOf(header),
      [attributes.errorType]: outcome === 'failed' ? errorCodes[0] : undefined,
    });
    if (outcome === 'failed') this.#span.setStatus({ code: statusCode.error });
  }

  /** The fields that wait for the response of a call, as far as the objects in its path tell. */
  #fieldsOf({ provider, account, kind, path }: TracedCall): readonly string[] {
    const ids = new Set(path.split('?', 1)[0]?.split('/'));
    const isOf = (field: WaitingField) => {
      if (!foundBy[kind].includes(field.wanted)) return false;
      if (field.provider !== undefined && field.provider !== provider) return false;
      if (field.account !== undefined && field.account !== account) return false;
      if (kind !== 'monitors' && field.monitorId !== undefined && !ids.has(field.monitorId)) return false;
      return kind !== 'run' || field.runId === undefined || ids.has(field.runId);
    };
    return [...new Set(this.#fields.filter(isOf).map(({ coordinate }) => coordinate))];
  }
}

/** The span of an attempt. */
export class AttemptTrace {
  readonly #span: Span;
  readonly #clock: TraceClock;
  readonly #findFields: () => readonly string[];

  /** @param findFields the fields that wait for its response: some may be added while it is on its way */
  constructor(span: Span, clock: TraceClock, findFields: () => readonly string[]) {
    this.#span = span;
    this.#clock = clock;
    this.#findFields = findFields;
  }

  get spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  /** The header that the attempt is sent with. */
  get traceparent(): string {
    return toTraceparent(this.#span.spanContext());
  }

  /** Another operation waits for its response too. */
  link(trace: OperationTrace | undefined): void {
    if (trace?.isRecording === true) this.#span.addLink?.({ context: trace.spanContext });
  }

  /**
   * @param status that of the response, if one has come
   * @param error the code of the failure
   */
  end(status: number | undefined, error: string | undefined): void {
    this.#span.setAttributes({
      [attributes.status]: status,
      [attributes.errorType]: error,
      [attributes.fields]: this.#findFields(),
    });
    if (error !== undefined) this.#span.setStatus({ code: statusCode.error });
    this.#span.end(this.#clock.now());
  }
}

/** The span of a wait for the call of another operation. */
export class CoalescedTrace {
  readonly #span: Span;
  readonly #clock: TraceClock;
  readonly #findFields: () => readonly string[];

  /** @param findFields as in {@link AttemptTrace} */
  constructor(span: Span, clock: TraceClock, findFields: () => readonly string[]) {
    this.#span = span;
    this.#clock = clock;
    this.#findFields = findFields;
  }

  /** @param attempt the one whose response it is, where that is recorded */
  end(attempt: AttemptTrace | undefined): void {
    if (attempt !== undefined) this.#span.addLink?.({ context: attempt.spanContext });
    this.#span.setAttributes({ [attributes.fields]: this.#findFields() });
    this.#span.end(this.#clock.now());
  }
}

/** The id that a span has where no SDK is behind the API. */
const noTraceId = '0'.repeat(32);

const toCallAttributes = ({ provider, account, kind }: TracedCall) => ({
  [attributes.provider]: provider,
  [attributes.account]: account,
  [attributes.kind]: kind,
});

function toReason({ kind, isContinuation }: TracedCall, number: number): Reason {
  if (number > 1) return 'retry';
  if (kind === 'runs' || kind === 'monitors') return isContinuation ? 'page' : 'list';
  return 'single';
}

const toTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-0${traceFlags & sampledFlag}`;

/** Adds the header of W3C Trace Context to the headers of an upstream call. */
export const withTraceparent = (
  headers: Readonly<Record<string, string>>,
  traceparent: string,
): Readonly<Record<string, string>> => ({ ...headers, [traceparentHeader]: traceparent });
