/** The OpenTelemetry SDK of the service: spans in batches to an OTLP endpoint, as the standard variables have it. */
import packageManifest from '../../package.json' with { type: 'json' };
import type { TracesConfig } from '../config/traces-config.ts';
import { importPackage } from '../core/import-module.ts';
import type { Log } from '../observability/logger.ts';
import type { OpenTelemetryApi } from '../observability/open-telemetry.ts';

export interface ServiceTraces {
  /** For the gateway. Nothing is registered for the whole process. */
  readonly api: OpenTelemetryApi;
  /** Sends what is left. @param ms the longest time that it may take */
  shutdown(ms: number): Promise<void>;
}

const packages = [
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/resources',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/exporter-trace-otlp-http',
] as const;

type Sdk = typeof import('./open-telemetry-sdk.ts');

/** @throws {MissingPackageError} when the SDK isn't installed */
export async function loadTraces(config: TracesConfig, log: Log): Promise<ServiceTraces> {
  const sdk = await importPackage('OTEL_EXPORTER_OTLP_ENDPOINT', packages, () => import('./open-telemetry-sdk.ts'));
  const { diag, DiagLogLevel, ROOT_CONTEXT, trace } = sdk;
  const ignore = () => {};
  const warn = (reason: string) => log.warn({ reason }, 'traces not exported');
  const logger = { error: warn, warn, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });

  const exporter = config.protocol === 'http/json' ? new sdk.JsonExporter() : new sdk.ProtobufExporter();
  const provider = new sdk.TracerProvider({
    sampler: toSampler(sdk, config),
    resource: sdk
      .defaultResource()
      .merge(
        sdk.resourceFromAttributes({ 'service.name': 'monitor-graph', 'service.version': packageManifest.version }),
      )
      // What the environment says of the service goes first.
      .merge(sdk.detectResources({ detectors: [sdk.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, ...config.batch })],
  });
  const propagator = new sdk.W3CTraceContextPropagator();
  const api: OpenTelemetryApi = {
    ROOT_CONTEXT,
    // No span is around an operation but that of its client.
    context: { active: () => ROOT_CONTEXT },
    trace: {
      getTracer: (name, version) => provider.getTracer(name, version),
      getSpanContext: trace.getSpanContext,
      setSpan: trace.setSpan,
    } as OpenTelemetryApi['trace'],
    propagation: {
      extract: (context, carrier, getter) => propagator.extract(context as never, carrier, getter as never),
    },
  };
  return {
    api,
    async shutdown(ms) {
      const late = new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
      await Promise.race([provider.shutdown().catch(({ message }: Error) => warn(message)), late]);
    },
  };
}

/** By the names of the specification. Where a parent says whether a trace is recorded, that holds. */
function toSampler(sdk: Sdk, { sampler, ratio }: TracesConfig) {
  const { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TraceIdRatioBasedSampler } = sdk;
  const [, isParentBased, name] = /^(parentbased_)?(.+)$/.exec(sampler) ?? [];
  const root =
    name === 'always_on'
      ? new AlwaysOnSampler()
      : name === 'always_off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(ratio);
  return isParentBased === undefined ? root : new ParentBasedSampler({ root });
}
