/** A real browser, where the machine has one. */
import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** The path of Chromium; undefined where it isn't installed. */
export function findChromium(): string | undefined {
  try {
    return execFileSync('which', ['chromium']).toString().trim();
  } catch {
    return undefined;
  }
}

/** Starts it, without a window, and with these flags beside its own. */
export const launchChromium = (executablePath: string, flags: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-sync'],
      ...flags,
    ],
  });
