/** Has Yoga take its documents from our cache, as the fast path does. */
import type { DocumentNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { DocumentCache } from '../../graphql/documents/document-cache.ts';

export function useDocuments(documents: DocumentCache): Plugin {
  const errorsOf = new WeakMap<DocumentNode, Error[]>();
  return {
    onParse({ params, setParseFn }) {
      setParseFn(() => {
        const { document, errors } = documents.prepare(String(params.source));
        if (document === undefined) throw errors[0];
        errorsOf.set(document, [...errors]);
        return document;
      });
    },
    onValidate({ params: { documentAST }, setResult }) {
      setResult(errorsOf.get(documentAST) ?? []);
    },
  };
}
