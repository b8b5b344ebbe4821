import type { NodeConfig } from "../config/settings-table.ts";
import type { CommandArguments, CommandOption, Io } from "./command.ts";
import { UsageError } from "./command.ts";

/** Of commands that need a configuration. */
export const CONFIG_OPTION: Readonly<Record<"config", CommandOption>> = {
  config: { type: "string", required: true, describe: "Configuration, a YAML file" },
};

/** The configuration that `--config` names, and the environment over it. */
export async function configOf(args: CommandArguments, io: Io): Promise<NodeConfig> {
  const { readConfig } = await import("../config/read-config.ts");
  const { config, warnings } = readConfig(args.text("config"), io.environment);
  for (const warning of warnings) io.err(`horae: ${warning}\n`);
  return config;
}

/** As `configOf`, for commands with `--queue`. Throws `UsageError` when that is not the configuration's. */
export async function configOfQueue(args: CommandArguments, io: Io): Promise<NodeConfig> {
  const config = await configOf(args, io);
  const { name } = config.queue;
  if ((args.optionalText("queue") ?? name) === name) return config;
  throw new UsageError(`--queue: the configuration is that of ${name}`);
}
