/** Pages that people and a script write together: what is generated stands between two comments. */
import { readFileSync } from 'node:fs';
import { writeGenerated } from '../codegen/write-generated.ts';

const start = '<!-- Generated from here on by `npm run docs`. Do not edit. -->';
const end = '<!-- End of the generated part. -->';

/**
 * Replaces the generated part of a page.
 * @param command what makes the page again, for the message
 */
export function writeGeneratedPart(path: string, text: string, command: string): void {
  const page = readFileSync(path, 'utf8');
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} has no generated part: ${start} … ${end}`);
  writeGenerated(path, `${before}${start}\n\n${text}\n${end}${after}`, command);
}
