/** What the service uses of OpenTelemetry. In a separate file, which is loaded only where traces are exported. */
export { context, DiagLogLevel, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
export { W3CTraceContextPropagator } from '@opentelemetry/core';
export { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
export { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
export { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
export {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
