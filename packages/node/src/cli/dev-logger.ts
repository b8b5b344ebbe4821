import type { Telemetry } from "@horae/core";
import { formatTaskKey } from "@horae/core";
import type { LogLevel } from "../telemetry/log-line.ts";
import type { LevelLogger } from "../telemetry/log-telemetry.ts";
import { printable } from "./printable.ts";

/**
 * The log of `horae dev`, for people: what handlers say, and of the node itself only what goes wrong.
 */
export function devLogger(write: (text: string) => void): LevelLogger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      const isOfNode = "event" in fields;
      if (level === "debug" || (isOfNode && level === "info")) return;
      write(`${level.padEnd(5)} ${printable(`${message} ${textOf(fields)}`)}\n`);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    isLevelEnabled: (level) => level === "warn" || level === "error",
  };
}

/** Attempts that fail: a log in production would be full of them. */
export function devTelemetry(write: (text: string) => void): Telemetry {
  return {
    emit: (event) => {
      if (event.type !== "attemptEnded" || event.code === null) return;
      const { attempt, code, key, outcome } = event;
      write(
        `warn  attempt ${attempt} ended as ${outcome}: ${code}; horae tasks get ${formatTaskKey(key)}\n`,
      );
    },
  };
}

function textOf(fields: object): string {
  const { err, ...others } = fields as { readonly err?: unknown };
  const error = err instanceof Error ? { error: err.message } : {};
  return JSON.stringify({ ...others, ...error });
}
