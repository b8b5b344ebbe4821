import { EventRecorder, type FakeClock, type MemoryStore } from "@horae/testkit";
import type { ReadContext } from "../src/load-rows.ts";
import { DEFAULT_ENGINE_SETTINGS, type EngineSettings } from "../src/settings.ts";
import type { MemoryContext } from "../src/task-memory.ts";

export interface ReadingMemoryContext extends MemoryContext, ReadContext {
  readonly settings: EngineSettings;
  readonly wake: () => void;
}

/** What memory and those who read into it need of an owner: partition 0, buckets of a second. */
export function memoryContext(clock: FakeClock, store: MemoryStore): ReadingMemoryContext {
  return {
    partition: 0,
    bucketMs: 1_000,
    settings: DEFAULT_ENGINE_SETTINGS,
    clock,
    telemetry: new EventRecorder(),
    store,
    read: (_operation, call) => call(),
    wake: () => undefined,
  };
}
