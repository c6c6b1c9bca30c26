/**
 * Olostep documents the prefixes of its ids alone (`^monitor_`, `^run_`), open at the end: closed here, so that no id can leave
 * its place in a path. Samples are the prefix and 10 lower-case letters or digits.
 */
const monitorId = /^monitor_[A-Za-z0-9_-]{1,128}$/;
const runId = /^run_[A-Za-z0-9_-]{1,128}$/;

export const isMonitorId = (text: string): boolean => monitorId.test(text);
export const isRunId = (text: string): boolean => runId.test(text);
