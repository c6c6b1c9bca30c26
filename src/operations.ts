/** The example operations: GraphiQL opens on them, and tests execute them. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./operations/', import.meta.url));

/** Their texts, in the order of their file names. */
export const readOperations = (): string[] =>
  globSync('*.graphql', { cwd: folder })
    .sort()
    .map((file) => readFileSync(`${folder}${file}`, 'utf8'));
