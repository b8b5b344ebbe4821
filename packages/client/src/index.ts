export * from "./client.ts";
export * from "./connect.ts";
export type { ConnectSettings } from "./connect-settings.ts";
export type { ClientSettings } from "./client-settings.ts";
export { DEFAULT_CLIENT_SETTINGS } from "./client-settings.ts";
export * from "./task-input.ts";
export { systemClock } from "./system-clock.ts";
export { systemRandom } from "./system-random.ts";
export type {
  BackoffOptions,
  HoraeErrorCode,
  OnRetry,
  TaskOptions,
  TaskProblem,
} from "@horae/core";
export { HoraeError, hasCode } from "@horae/core";
