/** Environment -> where traces are sent, by the standard variables of OpenTelemetry. The exporter reads further ones itself. */
import * as v from 'valibot';
import { isLoopback } from '../upstream/credential.ts';
import { countSetting, type Env, flagSetting, readSettings, setting } from './env.ts';

const protocols = ['http/protobuf', 'http/json'] as const;
const samplers = [
  ...['parentbased_traceidratio', 'parentbased_always_on', 'parentbased_always_off'],
  ...['traceidratio', 'always_on', 'always_off'],
] as const;

const isEndpoint = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);
const endpoint = v.optional(setting('an http or https URL', isEndpoint));
const protocol = v.optional(v.picklist(protocols, `expected one of ${protocols.join(', ')}`));
const isShare = (text: string): boolean => /^(?:[01]|[01]?\.\d{1,9})$/.test(text) && Number(text) <= 1;

const settings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  OTEL_TRACES_EXPORTER: v.optional(v.picklist(['otlp', 'none'], 'expected otlp or none')),
  OTEL_TRACES_SAMPLER: v.optional(v.picklist(samplers, `expected one of ${samplers.join(', ')}`)),
  OTEL_TRACES_SAMPLER_ARG: v.optional(v.pipe(setting('a number from 0 to 1', isShare), v.transform(Number))),
  OTEL_BSP_SCHEDULE_DELAY: v.optional(countSetting),
  OTEL_BSP_EXPORT_TIMEOUT: v.optional(countSetting),
  OTEL_BSP_MAX_QUEUE_SIZE: v.optional(countSetting),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: v.optional(countSetting),
  OTEL_SDK_DISABLED: v.optional(flagSetting),
};

export type TracesVariable = keyof typeof settings;
export const tracesVariables: readonly string[] = Object.keys(settings);

export interface TracesConfig {
  readonly protocol: (typeof protocols)[number];
  readonly sampler: string;
  /** The share of the operations without a parent that are recorded, from 0 to 1. */
  readonly ratio: number;
  /** How spans are batched. Those that are set; the others have the SDK's defaults. */
  readonly batch: {
    readonly scheduledDelayMillis?: number;
    readonly exportTimeoutMillis?: number;
    readonly maxQueueSize?: number;
    readonly maxExportBatchSize?: number;
  };
}

/** Every tenth operation without a parent is recorded. */
const defaultRatio = 0.1;

/**
 * Reads the settings, and adds what is wrong to `problems`: where an endpoint is set, as the rest may be meant for other programs.
 * @param isSandbox whether traces may leave this machine: those of the sandbox don't
 */
export function readTracesConfig(env: Env, problems: string[], isSandbox: boolean): TracesConfig | undefined {
  const endpoints = [env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env.OTEL_EXPORTER_OTLP_ENDPOINT];
  const url = endpoints.find((each) => each);
  if (!url || env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return undefined;
  if (isSandbox && !(isEndpoint(url) && isLoopback(new URL(url).hostname))) return undefined;
  const given = readSettings(settings, env, problems);
  const sampler = given.OTEL_TRACES_SAMPLER ?? 'parentbased_traceidratio';
  // Without an argument the specification records everything; here that needs to be said.
  const byDefault = given.OTEL_TRACES_SAMPLER === undefined ? defaultRatio : 1;
  return {
    protocol: given.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? given.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf',
    sampler,
    ratio: given.OTEL_TRACES_SAMPLER_ARG ?? byDefault,
    batch: {
      ...(given.OTEL_BSP_SCHEDULE_DELAY && { scheduledDelayMillis: given.OTEL_BSP_SCHEDULE_DELAY }),
      ...(given.OTEL_BSP_EXPORT_TIMEOUT && { exportTimeoutMillis: given.OTEL_BSP_EXPORT_TIMEOUT }),
      ...(given.OTEL_BSP_MAX_QUEUE_SIZE && { maxQueueSize: given.OTEL_BSP_MAX_QUEUE_SIZE }),
      ...(given.OTEL_BSP_MAX_EXPORT_BATCH_SIZE && { maxExportBatchSize: given.OTEL_BSP_MAX_EXPORT_BATCH_SIZE }),
    },
  };
}
