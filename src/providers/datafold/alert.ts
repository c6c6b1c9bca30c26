/** From Datafold's alerts to ours. */
import type { ProviderError } from '../../core/errors.ts';
import type { DatafoldAlert } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import { toNumber } from '../numbers.ts';
import type { Fields } from '../provider.ts';
import { createReader, invalidField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { AbsoluteAlert, AutomaticAlert, DiffAlert, PercentageAlert } from './openapi-checks.ts';

type Schemas = components['schemas'];

const readDiff = createReader<Schemas['DiffAlert']>('DATAFOLD', DiffAlert);
const readAutomatic = createReader<Schemas['AutomaticAlert']>('DATAFOLD', AutomaticAlert);
const readAbsolute = createReader<Schemas['AbsoluteAlert']>('DATAFOLD', AbsoluteAlert);
const readPercentage = createReader<Schemas['PercentageAlert']>('DATAFOLD', PercentageAlert);

/** By Datafold's word for the type. */
const kinds: ReadonlyMap<unknown, (alert: Body) => Fields<DatafoldAlert>> = new Map(
  Object.entries({
    diff: (alert: Body) => ({
      __typename: 'DatafoldDiffAlert' as const,
      differentRowsCount: () => toNumber(readDiff(alert, 'different_rows_count')),
      differentRowsPercent: () => toNumber(readDiff(alert, 'different_rows_percent')),
      matchRatioMin: () => toNumber(readDiff(alert, 'match_ratio_min')),
    }),
    automatic: (alert: Body) => ({
      __typename: 'DatafoldAutomaticAlert' as const,
      sensitivity: () => toNumber(readAutomatic(alert, 'sensitivity')),
    }),
    absolute: (alert: Body) => ({
      __typename: 'DatafoldAbsoluteAlert' as const,
      min: () => toNumber(readAbsolute(alert, 'min')),
      max: () => toNumber(readAbsolute(alert, 'max')),
    }),
    percentage: (alert: Body) => ({
      __typename: 'DatafoldPercentageAlert' as const,
      increase: () => toNumber(readPercentage(alert, 'increase')),
      decrease: () => toNumber(readPercentage(alert, 'decrease')),
    }),
  }),
);

/** The alert; an error when it isn't one of those that are documented. */
export function toAlert(value: unknown): Fields<DatafoldAlert> | ProviderError {
  if (!isObject(value)) return invalidField('DATAFOLD');
  return kinds.get(value.type)?.(new ParsedObject(value)) ?? invalidField('DATAFOLD');
}
