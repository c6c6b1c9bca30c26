/** Has Yoga answer in the form that the fast path would choose: Yoga itself reads no weights. */
import type { Plugin } from 'graphql-yoga';
import { toWish } from '../incremental-accept.ts';
import { setHeader } from './set-header.ts';

/** Behind what finds the document of an id, and refuses what isn't JSON. */
export const useAccept = (): Plugin => ({
  onRequest({ request, setRequest }) {
    const { whole, parts } = toWish(request.headers.get('accept'));
    const accept = [parts, whole].filter((type) => type !== undefined).join(', ');
    if (accept !== '') setHeader(request, setRequest, 'accept', accept);
  },
  onRequestParse({ request, endResponse, fetchAPI }) {
    const { whole, parts } = toWish(request.headers.get('accept'));
    const isAsked = request.method === 'GET' || request.method === 'POST';
    // Before anything is executed that couldn't be answered.
    if (isAsked && whole === undefined && parts === undefined)
      endResponse(new fetchAPI.Response(null, { status: 406 }));
  },
});
