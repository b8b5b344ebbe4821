import {
  FakeClock,
  testLeaseStoreContract,
  testLogContract,
  testQuarantineContract,
  testStoreContract,
} from "@horae/testkit";
import { type Embedded, openEmbedded, RECORD_BYTES_MAX } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const QUEUE = { name: "contract", partitions: 4, bucketMs: 600_000 };
const opened: Embedded[] = [];

async function open(dir = temporaryDirectory()): Promise<Embedded> {
  const embedded = await openEmbedded({ dir, queue: QUEUE, clock: new FakeClock() });
  opened.push(embedded);
  return embedded;
}

async function closeAll(): Promise<void> {
  for (const embedded of opened.splice(0)) await embedded.close();
}

testLogContract({
  name: "EmbeddedLog",
  setup: async () => {
    const dir = temporaryDirectory();
    const { log, quarantine } = await open(dir);
    const { log: otherLog } = await open(dir);
    return {
      log,
      otherLog,
      recordBytesMax: RECORD_BYTES_MAX,
      quarantined: async (partition) => {
        const entries = [];
        for await (const { reason, message, ...record } of quarantine.list()) {
          if (record.partition === partition) entries.push({ record, reason, message });
        }
        return entries;
      },
      dropBelow: async (position) => {
        await log.markApplied(position);
        // Trimming goes on in the background; each append waits for a commit in between.
        while ((await log.bounds(position.partition)).startOffset < position.offset) {
          await log.append({ partition: 1, key: new Uint8Array([1]), value: null!, headers: {} });
        }
      },
      appendRaw: async ({ partition, key, value }) =>
        (await log.append({ partition, key: key!, value: value!, headers: {} })).offset,
    };
  },
  teardown: closeAll,
});

testQuarantineContract({
  name: "EmbeddedQuarantine",
  setup: async () => {
    const { log, quarantine, queue } = await open(temporaryDirectory());
    return { log, quarantine, partitions: queue.partitions };
  },
  teardown: closeAll,
});

testStoreContract({
  name: "EmbeddedStore",
  setup: async () => (await open()).store,
  teardown: closeAll,
  settings: { partitions: 4, bucketMs: 600_000 },
});

testLeaseStoreContract({
  name: "EmbeddedLeaseStore",
  setup: async () => (await open()).leases,
  teardown: closeAll,
});
