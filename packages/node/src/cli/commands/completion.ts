import type { Command, CommandArguments, Io } from "../command.ts";
import { UsageError } from "../command.ts";
import { completionScript } from "../completion-script.ts";

/** `horae completion`: what a shell reads to complete command lines. */
export function completionCommand(commands: readonly Command[]): Command {
  return {
    usage: "completion <shell>",
    describe: "Print a completion script for bash or zsh",
    options: {},
    examples: [["source <(horae completion bash)", "Complete in this shell"]],
    run(args: CommandArguments, io: Io): Promise<void> {
      const shell = args.text("shell");
      if (shell !== "bash" && shell !== "zsh") throw new UsageError("expected bash or zsh");
      io.out(completionScript(shell, commands));
      return Promise.resolve();
    },
  };
}
