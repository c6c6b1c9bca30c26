/** Environment -> where metrics are served, and of what. */
import * as v from 'valibot';
import { type ApiTokens, isApiToken } from '../server/auth/authorization.ts';
import { isLoopback } from '../upstream/credential.ts';
import { type Env, flagSetting, portSetting, readSettings, setting } from './env.ts';

const settings = {
  METRICS: v.optional(flagSetting),
  METRICS_PORT: v.optional(portSetting),
  MONITOR_METRICS: v.optional(flagSetting, 'false'),
  METRICS_TOKEN: v.optional(setting('a token of 16 to 4,096 visible ASCII characters, without spaces', isApiToken)),
};

export type ObservabilityVariable = keyof typeof settings;
export const observabilityVariables: readonly string[] = Object.keys(settings);

/** Where metrics are served. */
export interface MetricsConfig {
  /** A port for them alone; 0 lets the system choose. @default that of the service */
  readonly port?: number;
  /** What a scraper needs. @default nothing */
  readonly tokens?: ApiTokens;
  /** Whether they tell of the monitors too. @default false */
  readonly ofMonitors?: boolean;
}

/**
 * Reads the settings, and adds what is wrong to `problems`.
 * @param isByDefault whether metrics are served where the environment doesn't say
 */
export function readMetricsConfig(
  env: Env,
  problems: string[],
  { host, isByDefault }: { readonly host: string; readonly isByDefault: boolean },
): MetricsConfig | undefined {
  const {
    METRICS,
    METRICS_PORT: port,
    METRICS_TOKEN: token,
    MONITOR_METRICS: ofMonitors,
  } = readSettings(settings, env, problems);
  const isWanted = METRICS ?? (isByDefault || Boolean(env.METRICS_PORT || env.METRICS_TOKEN));
  if (!isWanted) {
    if (env.METRICS_PORT || env.METRICS_TOKEN)
      problems.push('METRICS: expected not to be false with METRICS_PORT or METRICS_TOKEN');
    if (ofMonitors)
      problems.push('METRICS, METRICS_PORT, METRICS_TOKEN: expected one of them to be set with MONITOR_METRICS=true');
    return undefined;
  }
  if (ofMonitors && env.CREDENTIALS === 'forwarded')
    problems.push('MONITOR_METRICS: expected not to be true with CREDENTIALS=forwarded, as the service holds no key');
  if (!env.METRICS_PORT && !env.METRICS_TOKEN && !isLoopback(host))
    problems.push('METRICS_PORT, METRICS_TOKEN: expected one of them to be set, as HOST lets others read the metrics');
  return { ...(port !== undefined && { port }), ...(token && { tokens: [token] }), ...(ofMonitors && { ofMonitors }) };
}
