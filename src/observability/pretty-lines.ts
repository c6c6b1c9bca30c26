/** Lines of the log for people. In a separate file, so that bundles of the library leave its package out. */
import { importPackage } from '../core/import-module.ts';
import type { Lines } from './logger.ts';

/** Takes lines of JSON and makes them ones for people, in colours where they are shown. */
export async function createPrettyLines(lines: Lines, colorize: boolean): Promise<Lines> {
  const { prettyFactory } = await importPackage('LOG_FORMAT=pretty', 'pino-pretty', () => import('pino-pretty'));
  const toPretty = prettyFactory({ colorize, singleLine: true });
  return { write: (line) => lines.write(toPretty(line)) };
}
