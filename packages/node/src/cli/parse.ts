import type { Argv } from "yargs";
import yargs from "yargs";
import { suggestion } from "../nearest-name.ts";
import type { Command, CommandArguments } from "./command.ts";
import { UsageError } from "./command.ts";

type Values = Readonly<Record<string, unknown>>;

type Choose = (command: Command, values: Values) => void;

/** What the words on the command line ask for. */
export type Parsed =
  | { readonly kind: "run"; readonly command: Command; readonly args: CommandArguments }
  /** `--help` or `--version`. */
  | { readonly kind: "print"; readonly text: string };

/**
 * Reads the command line. Throws `UsageError` with one line that says what is wrong and, for a name
 * that is mistyped, which one was probably meant.
 */
export async function parseCommandLine(
  words: readonly string[],
  commands: readonly Command[],
): Promise<Parsed> {
  let chosen: Extract<Parsed, { kind: "run" }> | null = null;
  const parser = parserOf(commands, (command, values) => {
    checkNames(command, values);
    chosen = { kind: "run", command, args: argumentsOf(values) };
  });
  let text = "";
  await parser.parseAsync([...words], {}, (error, _values, output) => {
    if (error !== undefined && error !== null) throw error;
    text = output;
  });
  if (text !== "") return { kind: "print", text };
  return chosen ?? unknownCommand(words, commands);
}

function parserOf(commands: readonly Command[], choose: Choose): Argv {
  const parser = yargs()
    .scriptName("horae")
    .usage("$0 <command>\n\nA durable engine for delayed tasks.")
    // Not the language of the machine: messages are part of what is tested and documented.
    .locale("en")
    .exitProcess(false)
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "duplicate-arguments-array": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== "YError") throw error;
      throw new UsageError(inPlainWords(message ?? error?.message ?? "it cannot be read"));
    })
    .help()
    .version();
  addCommands(parser, { commands, depth: 0, choose });
  return parser;
}

/** Adds the commands by their word at `depth`; `tasks get` and `tasks list` are below `tasks`. */
function addCommands(
  parser: Argv,
  at: { commands: readonly Command[]; depth: number; choose: Choose },
): void {
  for (const word of new Set(at.commands.map(({ usage }) => wordsOf(usage)[at.depth]!))) {
    const members = at.commands.filter(({ usage }) => wordsOf(usage)[at.depth] === word);
    const [first] = members;
    if (first !== undefined && wordsOf(first.usage).length === at.depth + 1) {
      addCommand(parser, first, at.choose);
    } else {
      const deeper = { ...at, commands: members, depth: at.depth + 1 };
      const describe = members.map(({ usage }) => usage).join(", ");
      parser.command(word, describe, (below) => addCommands(below, deeper));
    }
  }
}

function addCommand(parser: Argv, command: Command, choose: Choose): void {
  const positionals = command.usage.split(" ").filter((word) => word.startsWith("<"));
  const word = wordsOf(command.usage).at(-1)!;
  parser.command(
    [word, ...positionals].join(" "),
    command.describe,
    (own) => {
      for (const [name, option] of Object.entries(command.options)) {
        own.option(name, {
          type: option.type,
          describe: option.required === true ? `${option.describe} (required)` : option.describe,
          ...(option.type === "string" && { requiresArg: true }),
          ...(option.default !== undefined && { default: option.default }),
        });
      }
      for (const [line, what] of command.examples) own.example(line, what);
      return own;
    },
    (values) => choose(command, values),
  );
}

function inPlainWords(message: string): string {
  const [, option] = /^Not enough arguments following: (.+)$/.exec(message) ?? [];
  if (option !== undefined) return `--${option} needs a value`;
  return message.startsWith("Not enough non-option arguments") ? "an argument is missing" : message;
}

/** The words of a command, without its positionals. */
function wordsOf(usage: string): string[] {
  return usage.split(" ").filter((word) => !word.startsWith("<"));
}

/** Unknown names come first: a mistyped option is also a missing one. */
function checkNames(command: Command, values: Values): void {
  const options = Object.keys(command.options);
  const positionals = [...command.usage.matchAll(/<([a-z-]+)>/g)].map(([, name]) => name!);
  const known = new Set([...options, ...positionals, "help", "version", "_", "$0"]);
  for (const name of Object.keys(values)) {
    if (known.has(name)) continue;
    const flags = options.map((option) => `--${option}`);
    throw new UsageError(`unknown option --${name}${suggestion(`--${name}`, flags)}`);
  }
  const extra = (values["_"] as readonly unknown[]).slice(wordsOf(command.usage).length);
  if (extra.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(extra[0])}`);
  const missing = options.filter(
    (name) => command.options[name]!.required === true && values[name] === undefined,
  );
  if (missing.length > 0) {
    throw new UsageError(`missing ${missing.map((name) => `--${name}`).join(", ")}`);
  }
}

function unknownCommand(words: readonly string[], commands: readonly Command[]): never {
  const usages = commands.map(({ usage }) => wordsOf(usage).join(" "));
  const given = words.filter((word) => !word.startsWith("-"));
  if (given.length === 0) throw new UsageError(`which command? One of: ${usages.join(", ")}`);
  const first = given[0]!;
  const inGroup = usages.filter((usage) => usage.startsWith(`${first} `));
  if (inGroup.length > 0 && given.length === 1) {
    throw new UsageError(`${first} what? One of: ${inGroup.join(", ")}`);
  }
  const typed = inGroup.length > 0 ? given.slice(0, 2).join(" ") : first;
  throw new UsageError(`unknown command ${JSON.stringify(typed)}${suggestion(typed, usages)}`);
}

function argumentsOf(values: Values): CommandArguments {
  const optionalText = (name: string): string | null => {
    const value = values[name];
    return typeof value === "string" ? value : null;
  };
  return {
    optionalText,
    text: (name) => optionalText(name) ?? "",
    flag: (name) => values[name] === true,
  };
}
