import type { Clock, Random } from "@horae/core";

/** The outside of the command line. Data go to `out`, messages to `err`. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** All of the standard input. */
  readonly input: () => Promise<Uint8Array>;
  /** Of the terminal that shows `out`; null when it is none. */
  readonly widthMax: number | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
  readonly untilSignal: () => Promise<void>;
}

export interface CommandOption {
  readonly describe: string;
  readonly type: "string" | "boolean";
  readonly required?: boolean;
  readonly default?: string;
}

export interface Command {
  /** Words and positionals: `tasks get <key>`. */
  readonly usage: string;
  readonly describe: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Throws `UsageError` for what the table of options cannot tell. */
  run(args: CommandArguments, io: Io): Promise<void>;
}

export interface CommandArguments {
  /** The value of a required option, a positional, or an option with default. */
  text(name: string): string;
  optionalText(name: string): string | null;
  flag(name: string): boolean;
}

/** The command line was used wrongly: one line, exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** The node cannot go on; whoever supervises it should start another one. Exit code 3. */
export class NodeWornOut extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NodeWornOut";
  }
}

/** The command was right and did not succeed: one line, exit code 1. */
export class CommandFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandFailure";
  }
}
