// A node in a process of your own
export { createNode, HoraeNode } from "./horae-node.ts";
export type { NodeOptions } from "./node-options.ts";
export type { HandlerTable } from "./handlers/handler-table.ts";
export type { NodeConfig, NodeConfigInput } from "./config/settings-table.ts";
export type { LevelLogger } from "./telemetry/log-telemetry.ts";
export type { TaskStatus, TaskView } from "./listing/task-view.ts";

// What handlers use
export type { HandlerTask, TaskContext, TaskHandler } from "@horae/core";
export { HoraeError, hasCode, RetryLaterError, TaskFailedError } from "@horae/core";
