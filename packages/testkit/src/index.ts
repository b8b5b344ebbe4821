// Time and events
export { FakeClock, settled } from "./fake-clock.ts";
export { EventRecorder } from "./event-recorder.ts";

// Adapters in memory
export type { Intercept } from "./intercept.ts";
export { MemoryLeaseStore } from "./memory-lease-store.ts";
export { MemoryLog } from "./memory-log.ts";
export { MemoryStore } from "./memory-store.ts";
