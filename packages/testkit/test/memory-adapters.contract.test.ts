import {
  FakeClock,
  MemoryLeaseStore,
  MemoryLog,
  MemoryStore,
  testLeaseStoreContract,
  testLogContract,
  testStoreContract,
} from "../src/index.ts";

testLogContract({
  name: "MemoryLog",
  setup: async () => {
    const log = new MemoryLog({ clock: new FakeClock(), partitions: 4 });
    return {
      log,
      otherLog: log,
      quarantined: async (partition) =>
        log.quarantined().filter(({ record }) => record.partition === partition),
      dropBelow: async (position) => log.dropBelow(position),
      appendRaw: async (record) => log.appendRaw(record),
    };
  },
  teardown: ({ log }) => log.close(),
});

testStoreContract({
  name: "MemoryStore",
  setup: async () => new MemoryStore(),
  teardown: async () => undefined,
});

testLeaseStoreContract({
  name: "MemoryLeaseStore",
  setup: async () => new MemoryLeaseStore({ clock: new FakeClock() }),
  teardown: async () => undefined,
});
