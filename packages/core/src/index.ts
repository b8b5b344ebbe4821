// The domain: tasks, their keys, and what is stored about them
export * from "./task.ts";
export * from "./task-key.ts";
export * from "./handler.ts";
export * from "./limits.ts";
export * from "./horizon.ts";
export * from "./retry-policy.ts";

// The wire: what a task looks like on the log, and what is refused
export * from "./encode-record.ts";
export * from "./decode-record.ts";
export * from "./validation.ts";
export * from "./task-problem.ts";
export { isId } from "./task-fields.ts";
export { checkJsonValue, jsonTextOf } from "./json-value.ts";
export * from "./log-record.ts";

// Partitions: who holds them and what their owner writes down
export * from "./partitioner.ts";
export * from "./bucket.ts";
export * from "./summary.ts";
export * from "./journal.ts";
export * from "./lease.ts";
export * from "./assignment.ts";
export * from "./local-group.ts";

// What happens, and what goes wrong
export * from "./events.ts";
export * from "./errors.ts";

// Text and time
export * from "./utf8.ts";
export * from "./iso8601.ts";

// Ports: what adapters implement
export * from "./ports/clock.ts";
export * from "./ports/random.ts";
export * from "./ports/log.ts";
export * from "./ports/quarantine.ts";
export * from "./ports/store.ts";
export * from "./ports/lease-store.ts";
export * from "./ports/telemetry.ts";
export * from "./repeat.ts";
export * from "./within.ts";
export * from "./ending.ts";
export * from "./seeded-random.ts";
