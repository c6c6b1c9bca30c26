/** Tells what an operation has cost: the number of upstream calls always, and all of it to whoever asks for it. */
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { Part } from '../../graphql/executor/execute-incrementally.ts';
import { type CallReport, callReportHeader } from '../../upstream/call-report.ts';

/** @param priceOf the price of what is executed for a request, if anything is */
export const usePrice = (priceOf: (request: Request) => CallReport | undefined): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const price = priceOf(request);
    if (price === undefined || !price.isVerbose) return;
    // What comes in parts has cost all that it does when the last one comes.
    const withPrice = <Answer extends object>(answer: Answer) => ({
      ...answer,
      extensions: { upstream: price.show() },
    });
    if (isAsyncIterable(result))
      setResult(mapAsyncIterator(result as AsyncIterable<Part>, (part) => (part.hasNext ? part : withPrice(part))));
    else setResult(withPrice(result as object));
  },
  onResponse({ request, response: { headers } }) {
    const price = priceOf(request);
    const isWhole = !/^(multipart\/mixed|text\/event-stream)/.test(headers.get('content-type') ?? '');
    if (price !== undefined && isWhole) headers.set(callReportHeader, String(price.calls()));
  },
});
