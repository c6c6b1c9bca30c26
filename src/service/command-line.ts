/** The command line: which command the process executes. */
import { parseArgs } from 'node:util';

/** `start` serves the graph; `sandbox` serves invented monitors; `check` says whether the configuration is usable. */
const commands = ['start', 'sandbox', 'check'] as const;
export type Command = (typeof commands)[number];

/** The command line isn't usable; says how it is. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

const isCommand = (text: string): text is Command => (commands as readonly string[]).includes(text);

/**
 * Reads the command: `monitor-graph sandbox`; without one, `start`.
 * @throws {CommandLineError}
 */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseCommandLine(args);
  const [command = values.sandbox ? 'sandbox' : 'start', ...others] = positionals;
  if (!isCommand(command) || others.length > 0) throw new CommandLineError(expected);
  return command;
}

function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { sandbox: { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw new CommandLineError(error instanceof Error ? error.message : expected);
  }
}

const expected = `Expected one command of ${commands.join(', ')}; without one, start.`;
