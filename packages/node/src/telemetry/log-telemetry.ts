import type { Clock, HandlerLogger, HoraeEvent, Telemetry } from "@horae/core";
import type { LogLevel } from "./log-line.ts";
import { levelOf, logLineOf } from "./log-line.ts";
import { RepeatedLines } from "./repeated-lines.ts";

/** Types that are remembered as missing; more would be a log full of rubbish. */
const MISSING_TYPES_MAX = 100;

/** A logger that knows which levels it would drop, as pino does. */
export interface LevelLogger extends HandlerLogger {
  isLevelEnabled(level: LogLevel): boolean;
}

/** Writes events as log lines. */
export class LogTelemetry implements Telemetry {
  readonly #logger: LevelLogger;
  readonly #missingTypes = new Set<string>();
  readonly #failures: RepeatedLines;

  constructor(logger: LevelLogger, clock: Clock) {
    this.#logger = logger;
    this.#failures = new RepeatedLines(clock);
  }

  emit(event: HoraeEvent): void {
    const level = this.#isNewMissingType(event) ? "warn" : levelOf(event);
    // Most events are dropped: they must not cost the making of their line.
    if (!this.#logger.isLevelEnabled(level)) return;
    const skipped = this.#skippedBefore(event);
    if (skipped === null) return;
    const { fields, message } = logLineOf(event);
    this.#logger[level](skipped === 0 ? fields : { ...fields, skipped }, message);
  }

  /** What is tried once a second in each partition would fill the log while a server is away. */
  #skippedBefore(event: HoraeEvent): number | null {
    if (event.type !== "portFailed") return 0;
    return this.#failures.next(`${event.operation} ${event.code}`);
  }

  /** A type without handler is worth one warning, not one per task. */
  #isNewMissingType(event: HoraeEvent): boolean {
    if (event.type !== "handlerMissing") return false;
    const known = this.#missingTypes;
    if (known.has(event.taskType) || known.size >= MISSING_TYPES_MAX) return false;
    known.add(event.taskType);
    return true;
  }
}

/** Emits each event to all of `telemetries`; what one of them throws does not reach the others. */
export function teeTelemetry(
  telemetries: readonly Telemetry[],
  onError: (error: unknown) => void,
): Telemetry {
  return {
    emit: (event) => {
      for (const telemetry of telemetries) {
        try {
          telemetry.emit(event);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
