/** The plan of an Olostep monitor's agent: a separate response. */
import type { MonitorKey } from '../../core/accounts.ts';
import type { OlostepMonitor } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject } from '../../json/lossless.ts';
import type { DetailDefinition, Field, FieldContext, Reading } from '../fields.ts';
import { createReader, invalidField, toFreeForm } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { MonitorPlanning, MonitorPlanningSpec } from './openapi-checks.ts';
import { toDateTime } from './values.ts';

type Schemas = components['schemas'];

const read = createReader<Schemas['MonitorPlanning']>('OLOSTEP', MonitorPlanning);
const readSpec = createReader<NonNullable<Schemas['MonitorPlanningSpec']>>('OLOSTEP', MonitorPlanningSpec);

const planning: DetailDefinition = {
  name: 'planning',
  toRequest: (monitorId) => ({
    kind: 'detail',
    path: `/v1/monitors/${monitorId}/planning`,
    echoes: { id: monitorId, monitor_id: monitorId },
  }),
  // A monitor may be planned again at any time.
  isCached: false,
  cacheability: () => 'none',
};

/** @param reading of the monitor: where it is shown stale, its plan may be, too */
export const loadPlanning =
  (key: MonitorKey, { isStale }: Reading): Field<OlostepMonitor['planning']> =>
  async (_args: unknown, { details }: FieldContext) => {
    const found = await details.load(key, planning, key.monitorId, isStale);
    // 404 says as well that the monitor has no agent yet [O4].
    if (found === null) return null;
    const spec = read(found, 'spec') as unknown;
    if (spec === null) return null;
    if (!isObject(spec))
      return spec instanceof Error ? (spec as ReturnType<typeof invalidField>) : invalidField('OLOSTEP');
    const body = new ParsedObject(spec);
    return {
      __typename: 'OlostepPlanning' as const,
      savedAt: () => toDateTime(readSpec(body, 'saved_at')),
      status: () => readSpec(body, 'status'),
      goal: () => readSpec(body, 'goal'),
      spec: (_none: unknown, context: FieldContext) => toFreeForm('OLOSTEP', spec, context),
    };
  };
