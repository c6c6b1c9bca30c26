/** The ids that documents are persisted under. */
import { createHash } from 'node:crypto';

/** The SHA-256 of a document's text, in hex: what most clients name it by. */
export const toHash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** How GraphQL over HTTP marks such an id, and Apollo doesn't. */
const prefix = /^sha256:(?=[0-9a-f]{64}$)/;

/** The id by which a document is found, with that mark or without it. */
export const toKey = (id: string): string => (id.startsWith('sha256:') ? id.replace(prefix, '') : id);

/** Whether an id says that it is the SHA-256 of its document. */
export const isHash = (id: string): boolean => id.startsWith('sha256:') || /^[0-9a-f]{64}$/i.test(id);
