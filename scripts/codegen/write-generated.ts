/** Writes a generated file; with `--check` on the command line it fails instead when the file isn't up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

/** @param command what makes the file again, for the message */
export function writeGenerated(path: string, text: string, command: string): void {
  if (!flags.check) {
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not up to date: ${command}`);
    process.exitCode = 1;
  }
}
