/** Has Yoga execute what a request names, by the same function as the fast path. */
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { PersistedDocuments } from '../../graphql/documents/persisted-documents.ts';

/** The parameters that Yoga knows nothing of. */
interface Ids {
  readonly documentId?: unknown;
  readonly doc_id?: unknown;
  readonly id?: unknown;
}

export const usePersistedDocuments = (persisted: PersistedDocuments): Plugin => ({
  onParams({ request, params, setParams }) {
    const given: typeof params & Ids = request.method === 'GET' ? { ...params, ...idsIn(request.url) } : params;
    const { documentId, doc_id, id, ...rest } = given;
    const text = persisted.textOf(given);
    if (text instanceof GraphQLError) throw text;
    setParams(text === undefined ? rest : { ...rest, query: text });
  },
});

/** An empty one counts as none, as Yoga has it of the other parameters. */
function idsIn(url: string): Ids {
  const { searchParams } = new URL(url, 'http://localhost');
  const read = (name: keyof Ids) => searchParams.get(name) || undefined;
  return { documentId: read('documentId'), doc_id: read('doc_id'), id: read('id') };
}
