import { hasCode, type LogRecord } from "@horae/core";
import { type KafkaServers, startKafka } from "@horae/testkit/servers";
import {
  eventually,
  openTopic,
  requestFor,
  START_MS,
  type TestTopic,
  text,
  Views,
} from "./cluster.ts";

const LIMITS = { recordsMax: 1_000, bytesMax: 1024 * 1024 };
const PARTITIONS = 6;
const REPEATABLE = ["LOG_UNAVAILABLE", "APPEND_UNKNOWN"] as const;

const NO_TOPICS = { topics: [] };

let servers: KafkaServers;
let topic: TestTopic;

beforeAll(async () => {
  servers = await startKafka({ brokers: 3 });
}, START_MS);

beforeEach(async () => {
  topic = await openTopic({
    brokers: servers.brokers,
    partitions: PARTITIONS,
    replicationFactor: 3,
  });
}, START_MS);

afterEach(() => topic.close(), START_MS);
afterAll(() => servers.stop(), START_MS);

/** Resolves when every replica of a topic is in sync. */
async function caughtUp(name: string): Promise<readonly { leader: number }[]> {
  const admin = topic.kafka.admin();
  await admin.connect();
  const partitions = await eventually("all replicas are in sync", async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] }).catch(() => NO_TOPICS);
    const found = topics[0]?.partitions ?? [];
    return found.length > 0 && found.every(({ isr }) => isr.length === 3) && found;
  });
  await admin.disconnect();
  return partitions;
}

/** Appends as a client does, until it is told to stop; answers the values that were acknowledged. */
function appendUntil(signal: AbortSignal, log = topic.openLog()) {
  const acknowledged: { partition: number; value: string }[] = [];
  let longestGapMs = 0;
  const done = (async () => {
    for (let i = 0; !signal.aborted; i++) {
      const partition = i % PARTITIONS;
      const value = `${i}`;
      const started = performance.now();
      for (;;) {
        try {
          await log.append({ ...requestFor("a", PARTITIONS, value), partition });
          break;
        } catch (error) {
          if (!hasCode(error, ...REPEATABLE)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
      longestGapMs = Math.max(longestGapMs, performance.now() - started);
      acknowledged.push({ partition, value });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return { acknowledged, done, longestGapMs: () => longestGapMs };
}

/** Reads all partitions as nodes do; answers what was delivered. */
function readUntil(signal: AbortSignal, log = topic.openLog()) {
  const delivered = new Map<number, LogRecord[]>();
  const readers = Array.from({ length: PARTITIONS }, (_, partition) =>
    log.openReader({ partition, fromOffset: 0 }),
  );
  signal.addEventListener("abort", () => {
    for (const reader of readers) void reader.close();
  });
  const done = Promise.all(
    readers.map(async (reader, partition) => {
      const records: LogRecord[] = [];
      delivered.set(partition, records);
      for (;;) {
        try {
          const read = await reader.read(LIMITS);
          if (read.length === 0) return;
          records.push(...read);
        } catch (error) {
          if (!hasCode(error, "LOG_UNAVAILABLE")) throw error;
        }
      }
    }),
  );
  return { delivered, done };
}

/** Resolves when everything that was acknowledged has been read. */
async function allDelivered(
  acknowledged: readonly { partition: number; value: string }[],
  delivered: ReadonlyMap<number, readonly LogRecord[]>,
): Promise<void> {
  await eventually("all is delivered", () => {
    const values = new Set(
      [...delivered].flatMap(([partition, records]) =>
        records.map(({ value }) => `${partition}/${text(value)}`),
      ),
    );
    return acknowledged.every(({ partition, value }) => values.has(`${partition}/${value}`));
  });
}

test(
  "leaders die one after the other: nothing acknowledged is lost, and order holds",
  async () => {
    const appending = new AbortController();
    const reading = new AbortController();
    const writer = appendUntil(appending.signal);
    const { delivered, done } = readUntil(reading.signal);
    await eventually("records flow", () => writer.acknowledged.length > 50);
    for (const node of servers.nodes.slice(0, 2)) {
      await node.kill();
      const { length } = writer.acknowledged;
      await eventually("appends go on", () => writer.acknowledged.length > length + 60);
      await node.restart();
      // min.insync is 2 of 3: the next one may die when this one has caught up.
      await caughtUp(topic.settings.topic);
    }
    appending.abort();
    await writer.done;
    await allDelivered(writer.acknowledged, delivered);
    reading.abort();
    await done;
    for (const records of delivered.values()) {
      const offsets = records.map(({ offset }) => offset);
      expect(offsets).toEqual([...new Set(offsets)].toSorted((x, y) => x - y));
      // What was sent again after an unknown outcome stands behind the first: values never go back.
      const values = records.map(({ value }) => Number(text(value)));
      expect(values).toEqual(values.toSorted((x, y) => x - y));
    }
    // The leaders' session of 3 s, an election, and what a busy machine adds.
    expect(writer.longestGapMs()).toBeLessThan(20_000);
  },
  2 * START_MS,
);

test(
  "the group outlives its coordinator, and no partition stays without a member",
  async () => {
    const views = [new Views(), new Views()];
    for (const view of views) await topic.openLog().join(view.onView);
    for (const view of views) await view.settled((partitions) => partitions.length === 3);
    const [partition] = await caughtUp("__consumer_offsets");
    const coordinator = servers.nodes[partition!.leader - 1]!;
    const before = topic.troubles.length;
    await coordinator.kill();
    await eventually("they notice", () => topic.troubles.length > before);
    await eventually("both members are settled", () => {
      const held = views.map((view) => view.last);
      if (held.some((view) => view?.state !== "settled")) return false;
      const partitions = held.flatMap((view) => view!.partitions);
      return new Set(partitions).size === PARTITIONS && partitions.length === PARTITIONS;
    });
    await coordinator.restart();
    await caughtUp("__consumer_offsets");
  },
  2 * START_MS,
);

test(
  "a leader that moves orderly costs moments",
  async () => {
    const appending = new AbortController();
    const reading = new AbortController();
    const writer = appendUntil(appending.signal);
    const { done } = readUntil(reading.signal);
    await eventually("records flow", () => writer.acknowledged.length > 50);
    await servers.nodes[1]!.kill("SIGTERM");
    const { length } = writer.acknowledged;
    await eventually("appends go on", () => writer.acknowledged.length > length + 60);
    await servers.nodes[1]!.restart();
    appending.abort();
    await writer.done;
    reading.abort();
    await done;
    expect(writer.longestGapMs()).toBeLessThan(10_000);
  },
  START_MS,
);

test(
  "a leader that hangs is left behind, and all partitions go on without it",
  async () => {
    const appending = new AbortController();
    const reading = new AbortController();
    const writer = appendUntil(appending.signal);
    const { delivered, done } = readUntil(reading.signal);
    await eventually("records flow", () => writer.acknowledged.length > 50);
    await servers.nodes[2]!.pause();
    const { length } = writer.acknowledged;
    await eventually("appends go on", () => writer.acknowledged.length > length + 60, 60_000);
    await allDelivered(writer.acknowledged.slice(0, length + 60), delivered);
    await servers.nodes[2]!.resume();
    appending.abort();
    await writer.done;
    await allDelivered(writer.acknowledged, delivered);
    reading.abort();
    await done;
  },
  START_MS,
);
