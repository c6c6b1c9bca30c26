/** The code that README.md and the pages in docs/ show, for tests to run. */
import { globSync, readFileSync } from 'node:fs';

const pages = ['README.md', ...globSync('docs/*.md').sort()];

/** README.md and the pages in docs/, one after another. */
export const documentation = pages.map((page) => readFileSync(page, 'utf8')).join('\n');

/** The fenced blocks of a language, of all pages or of one. */
export const readBlocks = (language: string, text = documentation): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);
