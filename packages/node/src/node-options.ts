import type { Clock, Random, Telemetry } from "@horae/core";
import type { EngineSettings } from "@horae/engine";
import type { Environment } from "./config/environment.ts";
import type { NodeConfigInput } from "./config/settings-table.ts";
import type { HandlerTable } from "./handlers/handler-table.ts";
import type { ReloadingHandlers } from "./handlers/reloading-handlers.ts";
import type { LevelLogger } from "./telemetry/log-telemetry.ts";

export interface NodeOptions<Types extends object = Record<string, unknown>> {
  /** An object, or the path of a YAML file; see docs/configuration.md. */
  readonly config: NodeConfigInput | string;
  /** Task type to handler, or the path of an ES module whose default export is that. */
  readonly handlers: HandlerTable<Types> | ReloadingHandlers | string;
  /** Where `HORAE_` variables are looked for. Default: `process.env`. */
  readonly environment?: Environment;
  /** Gets every event, beside the log. It must not throw. */
  readonly telemetry?: Telemetry;
  /** Default: JSON lines on the standard error stream, by `logging.level`. */
  readonly logger?: LevelLogger;
  /** For tests. */
  readonly clock?: Clock;
  /** For tests. */
  readonly random?: Random;
  /** Limits of the engine that the configuration does not name. */
  readonly engine?: Partial<EngineSettings>;
}
