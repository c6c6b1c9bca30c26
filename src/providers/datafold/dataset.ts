/** From Datafold's datasets to ours. */
import type { ProviderError } from '../../core/errors.ts';
import type { DatafoldDataset } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject } from '../../json/lossless.ts';
import type { Fields } from '../provider.ts';
import { createReader, invalidField } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { MonitorDataset } from './openapi-checks.ts';
import { toId } from './values.ts';

const read = createReader<components['schemas']['MonitorDataset']>('DATAFOLD', MonitorDataset);

/** What a monitor looks at; an error when it isn't an object. */
export function toDataset(value: unknown): Fields<DatafoldDataset> | ProviderError {
  if (!isObject(value)) return invalidField('DATAFOLD');
  const body = new ParsedObject(value);
  return {
    __typename: 'DatafoldDataset',
    connectionId: () => toId(read(body, 'connection_id')),
    table: () => read(body, 'table'),
    column: () => read(body, 'column'),
    filter: () => read(body, 'filter'),
    metric: () => read(body, 'metric'),
    query: () => read(body, 'query'),
  };
}
