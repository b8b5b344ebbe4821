import {
  type Clock,
  hasCode,
  HoraeError,
  type Random,
  sleep,
  type StopSignal,
  type Telemetry,
} from "@horae/core";

/** Codes of port errors after which the same call may be made again. */
const REPEATABLE = [
  "STORE_UNAVAILABLE",
  "STORE_UNKNOWN",
  "LOG_UNAVAILABLE",
  "APPEND_UNKNOWN",
] as const;

const PAUSE_FIRST_MS = 20;
const PAUSE_MAX_MS = 1_000;

export interface Repetition {
  readonly partition: number;
  readonly operation: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Ends the repetition with `LEASE_LOST`. */
  readonly signal: StopSignal;
}

/**
 * Makes a call until its result is known. A write that may or may not have happened must not be
 * left like that: memory would no longer say what the store says. The call repeats itself with the
 * same arguments (and so the same timestamp), which the ports declare harmless.
 */
export async function untilKnown<T>(repetition: Repetition, call: () => Promise<T>): Promise<T> {
  const { clock, random, signal } = repetition;
  for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    if (signal.aborted) throw leaseLost(repetition);
    try {
      return await call();
    } catch (error) {
      if (!hasCode(error, ...REPEATABLE)) throw error;
      report(repetition, error as HoraeError);
    }
    await sleep(clock, pauseMs * (0.5 + random.next() / 2), signal);
  }
}

function report({ partition, operation, telemetry }: Repetition, error: HoraeError): void {
  telemetry.emit({
    type: "portFailed",
    partition,
    operation,
    code: error.code,
    message: error.message,
  });
}

function leaseLost({ partition, operation }: Repetition): HoraeError {
  return new HoraeError("LEASE_LOST", `${operation}: partition ${partition} is not owned any more`);
}
