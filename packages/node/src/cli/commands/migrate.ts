import type { Migrated } from "../../compose/migrate-cluster.ts";
import type { Command, CommandArguments, Io } from "../command.ts";
import { CONFIG_OPTION, configOf } from "../config-option.ts";

/** `horae migrate`: topics, keyspace, tables and queue settings. */
export const migrateCommand: Command = {
  usage: "migrate",
  describe: "Create or bring up to date what a queue needs on Kafka and Cassandra",
  options: {
    json: { type: "boolean", describe: "Print an object: topics, schema, warnings" },
    ...CONFIG_OPTION,
  },
  examples: [["horae migrate --config config/cluster.yaml", "May be repeated, by several at once"]],
  async run(args: CommandArguments, io: Io): Promise<void> {
    const config = await configOf(args, io);
    // Loaded only here: a command that asks a node should not wait for all drivers.
    const { migrateCluster } = await import("../../compose/migrate-cluster.ts");
    const { clock, random } = io;
    const onRefused = ({ error }: { error: Error }): void => io.err(`horae: ${error.message}\n`);
    const migrated = await migrateCluster(config, { clock, random, onRefused });
    for (const warning of migrated.warnings) io.err(`horae: warning: ${warning}\n`);
    io.out(args.flag("json") ? `${JSON.stringify(migrated)}\n` : linesOf(migrated));
  },
};

function linesOf({ topics, schema }: Migrated): string {
  const { keyspace, fromVersion, toVersion } = schema;
  const lines = [
    ...topics.created.map((topic) => `created topic ${topic}`),
    ...topics.changed.map((topic) => `raised max.message.bytes of topic ${topic}`),
    ...(fromVersion === toVersion
      ? []
      : [`brought keyspace ${keyspace} from schema version ${fromVersion} to ${toVersion}`]),
  ];
  return lines.length === 0 ? "nothing to do\n" : lines.map((line) => `${line}\n`).join("");
}
