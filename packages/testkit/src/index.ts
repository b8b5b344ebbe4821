// Time and events
export { afterRealTime, FakeClock, settled } from "./fake-clock.ts";
export { EventRecorder } from "./event-recorder.ts";
export { SILENT_LOGGER } from "./silent-logger.ts";

// Adapters in memory
export type { Intercept } from "./intercept.ts";
export { MemoryLeaseStore } from "./memory-lease-store.ts";
export { MemoryLog } from "./memory-log.ts";
export { MemoryStore } from "./memory-store.ts";

// Tasks, rows and leases for tests
export * from "./task-factory.ts";

// What every adapter has to pass
export {
  type LeaseStoreContract,
  testLeaseStoreContract,
} from "./contracts/lease-store.contract.ts";
export type { LogUnderTest } from "./contracts/log-bench.ts";
export { type LogContract, testLogContract } from "./contracts/log.contract.ts";
export {
  type QuarantineContract,
  testQuarantineContract,
} from "./contracts/quarantine.contract.ts";
export { rejection } from "./contracts/rejection.ts";
export {
  type Service,
  type ServiceContract,
  testServiceContract,
} from "./contracts/service.contract.ts";
export { type StoreContract, testStoreContract } from "./contracts/store.contract.ts";
