/**
 * The cursor of the run feed: a position in the order of all runs, and for each monitor how old its next run is at least.
 * It takes two bytes a monitor, so that a page needs no memory of the page before.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Account, type AccountId, isDefaultAccount, toAccountId } from '../../core/accounts.ts';
import { providerNames } from '../../providers/index.ts';
import type { PageToken } from '../../providers/lists.ts';
import type { SortKey } from './feed-order.ts';

/** Where the list of one monitor is read on, so that a request without a cache need not search it from its top. */
interface ListSlot {
  readonly accountId: AccountId;
  /** The place of the monitor among the sorted ids: the ids aren't known when a cursor is read. */
  readonly monitorIndex: number;
  /** The first page that isn't wholly before the boundary. */
  readonly token: PageToken;
  /** The time of the row above that page, in Unix milliseconds; `undefined` when there is none. */
  readonly timeAbove: number | undefined;
}

/** What a cursor knows of an account's monitors. */
export interface FleetCodes {
  /** Stands for the monitors: codes of others are worth nothing. */
  readonly fleetHash: string;
  /** A code for each monitor, in the order of their ids: see {@link toDistanceCode}. */
  readonly codes: Uint16Array;
}

/** Times are Unix milliseconds. */
export interface FeedCursor {
  readonly fingerprint: string;
  readonly snapshotTime: number;
  readonly firstPageTime: number;
  /** Whether this page or an earlier one has a gap. */
  readonly isLossy: boolean;
  /** Accounts whose list of monitors couldn't be read: they are not requested again. */
  readonly failedAccounts: ReadonlySet<AccountId>;
  /** How many pages in a row came no further. */
  readonly repeats: number;
  /** The page begins behind it. */
  readonly boundary: SortKey;
  readonly codes: ReadonlyMap<AccountId, FleetCodes>;
  readonly slot: ListSlot | undefined;
}

/** The code of a monitor that has no more runs in the window, and of one whose list failed. */
export const exhaustedCode = 0xffff;
export const failedCode = 0xfffe;

const mantissaBits = 11;
const maxMantissa = 2 ** mantissaBits - 1;
const maxExponent = 31;

/**
 * How far before the boundary the next run of a monitor is at least, in milliseconds: a floating-point number of 11 and 5
 * bits, exact below 2,048. It is rounded down, so that the run is never taken for older than it is.
 */
export function toDistanceCode(milliseconds: number): number {
  let mantissa = Math.floor(Math.max(milliseconds, 0));
  let exponent = 0;
  while (mantissa > maxMantissa && exponent < maxExponent) {
    mantissa = Math.floor(mantissa / 2);
    exponent++;
  }
  const code = (exponent << mantissaBits) | Math.min(mantissa, maxMantissa);
  return Math.min(code, failedCode - 1);
}

export const fromDistanceCode = (code: number): number => (code & maxMantissa) * 2 ** (code >> mantissaBits);

/** Stands for a set of monitors, given their ids in order. */
export const toFleetHash = (monitorIds: readonly string[]): string =>
  createHash('sha256').update(monitorIds.join('\n')).digest('hex').slice(0, 12);

/** Longer cursors are refused: room for the codes of 4,000 monitors. */
export const maxFeedCursorChars = 12_288;
/** What fits into the codes of a cursor; those of further monitors are left out, which costs calls, and no run. */
const maxCodes = 4_000;
const maxTokenBytes = 300;

const version = 1;

/**
 * The accounts of a feed, by whose places its cursors refer to them: the default ones always, so that the cursors of a feed of no others
 * are the same whichever accounts are configured.
 */
export const toAccountTable = (accounts: readonly Account[]): readonly AccountId[] => [
  ...providerNames,
  ...accounts.filter((account) => !isDefaultAccount(account)).map(toAccountId),
];

/** @param table the accounts of the feed, as {@link toAccountTable} gives them */
export function toFeedCursor(cursor: FeedCursor, table: readonly AccountId[]): string {
  const writer = new ByteWriter();
  writer.hex(cursor.fingerprint);
  writer.float(cursor.snapshotTime);
  writer.float(cursor.firstPageTime);
  writer.byte(Number(cursor.isLossy));
  for (let start = 0; start < table.length; start += 8)
    writer.byte(
      table
        .slice(start, start + 8)
        .reduce((bits, id, place) => bits | (Number(cursor.failedAccounts.has(id)) << place), 0),
    );
  writer.byte(cursor.repeats);
  writer.float(cursor.boundary.time);
  for (const text of [cursor.boundary.accountId, cursor.boundary.monitorId, cursor.boundary.runId]) writer.text(text);
  const codes = takeCodes(cursor.codes);
  writer.byte(codes.length);
  for (const [accountId, { fleetHash, codes: each }] of codes) {
    writer.byte(table.indexOf(accountId));
    writer.hex(fleetHash);
    writer.short(each.length);
    for (const code of each) writer.short(code);
  }
  writeSlot(writer, cursor.slot, table);
  const body = writer.toBuffer();
  const head = new ByteWriter();
  head.byte(version);
  head.int(crc32(body));
  return Buffer.concat([head.toBuffer(), body]).toString('base64url');
}

/** The codes of as many accounts as there is room for. */
function takeCodes(all: FeedCursor['codes']): (readonly [AccountId, FleetCodes])[] {
  let count = 0;
  return [...all].filter(([, { codes }]) => {
    count += codes.length;
    return count <= maxCodes;
  });
}

