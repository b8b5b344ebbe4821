import type { Command, CommandArguments, Io } from "../command.ts";
import { UsageError } from "../command.ts";
import type { HoraeNode } from "../../horae-node.ts";
import type { ServeOptions } from "../serve.ts";
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
    const config = {
      embedded: { dir: dir ?? DEFAULT_DIRECTORY },
      http: { port: Number(port ?? 0) },
    };
    const given = [
      ...(dir === null ? [] : ["embedded.dir"]),
      ...(port === null ? [] : ["http.port"]),
    ];
    await serveFollowing(args.text("handlers"), { config, given }, io);
  },
};

/** With handlers that follow their file. */
async function serveFollowing(
  file: string,
  options: Pick<ServeOptions, "config" | "given">,
  io: Io,
): Promise<void> {
  // Loaded only here: a command that asks a node should not wait for all that a node needs.
  const [{ serve }, { devBanner }, { devLogger, devTelemetry }, { ReloadingHandlers }] =
    await Promise.all([
      import("../serve.ts"),
      import("../banners.ts"),
      import("../dev-logger.ts"),
      import("../../handlers/reloading-handlers.ts"),
    ]);
  const handlers = await ReloadingHandlers.load({
    file,
    clock: io.clock,
    onReload: () => io.err(`horae: handlers reloaded: ${handlers.types.join(", ")}\n`),
    onBroken: (error) => io.err(`horae: handlers not reloaded: ${(error as Error).message}\n`),
  });
  const banner = (node: HoraeNode): string => devBanner(node, { file, types: handlers.types });
  try {
    // Who asks for a level wants the log of a node in production.
    const isAsked = io.environment["HORAE_LOGGING_LEVEL"] !== undefined;
    const forPeople = { logger: devLogger(io.err), telemetry: devTelemetry(io.err) };
    await serve({ ...options, ...(!isAsked && forPeople), handlers, banner }, io);
  } finally {
    handlers.stop();
  }
}
