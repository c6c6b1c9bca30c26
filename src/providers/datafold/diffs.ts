/** Datafold's data diffs: how to request one and its summary, and what the responses say. */
import type { DatafoldDiff, DatafoldDiffProgress, DatafoldDiffResult } from '../../generated/types.ts';
import { ParsedObject } from '../../json/lazy-object.ts';
import { isObject } from '../../json/lossless.ts';
import type { Body } from '../../upstream/read-response.ts';
import type { DetailDefinition, FieldContext, Fields, LinkKey } from '../fields.ts';
import type { LinkDefinition } from '../provider.ts';
import { createReader, type Found, invalidField, toNumber } from '../response-reader.ts';
import type { components } from './openapi.d.ts';
import { DataDiff, DataDiffProgress, DataDiffStats, DataDiffSummary } from './openapi-checks.ts';
import { expectedId, isId, toTime } from './values.ts';

type Schemas = components['schemas'];

const read = createReader<Schemas['DataDiff']>('DATAFOLD', DataDiff);
const readStats = createReader<Schemas['DataDiffStats']>('DATAFOLD', DataDiffStats);
const readProgress = createReader<Schemas['DataDiffProgress']>('DATAFOLD', DataDiffProgress);
const readSummary = createReader<Schemas['DataDiffSummary']>('DATAFOLD', DataDiffSummary);

/** One line a documented word: a regenerated contract with a new one doesn't compile without its line here. */
const results: ReadonlyMap<unknown, DatafoldDiffResult> = new Map(
  Object.entries({
    identical: 'IDENTICAL',
    different: 'DIFFERENT',
    'missing-pks': 'MISSING_PRIMARY_KEYS',
    'bad-pks': 'BAD_PRIMARY_KEYS',
    empty: 'EMPTY',
    error: 'ERROR',
  } satisfies Record<Schemas['DataDiffResult'], DatafoldDiffResult>),
);

/** Whether nothing more comes of a diff of this status: our reading, as no document says what the words mean. */
const isFinal = {
  needs_confirmation: false,
  needs_authentication: false,
  waiting: false,
  queued: false,
  processing: false,
  done: true,
  failed: true,
  cancelled: true,
} satisfies Record<Schemas['DataDiffStatus'], boolean>;

const isFinished = (status: unknown): boolean =>
  typeof status === 'string' && Object.hasOwn(isFinal, status) && isFinal[status as keyof typeof isFinal];

const toPath = (diffId: string) => `/api/v1/datadiffs/${diffId}`;

const diff: DetailDefinition = {
  name: 'diff',
  toRequest: (diffId) => ({ kind: 'detail', path: toPath(diffId), echoes: { id: diffId } }),
  isCached: true,
  cacheability(record) {
    const status = read(record, 'status');
    if (!isFinished(status)) return 'none';
    // A diff that is done has a result, which may come a moment later.
    return status !== 'done' || typeof read(record, 'result') === 'string' ? 'lasting' : 'unsure';
  },
};

const summary: DetailDefinition = {
  name: 'diff-summary',
  toRequest: (diffId) => ({ kind: 'detail', path: `${toPath(diffId)}/summary`, echoes: { id: diffId } }),
  isCached: true,
  cacheability(record) {
    if (!isFinished(readSummary(record, 'status'))) return 'none';
    return typeof readSummary(record, 'feedback') === 'string' ? 'lasting' : 'unsure';
  },
};

/** @param record `undefined` where no field is selected that is read from it */
function toDiff(key: LinkKey, record: Body = new ParsedObject({})): Omit<Fields<DatafoldDiff>, 'id'> {
  const { id: diffId } = key;
  const fromStats = (name: keyof Schemas['DataDiffStats']) => (): Found<number> => {
    const stats = toPart(read(record, 'diff_stats'));
    return stats === null || stats instanceof Error ? stats : toNumber(readStats(stats, name));
  };
  return {
    __typename: 'DatafoldDiff',
    diffId,
    status: () => read(record, 'status'),
    result: () => toResult(read(record, 'result')),
    rawResult: () => read(record, 'result'),
    finishedAt: () => toTime(read(record, 'finished_at')),
    progress: () => toProgress(toPart(read(record, 'diff_progress'))),
    matchRatio: fromStats('match_ratio'),
    rowsAdded: fromStats('rows_added'),
    rowsRemoved: fromStats('rows_removed'),
    differentRows: fromStats('diff_rows_count'),
    async summary(_args: unknown, { details }: FieldContext) {
      if (!isFinished(read(record, 'status'))) return null;
      const found = await details.load(key, summary, diffId);
      return found && readSummary(found, 'feedback');
    },
    url: (_args: unknown, context: FieldContext) =>
      `${context.baseUrlOf(key).replace(/\/$/, '')}/datadiffs/${diffId}/overview`,
  };
}

/** A part of the response that is an object. */
function toPart(value: unknown): Body | null | ReturnType<typeof invalidField> {
  if (value === null || value instanceof Error) return value as null | ReturnType<typeof invalidField>;
  return isObject(value) ? new ParsedObject(value) : invalidField('DATAFOLD');
}

const toResult = (word: Found<string>): Found<DatafoldDiffResult> =>
  typeof word === 'string' ? (results.get(word) ?? 'UNKNOWN') : word;

function toProgress(
  progress: ReturnType<typeof toPart>,
): Fields<DatafoldDiffProgress> | null | ReturnType<typeof invalidField> {
  if (progress === null || progress instanceof Error) return progress;
  return {
    __typename: 'DatafoldDiffProgress',
    completedSteps: () => toNumber(readProgress(progress, 'completed_steps')),
    totalSteps: () => toNumber(readProgress(progress, 'total_steps')),
  };
}

/** The diffs, as runs lead to them. */
export const diffs: LinkDefinition = {
  typeName: 'DatafoldDiff',
  isKey: isId,
  expectedKey: expectedId,
  detail: diff,
  toObject: toDiff,
  ownFields: new Set(['id', 'diffId', 'url']),
};
