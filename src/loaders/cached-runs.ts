/** The entries of one account's runs, as one request meets and leaves them. */
import type { RunKey } from '../core/accounts.ts';
import { isRefusedCredential } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { ParsedObject } from '../json/lazy-object.ts';
import type { ReadLimits, Run } from '../providers/fields.ts';
import type { RunDefinition } from '../providers/provider.ts';
import {
  ageOf,
  type EntryKind,
  type RunCache,
  type StoredEntries,
  type StoredEntry,
  toRunName,
} from '../run-cache/run-cache.ts';
import type { CallReport } from '../upstream/call-report.ts';
import type { Credential } from '../upstream/credential.ts';
import { type Body, fromBytes } from '../upstream/read-response.ts';
import { explainCached } from './planner.ts';

/** What has been said of a run, and the run in it; `null` for a row that says that the list doesn't have the run. */
export interface Known {
  readonly record: Body;
  readonly run: Run | null;
}

/** What stands for a row that the list doesn't have: every row has more members than none. */
export const toAbsentRow = (): Known => ({ record: new ParsedObject({}), run: null });
const absentRow = Buffer.from('{}');

export interface RunCopiesOptions {
  readonly runCache: RunCache;
  /** Whose they are. */
  readonly credential: Credential;
  readonly definition: RunDefinition;
  readonly callReport: CallReport;
  readonly limits: CopyLimits;
  /** How old an entry may be for this client, in milliseconds. */
  readonly maxAgeMs: number;
}

type CopyLimits = ReadLimits &
  Pick<
    Limits,
    | 'lazyParseThresholdBytes'
    | 'maxValues'
    | 'runCacheTtlMs'
    | 'runCacheSettlingTtlMs'
    | 'runCacheStaleIfErrorMs'
    | 'runCacheMaxEntryBytes'
  >;

/** Something that is wanted of a run, and which entries of it would do: the first that is fresh is taken. */
export interface CopyWant {
  readonly key: RunKey;
  readonly kinds: readonly EntryKind[];
}

export class CachedRuns {
  readonly #options: RunCopiesOptions;
  /** Those that were met, fresh or not. */
  readonly #met = new Map<string, StoredEntry>();
  /** The runs that one was enough for. */
  readonly #enough = new Set<string>();
  /** The rows that are cached already; a single run is fetched once, and so cached once. */
  #cachedRows: Set<string> | undefined;

  constructor(options: RunCopiesOptions) {
    this.#options = options;
  }

  /**
   * What there are fresh entries of, and what `fetch` finds of the rest, in the order of the wants: a promise each, for each fails
   * alone. No caller waits for entries that are loaded.
   */
  before<Want extends CopyWant, Found>(
    wants: readonly Want[],
    checkField: (known: Known) => Found,
    fetch: (missing: readonly Want[]) => readonly Promise<Found>[],
  ): readonly Promise<Found>[] {
    const entries = this.#options.runCache.read(
      wants.flatMap(({ key, kinds }) => kinds.map((kind) => this.#nameOf(key, kind))),
    );
    const goOn = (found: StoredEntries) => this.#fill(wants, found, checkField, fetch);
    if (!(entries instanceof Promise)) return goOn(entries);
    // A store isn't to fail; one that does costs no answer.
    const going = entries.then(goOn, () => goOn([]));
    return wants.map((_want, place) => going.then((found) => found[place] as Promise<Found>));
  }

  #fill<Want extends CopyWant, Found>(
    wants: readonly Want[],
    entries: StoredEntries,
    checkField: (known: Known) => Found,
    fetch: (missing: readonly Want[]) => readonly Promise<Found>[],
  ): readonly Promise<Found>[] {
    let place = 0;
    const known = wants.map(({ key, kinds }) => {
      const fresh = kinds.map((kind) => this.#meet(key, kind, entries[place++]));
      // That the list doesn't have a run isn't that there is none.
      return fresh.find((one) => one !== undefined && (one.run !== null || kinds.length === 1));
    });
    for (const one of known) if (one !== undefined) this.#options.callReport.noteReadAt(one.readAt);
    this.#count(wants.filter((_want, index) => known[index] !== undefined));
    const missing = wants.filter((_want, index) => known[index] === undefined);
    const fetched = missing.length === 0 ? [] : fetch(missing);
    let next = 0;
    return known.map((one) =>
      one === undefined ? (fetched[next++] as Promise<Found>) : Promise.resolve(checkField(one)),
    );
  }

  #count(wants: readonly CopyWant[]): void {
    const { callReport } = this.#options;
    const before = this.#enough.size;
    for (const { key } of wants) this.#enough.add(`${key.monitorId}/${key.runId}`);
    const count = this.#enough.size - before;
    const [first] = wants;
    if (first === undefined || count === 0) return;
    callReport.of(first.key).cacheHits += count;
    callReport.explain(first.key, () => [explainCached(count)]);
  }