function writeSlot(writer: ByteWriter, slot: FeedCursor['slot'], table: readonly AccountId[]): void {
  if (slot === undefined || Buffer.byteLength(String(slot.token)) > maxTokenBytes) {
    writer.byte(0);
    return;
  }
  const { accountId, monitorIndex, token, timeAbove } = slot;
  writer.byte(typeof token === 'number' ? 1 : 2);
  writer.byte(table.indexOf(accountId));
  writer.short(monitorIndex);
  writer.longText(String(token));
  writer.byte(Number(timeAbove !== undefined));
  writer.float(timeAbove ?? 0);
}

/** What a text says as a cursor; `undefined` when {@link toFeedCursor} didn't make it. */
export function parseFeedCursor(text: string, table: readonly AccountId[]): FeedCursor | undefined {
  try {
    const bytes = Buffer.from(text, 'base64url');
    const head = new ByteReader(bytes);
    if (head.byte() !== version || head.int() !== crc32(bytes.subarray(head.offset))) return undefined;
    const reader = new ByteReader(bytes.subarray(head.offset));
    const cursor = readCursor(reader, table);
    return reader.isAtEnd() ? cursor : undefined;
  } catch {
    // Shorter than it says, or an account that there is not.
    return undefined;
  }
}

function readCursor(reader: ByteReader, table: readonly AccountId[]): FeedCursor {
  const fingerprint = reader.hex(8);
  const snapshotTime = reader.time();
  const firstPageTime = reader.time();
  const isLossy = reader.byte() === 1;
  const failedBits = Array.from({ length: Math.ceil(table.length / 8) }, () => reader.byte());
  const failedAccounts = new Set(
    table.filter((_id, place) => (failedBits[Math.floor(place / 8)] ?? 0) & (1 << (place % 8))),
  );
  const repeats = reader.byte();
  const time = reader.time();
  const boundary = { time, accountId: reader.text(), monitorId: reader.text(), runId: reader.text() };
  const codes = new Map<AccountId, FleetCodes>();
  for (let left = reader.byte(); left > 0; left--) {
    const accountId = readAccount(reader, table);
    const fleetHash = reader.hex(6);
    codes.set(accountId, { fleetHash, codes: Uint16Array.from({ length: reader.short() }, () => reader.short()) });
  }
  const base = { fingerprint, snapshotTime, firstPageTime, isLossy, failedAccounts, repeats, boundary, codes };
  return { ...base, slot: readSlot(reader, table) };
}

function readSlot(reader: ByteReader, table: readonly AccountId[]): FeedCursor['slot'] {
  const kind = reader.byte();
  if (kind === 0) return undefined;
  const accountId = readAccount(reader, table);
  const monitorIndex = reader.short();
  const text = reader.longText();
  const hasTimeAbove = reader.byte() === 1;
  const time = reader.time();
  const token = kind === 1 ? Number(text) : text;
  if (kind === 1 ? !isPageNumber(token) : text === '') throw new RangeError('no page');
  return { accountId, monitorIndex, token, timeAbove: hasTimeAbove ? time : undefined };
}

/** Larger ones no list has, and a provider may fail at them. */
const isPageNumber = (token: PageToken) => Number.isInteger(token) && Number(token) >= 1 && Number(token) < 2 ** 31;

function readAccount(reader: ByteReader, table: readonly AccountId[]): AccountId {
  const accountId = table[reader.byte()];
  if (accountId === undefined) throw new RangeError('no account');
  return accountId;
}

/** Writes numbers and texts as bytes. */
class ByteWriter {
  readonly #parts: Buffer[] = [];

  byte(value: number): void {
    this.#parts.push(Buffer.of(value));
  }

  /** An unsigned integer of 16 bits. */
  short(value: number): void {
    const part = Buffer.allocUnsafe(2);
    part.writeUInt16BE(value);
    this.#parts.push(part);
  }

  /** An unsigned integer of 32 bits. */
  int(value: number): void {
    const part = Buffer.allocUnsafe(4);
    part.writeUInt32BE(value);
    this.#parts.push(part);
  }

  /** A floating-point number of 64 bits: infinities stay what they are. */
  float(value: number): void {
    const part = Buffer.allocUnsafe(8);
    part.writeDoubleBE(value);
    this.#parts.push(part);
  }

  hex(digits: string): void {
    this.#parts.push(Buffer.from(digits, 'hex'));
  }

  /** Of at most 255 bytes. */
  text(value: string): void {
    const part = Buffer.from(value);
    this.byte(part.length);
    this.#parts.push(part);
  }

  /** Of at most 65,535 bytes. */
  longText(value: string): void {
    const part = Buffer.from(value);
    this.short(part.length);
    this.#parts.push(part);
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads what the writer has written. Each method throws a `RangeError` where there are fewer bytes than it reads. */
class ByteReader {
  readonly #bytes: Buffer;
  offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  int(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  /** A number that is a time: finite, in Unix milliseconds. */
  time(): number {
    const value = this.#bytes.readDoubleBE(this.#advance(8));
    if (!Number.isFinite(value) || Math.abs(value) > 8.64e15) throw new RangeError('no time');
    return value;
  }

  hex(length: number): string {
    return this.#slice(length).toString('hex');
  }

  text(): string {
    return this.#slice(this.byte()).toString();
  }

  longText(): string {
    return this.#slice(this.short()).toString();
  }

  isAtEnd(): boolean {
    return this.offset === this.#bytes.length;
  }

  #slice(length: number): Buffer {
    const start = this.#advance(length);
    if (start + length > this.#bytes.length) throw new RangeError('too few bytes');
    return this.#bytes.subarray(start, start + length);
  }

  #advance(length: number): number {
    const start = this.offset;
    this.offset += length;
    return start;
  }
}
