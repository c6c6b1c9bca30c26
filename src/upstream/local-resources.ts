/** Whether a connection failed for want of something on this machine: that says nothing of the provider. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** No file descriptor, in the process or on the machine, and no memory, even of the kernel, is left. */
const exhausted: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAI_MEMORY']);
/**
 * No local port is left, or no local address leads there. Where a host has several addresses that may be said of one alone, as of
 * the IPv6 address on a machine without IPv6; what the others say counts then.
 */
const withoutAddress = 'EADDRNOTAVAIL';

/**
 * The code of what is missing here; `undefined` for any other failure. A name server that doesn't answer (EAI_AGAIN) is another
 * one: it may be that of the provider's zone, no call can succeed, and the circuit breaker spares callers the wait.
 */
export function findLocalCode(error: unknown): string | undefined {
  const codes = codesOf(error);
  const code = codes.find((code) => exhausted.has(code));
  if (code !== undefined) return code;
  if (codes.every((code) => code === withoutAddress)) return codes[0];
  // The system's resolver needs descriptors too. Without them it says ENOTFOUND, EAI_AGAIN or EBUSY.
  return (error as NodeJS.ErrnoException).syscall === 'getaddrinfo' ? findDescriptorCode() : undefined;
}

/** Of the attempts at all addresses, where there were several. */
function codesOf(error: unknown): readonly string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  return error instanceof Error && 'code' in error ? [String(error.code)] : [];
}

/** Why no file can be opened now, if none can. */
function findDescriptorCode(): string | undefined {
  try {
    closeSync(openSync(devNull, 'r'));
    return undefined;
  } catch (error) {
    return codesOf(error).find((code) => exhausted.has(code));
  }
}