  /** Takes notice of an entry; what is in it, if it is fresh. */
  #meet(
    key: RunKey,
    kind: EntryKind,
    stored: StoredEntry | undefined,
  ): (Known & Pick<StoredEntry, 'readAt'>) | undefined {
    if (stored === undefined) return undefined;
    this.#met.set(this.#nameOf(key, kind), stored);
    const now = Date.now();
    if (!(now < stored.freshUntil)) return undefined;
    const age = ageOf(stored.readAt, now);
    if (!(age < this.#options.maxAgeMs)) return undefined;
    const known = this.#toKnown(key, kind, stored, false);
    // Its writer may cache runs for longer than this process does.
    return known && age < this.#freshMsOf(known, kind) ? { ...known, readAt: stored.readAt } : undefined;
  }

  #freshMsOf({ record, run }: Known, kind: EntryKind): number {
    const { limits, definition } = this.#options;
    if (run === null) return limits.runCacheSettlingTtlMs;
    const freshMs = { lasting: limits.runCacheTtlMs, unsure: limits.runCacheSettlingTtlMs, none: 0 };
    return freshMs[definition.cacheability(run, record, kind === 'row')];
  }

  #toKnown(key: RunKey, kind: EntryKind, { bytes, readAt }: StoredEntry, isStale: boolean): Known | undefined {
    const { limits, definition } = this.#options;
    const { toRun, toListedRun } = definition;
    if (kind === 'row' && bytes.equals(absentRow)) return toAbsentRow();
    try {
      const record = fromBytes(bytes, limits);
      return { record, run: (kind === 'run' ? toRun : toListedRun)(key, record, { limits, readAt, isStale }) };
    } catch {
      // Another writer of the store may spoil it: then it is no entry.
      return undefined;
    }
  }

  /**
   * Stale-if-error: what replaces a response that failed, if there is an entry: the same whatever is selected. A run's own record says all; but
   * one of before its end is worth less than a row of after it, where rows say the same.
   */
  async serveStale(key: RunKey): Promise<Run | undefined> {
    const [run, row] = await Promise.all([this.#findOld(key, 'run'), this.#findOld(key, 'row')]);
    const old = this.#chooseOld(run, row);
    if (old?.run) this.#options.callReport.noteReadAt(old.readAt);
    return old?.run ?? undefined;
  }

  #chooseOld<Old extends Known & Omit<StoredEntry, 'bytes'>>(
    run: Old | undefined,
    row: Old | undefined,
  ): Old | undefined {
    if (!row?.run) return run;
    if (run === undefined) return row;
    const isOutdated = run.freshUntil <= run.readAt && run.readAt < row.readAt;
    return isOutdated && this.#options.definition.listed.only.size === 0 ? row : run;
  }

  /** The row in an entry of any age; one without a run says that the list didn't have it. */
  findOldRow(key: RunKey): Promise<Known | undefined> {
    return this.#findOld(key, 'row');
  }

  async #findOld(key: RunKey, kind: EntryKind): Promise<(Known & Omit<StoredEntry, 'bytes'>) | undefined> {
    const { runCache, limits } = this.#options;
    const name = this.#nameOf(key, kind);
    const stored = this.#met.get(name) ?? (await readFirst(runCache, name));
    if (stored === undefined || !(ageOf(stored.readAt, Date.now()) < limits.runCacheStaleIfErrorMs)) return undefined;
    const { readAt, freshUntil } = stored;
    const known = this.#toKnown(key, kind, stored, true);
    return known && { ...known, readAt, freshUntil };
  }

  /** Caches what has just been read, if it can be serialized; a row once, however many fields and pages have it. */
  store(key: RunKey, kind: EntryKind, known: Known, readAt: number): void {
    const { runCache, limits } = this.#options;
    const freshMs = this.#freshMsOf(known, kind);
    // A row of an unfinished run would never be shown.
    if (kind === 'row' && freshMs === 0) return;
    const name = this.#nameOf(key, kind);
    if (kind === 'row') {
      this.#cachedRows ??= new Set();
      if (this.#cachedRows.has(name)) return;
      this.#cachedRows.add(name);
    }
    const bytes = toBytes(known.record);
    if (bytes === undefined || bytes.length > limits.runCacheMaxEntryBytes) return;
    const stored = { bytes, readAt, freshUntil: readAt + freshMs };
    if (kind === 'run' && this.#met.has(name)) this.#met.set(name, stored);
    runCache.write(name, stored, limits.runCacheStaleIfErrorMs);
  }

  /**
   * Caches that the list doesn't have the run: for a moment when it has ended, as its row may still come; else only for the case
   * that the provider is down, as what says so of a run that goes on stands beside the run's own entry.
   */
  storeAbsentRow(key: RunKey, isFinished: boolean): void {
    const { runCache, limits } = this.#options;
    const readAt = Date.now();
    const freshUntil = readAt + (isFinished ? limits.runCacheSettlingTtlMs : 0);
    runCache.write(this.#nameOf(key, 'row'), { bytes: absentRow, readAt, freshUntil }, limits.runCacheStaleIfErrorMs);
  }

  /**
   * What is gone, or not for this credential any more, is not to come back while its provider is down. A credential that isn't
   * accepted at all has lost all of them, and those that were met before it are no exception.
   */
  drop(key: RunKey, error?: unknown): void {
    if (isRefusedCredential(error)) this.#met.clear();
    this.#options.runCache.drop([this.#nameOf(key, 'run'), this.#nameOf(key, 'row')]);
  }

  #nameOf(key: RunKey, kind: EntryKind): string {
    return toRunName(this.#options.credential, key, kind);
  }
}

/** A store isn't to fail; one that does costs no response. */
async function readFirst(runCache: RunCache, name: string): Promise<StoredEntry | undefined> {
  try {
    return (await runCache.read([name]))[0];
  } catch {
    return undefined;
  }
}

/** Its bytes; `undefined` when it can't be written, as what was read of it isn't all: the rest may be nested without end. */
function toBytes(record: Body): Buffer | undefined {
  try {
    return record.toBytes();
  } catch {
    return undefined;
  }
}
