/** The persisted documents that the service is started with, by their ids. */
import { once } from '../../core/once.ts';
import type { DocumentCache } from './document-cache.ts';
import { toHash, toKey } from './document-id.ts';
import { type ListedDocument, type Manifest, readManifest } from './manifest.ts';

export interface Allowlist {
  /** The text of an id. A SHA-256 finds every document, whatever its manifest calls it. */
  find(key: string): string | undefined;
  has(text: string): boolean;
}

/** The manifests aren't usable. Says everything that is wrong with them. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';

  constructor(problems: readonly string[]) {
    super(['The persisted documents are not usable:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

/**
 * @param manifests each document of them has to be valid, and within the limits
 * @param examples those that aren't are left out, as a service with tighter limits is to start all the same; they are looked at
 * when an id is first requested that isn't in a manifest
 * @throws {ManifestError}
 */
export function createAllowlist(
  documents: DocumentCache,
  manifests: readonly Manifest[],
  examples: Manifest,
): Allowlist {
  const problems: string[] = [];
  const texts = new Map<string, string>();

  const list = ({ id, text }: ListedDocument): string[] => {
    if ((texts.get(toKey(id)) ?? text) !== text) return ['expected one text for an id'];
    const { errors } = documents.pin(text);
    if (errors.length === 0) texts.set(toKey(id), text).set(toHash(text), text);
    return errors.map(({ message }) => message);
  };

  for (const [place, manifest] of manifests.entries()) {
    const found: string[] = [];
    for (const listed of readManifest(manifest, found))
      found.push(...list(listed).map((problem) => `${JSON.stringify(listed.id)}: ${problem}`));
    problems.push(...found.map((problem) => `manifest ${place + 1}: ${problem}`));
  }
  if (problems.length > 0) throw new ManifestError(problems);

  const listExamples = once(() => {
    for (const example of readManifest(examples, [])) list(example);
    return new Set(texts.values());
  });
  return {
    find: (key) => texts.get(key) ?? (listExamples() && texts.get(key)),
    has: (text) => listExamples().has(text),
  };
}
