/** The README's code, for tests to run. */
import { readFileSync } from 'node:fs';

export const readme = readFileSync('README.md', 'utf8');

/** The fenced blocks of a language. */
export const readBlocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) => text);
