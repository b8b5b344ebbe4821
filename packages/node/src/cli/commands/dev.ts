import type { Command, CommandArguments, Io } from "../command.ts";
import { UsageError } from "../command.ts";
import { DEFAULT_DIRECTORY } from "../task-access.ts";

/** `horae dev`: the whole engine in one process, on a directory. */
export const devCommand: Command = {
  usage: "dev",
  describe: "Run a node on a directory of this machine, for development",
  options: {
    handlers: {
      type: "string",
      required: true,
      describe: "ES module whose default export maps task type to handler",
    },
    dir: { type: "string", describe: `Directory of log and store; default ${DEFAULT_DIRECTORY}` },
    port: {
      type: "string",
      describe: "Port of the HTTP interface on 127.0.0.1; default a free one",
    },
  },
  examples: [["horae dev --handlers handlers.mjs", "Run the tasks of ./.horae"]],
  async run(args: CommandArguments, io: Io): Promise<void> {
    const dir = args.optionalText("dir");
    const port = args.optionalText("port");
    if (port !== null && !/^\d{1,5}$/.test(port)) throw new UsageError("--port: expected a number");
    // Loaded only here: a command that asks a node should not wait for all that a node needs.
    const { serve } = await import("../serve.ts");
    await serve(
      {
        handlers: args.text("handlers"),
        config: {
          embedded: { dir: dir ?? DEFAULT_DIRECTORY },
          http: { port: Number(port ?? 0) },
        },
        given: [...(dir === null ? [] : ["embedded.dir"]), ...(port === null ? [] : ["http.port"])],
      },
      io,
    );
  },
};
