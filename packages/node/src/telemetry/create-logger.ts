import type { Logger } from "pino";
import { pino } from "pino";

/**
 * The log of a node: JSON lines on the standard error stream (the standard output is for data).
 * JSON also escapes whatever a caller puts into an id.
 */
export function createLogger(options: { level: string; node: string; queue: string }): Logger {
  const { level, node, queue } = options;
  return pino({ level, base: { node, queue } }, pino.destination({ fd: 2, sync: true }));
}
