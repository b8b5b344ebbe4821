import type { Telemetry } from "@horae/core";
import { variableOf } from "../config/environment.ts";
import type { NodeConfigInput } from "../config/settings-table.ts";
import type { ReloadingHandlers } from "../handlers/reloading-handlers.ts";
import type { HoraeNode } from "../horae-node.ts";
import { createNode } from "../horae-node.ts";
import type { LevelLogger } from "../telemetry/log-telemetry.ts";
import type { Io } from "./command.ts";
import { NodeWornOut } from "./command.ts";

export interface ServeOptions {
  readonly config: NodeConfigInput | string;
  /** Path of the module of handlers, or what follows it. */
  readonly handlers: string | ReloadingHandlers;
  /** Settings that the command line gives: the environment does not change them. */
  readonly given: readonly string[];
  /** Default: JSON lines. */
  readonly logger?: LevelLogger;
  /** Beside the log. */
  readonly telemetry?: Telemetry;
  /** What is printed once the node takes part; whoever starts the process may wait for it. */
  readonly banner: (node: HoraeNode) => string;
}

/** Runs a node until a signal comes, or it cannot go on, and drains it then. Throws `NodeWornOut`. */
export async function serve(options: ServeOptions, io: Io): Promise<void> {
  const signal = io.untilSignal();
  const node = createNode({
    config: options.config,
    handlers: options.handlers,
    ...(options.logger !== undefined && { logger: options.logger }),
    ...(options.telemetry !== undefined && { telemetry: options.telemetry }),
    environment: without(io.environment, options.given),
    clock: io.clock,
    random: io.random,
  });
  if ((await Promise.race([node.start(), signal.then(() => "ended" as const)])) === "ended") {
    // Still waiting for its servers, most likely.
    return node.stop();
  }
  io.out(options.banner(node));
  const failure = await Promise.race([signal.then(() => null), node.failed]);
  if (failure !== null) io.err(`horae: ${failure.message}\n`);
  io.err("horae: draining; a second signal ends it at once\n");
  await node.stop();
  if (failure !== null) throw new NodeWornOut("it was ended");
}

function without(environment: Io["environment"], paths: readonly string[]): Io["environment"] {
  const hidden = paths.map(variableOf).flatMap((variable) => [variable, `${variable}_FILE`]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !hidden.includes(name)));
}
