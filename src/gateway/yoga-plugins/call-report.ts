/** Reports what an operation has cost: the number of upstream calls always, and all of it to clients that send the header. */
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { Part } from '../../graphql/executor/execute-incrementally.ts';
import { ageHeader, type CallReport, callReportHeader } from '../../upstream/call-report.ts';
import { isStream } from '../responses.ts';

/** @param callReportOf the cost of what is executed for a request, if anything is */
export const useCallReport = (callReportOf: (request: Request) => CallReport | undefined): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const callReport = callReportOf(request);
    if (callReport === undefined || !callReport.isVerbose) return;
    // An incremental response has cost all that it does when the last one comes.
    const withPrice = <Answer extends object>(answer: Answer) => ({
      ...answer,
      extensions: { upstream: callReport.show() },
    });
    if (isAsyncIterable(result))
      setResult(mapAsyncIterator(result as AsyncIterable<Part>, (part) => (part.hasNext ? part : withPrice(part))));
    else setResult(withPrice(result as object));
  },
  onResponse({ request, response }) {
    const callReport = callReportOf(request);
    if (callReport === undefined || isStream(response)) return;
    const { headers } = response;
    headers.set(callReportHeader, String(callReport.calls()));
    const age = callReport.ageSeconds();
    if (age !== undefined) headers.set(ageHeader, String(age));
  },
});
