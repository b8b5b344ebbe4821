import type { HoraeEvent } from "../events.ts";

/** Takes what happens in the system. All counting and logging goes through it; it must not throw. */
export interface Telemetry {
  emit(event: HoraeEvent): void;
}

export const NO_TELEMETRY: Telemetry = { emit: () => undefined };
