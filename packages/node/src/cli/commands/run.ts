import type { Command, CommandArguments, Io } from "../command.ts";
import { CONFIG_OPTION } from "../config-option.ts";

/** `horae run`: a node as the configuration says. */
export const runCommand: Command = {
  usage: "run",
  describe: "Run a node",
  options: {
    ...CONFIG_OPTION,
    handlers: {
      type: "string",
      required: true,
      describe: "ES module whose default export maps task type to handler",
    },
  },
  examples: [["horae run --config config/node.yaml --handlers handlers.mjs", "Run a node"]],
  async run(args: CommandArguments, io: Io): Promise<void> {
    // Loaded only here: a command that asks a node should not wait for all that a node needs.
    const [{ serve }, { runBanner }] = await Promise.all([
      import("../serve.ts"),
      import("../banners.ts"),
    ]);
    const [config, handlers] = [args.text("config"), args.text("handlers")];
    await serve({ config, handlers, given: [], banner: runBanner }, io);
  },
};
