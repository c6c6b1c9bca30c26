/** Counts how much JSON is parsed in the process that the test shares with the service. */
import { onTestFinished, vi } from 'vitest';

/**
 * Counts from now on, until the test ends, how often `mark` is in texts that are parsed.
 * @param mark something that only upstream responses have
 */
export function observeParsing(mark: string): { count(): number; bytes(): number } {
  const parsing = vi.spyOn(JSON, 'parse');
  onTestFinished(() => parsing.mockRestore());
  const texts = () => parsing.mock.calls.map(([text]) => text).filter((text) => text.includes(mark));
  return {
    count: () => texts().reduce((sum, text) => sum + text.split(mark).length - 1, 0),
    bytes: () => texts().reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  };
}
