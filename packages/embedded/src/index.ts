// A queue in a directory
export { type Embedded, type EmbeddedOptions, openEmbedded } from "./open-embedded.ts";
export type { NamedQueue, WantedQueue } from "./queue-settings.ts";

// Who has a directory open
export { type DirectoryLock, readLock } from "./lock-file.ts";

// Its parts
export { EmbeddedLog, RECORD_BYTES_MAX } from "./embedded-log.ts";
