/**
 * What this package uses of `@opentelemetry/api`. Its own types would make every user of the library install that package; a test assigns
 * the real API to these.
 */

/** A value of the API that is only passed on. */
export type TraceContext = object;

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

export interface Span {
  spanContext(): SpanContext;
  isRecording(): boolean;
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  /** Older versions of the API have none. */
  addLink?(link: { readonly context: SpanContext }): unknown;
  /** @param endTime Unix milliseconds */
  end(endTime?: number): void;
}

export interface SpanOptions {
  readonly kind?: number;
  readonly attributes?: Attributes;
  /** Unix milliseconds. */
  readonly startTime?: number;
}

export interface Tracer {
  startSpan(name: string, options?: SpanOptions, context?: TraceContext): Span;
}

/** Reads a carrier of trace context, such as the headers of a request. */
export interface TextMapGetter<Carrier> {
  keys(carrier: Carrier): string[];
  get(carrier: Carrier, key: string): undefined | string | string[];
}

/** The API, as `import * as openTelemetry from '@opentelemetry/api'` gives it. */
export interface OpenTelemetryApi {
  readonly ROOT_CONTEXT: TraceContext;
  readonly context: { active(): TraceContext };
  readonly trace: {
    getTracer(name: string, version?: string): Tracer;
    getSpanContext(context: TraceContext): SpanContext | undefined;
    setSpan(context: TraceContext, span: Span): TraceContext;
  };
  readonly propagation: {
    extract<Carrier>(context: TraceContext, carrier: Carrier, getter?: TextMapGetter<Carrier>): TraceContext;
  };
}
