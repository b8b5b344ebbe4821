import type { HandlerLogger } from "@horae/core";

/** A logger for handlers whose words nobody needs. */
export const SILENT_LOGGER: HandlerLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
